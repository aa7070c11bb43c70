"""The bucket in memory, with the contents of objects and a log of what was uploaded when."""

import math
from dataclasses import dataclass

from chaos.drops.contents import Content
from chaos.model.memory import MemoryBucket
from chaos.model.world import Scheduler, outside
from droptrain_core import recipe_yaml
from droptrain_core.aws.bucket import RecipeFile
from droptrain_core.domain.datasets.dataset import ObjectVersion, recipe_key
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.preflight import ranges
from droptrain_core.domain.preflight.facts import Piece
from droptrain_core.domain.recipes.push import Published


@dataclass(frozen=True)
class Change:
    """An upload, or a deletion where there is no `version`; `at` is in seconds after the start."""

    at: float
    key: str
    version: ObjectVersion | None


class DropBucket(MemoryBucket):
    """`log` has each upload and deletion."""

    def __init__(self, world: Scheduler) -> None:
        super().__init__(world)
        self.log: list[Change] = []

    def remove(self, key: str, at: float) -> None:
        """Delete an object, if there is one."""
        if self.latest(key):
            self.delete(key)
            self.log.append(Change(at, key, None))

    def upload(self, key: str, content: Content, at: float) -> ObjectVersion:
        """Put a new version of an object."""
        versions = self._versions.setdefault(key, [])
        version = ObjectVersion(key, f"v{len(versions)}", content.size, f"etag-{hash(content.data)}")
        versions.append(version)
        self._uploaded_at[key] = math.floor(at)
        self.documents[key, version.version_id] = content
        self.log.append(Change(at, key, version))
        return version

    @outside
    def recipe(self, project: str, before: Published | None = None) -> RecipeFile:
        version = before.recipe if before else self.latest(recipe_key(project))
        if version is None:
            return RecipeFile(None, None)
        return read_recipe(self.documents[version.key, version.version_id], version)

    @outside
    def sample(self, file: ObjectVersion) -> tuple[Piece, ...]:
        content: Content = self.documents[file.key, file.version_id]
        return tuple(
            Piece(start, content.piece(start, length)) for start, length in ranges(file.key, file.size)
        )


def read_recipe(content: Content, version: ObjectVersion | None = None) -> RecipeFile:
    """A recipe as the real adapter reads it."""
    try:
        return RecipeFile(recipe_yaml.parse(content.piece(0, content.size)), version)
    except RejectedError as problem:
        return RecipeFile(None, version, problem)
