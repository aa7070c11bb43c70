"""Read models: the runs that a project's pointers name as its latest and its best model."""

from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.model_pointers import ModelPointers
from droptrain_core.domain.errors import NotFoundError
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.model_pointer import Name, Pointer


@frozen
class Models:
    """A project's pointers; None where there is none, or where its content isn't droptrain's."""

    latest: Pointer | None
    best: Pointer | None


class ReadModels:
    """Reads the pointers in the bucket, which decide."""

    def __init__(self, pointers: ModelPointers, bucket: Bucket) -> None:
        self._pointers = pointers
        self._bucket = bucket

    def of_project(self, project: str) -> Models:
        """The project's models; NotFoundError if it has neither models nor files."""
        models = Models(self._pointer(project, "latest"), self._pointer(project, "best"))
        if models == Models(None, None) and not self._bucket.has_project(project):
            raise NotFoundError(f"There is no project {project!r}")
        return models

    def _pointer(self, project: str, name: Name) -> Pointer | None:
        held = self._pointers.read(project, name)
        return held.pointer if held else None
