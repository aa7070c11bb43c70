"""Read models: a project's current, latest and best model, and the history of its promotions."""

from droptrain_core import cursors
from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.model_files import ModelFiles
from droptrain_core.aws.model_pointers import ModelPointers
from droptrain_core.aws.model_table import ModelTable
from droptrain_core.domain.errors import NotFoundError
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.model_pointer import Name, Pointer
from droptrain_core.domain.runs.promotion import CurrentModel, Promotion
from droptrain_core.served_model import served_model


@frozen
class Promoted:
    """A promotion, and when another one took its place; None for the last one."""

    promotion: Promotion
    until: str | None


@frozen
class Models:
    """A project's pointers, its current model, and a page of its promotions, newest first.

    A pointer is None where there is none, or where its content isn't droptrain's. `served` is the promotion
    whose model programs can load.
    """

    latest: Pointer | None
    best: Pointer | None
    current: CurrentModel
    promoted: tuple[Promoted, ...]
    cursor: str | None
    served: Promotion | None


class ReadModels:
    """Reads the table, and the pointers in the bucket, which decide what is latest and best."""

    def __init__(
        self, models: ModelTable, pointers: ModelPointers, files: ModelFiles, bucket: Bucket
    ) -> None:
        self._models = models
        self._pointers = pointers
        self._files = files
        self._bucket = bucket

    def of_project(self, project: str, *, limit: int = 20, cursor: str | None = None) -> Models:
        """The project's models, with at most `limit` promotions.

        NotFoundError if it has neither models nor files, BadCursorError for a cursor of another list.
        """
        current = self._models.current(project)
        first = _number(cursor, current.number) if cursor else current.number
        latest, best = self._pointer(project, "latest"), self._pointer(project, "best")
        if not (latest or best or current.number or self._bucket.has_project(project)):
            raise NotFoundError(f"There is no project {project!r}")
        promoted = self._promoted(project, first, limit) if first else ()
        left = first - len(promoted)
        served = served_model(current, self._models, self._files)
        return Models(latest, best, current, promoted, cursors.encode(left) if left else None, served)

    def _promoted(self, project: str, first: int, limit: int) -> tuple[Promoted, ...]:
        """The promotions from the number `first` down to 1, at most `limit`, newest first."""
        lowest = max(first - limit, 0) + 1
        found = {each.number: each for each in self._models.promotions(project, range(lowest, first + 2))}
        after = {number - 1: each.at for number, each in found.items()}
        return tuple(Promoted(found[number], after.get(number)) for number in range(first, lowest - 1, -1))

    def _pointer(self, project: str, name: Name) -> Pointer | None:
        held = self._pointers.read(project, name)
        return held.pointer if held else None


def _number(cursor: str, highest: int) -> int:
    number = cursors.decode(cursor)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number <= highest:
        raise cursors.refused()
    return number
