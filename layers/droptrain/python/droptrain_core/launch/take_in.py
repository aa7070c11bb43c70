"""Take in: datasets that waited for the end of a cooldown are checked before a newer one trains with them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.errors import CrowdedError
from droptrain_core.domain.recipes.recipe import Recipe
from droptrain_core.launch.decide import decide
from droptrain_core.launch.draft import Asked, Where
from droptrain_core.launch.gather import Gather
from droptrain_core.launch.snapshot import Found, HowToTrain
from droptrain_core.launch.uploads import LaunchUploads

# A message's function has 30 seconds; the next message continues with what isn't checked yet.
_PATIENCE = timedelta(seconds=12)


class TakeIn:
    """Checks datasets as if each were launched alone."""

    def __init__(
        self,
        launch: LaunchUploads,
        gather: Gather,
        table: RunTable,
        datasets: DatasetTable,
        where: Where,
        clock: Callable[[], datetime],
    ) -> None:
        self._launch = launch
        self._gather = gather
        self._table = table
        self._datasets = datasets
        self._where = where
        self._clock = clock

    def check(self, project: str, waiting: Iterable[DatasetRecord]) -> bool:
        """Accept those that could train, if the project's recipe spans datasets.

        The others get their own answer: a rejection, the files that they lack, or their earlier run.
        False if there are too many for one message; at least one of them is checked.
        """
        unchecked = [record for record in waiting if record.checked_at != record.arrived_at]
        if not unchecked:
            return True
        how = self._gather.how(project)
        if how.recipe is None or not how.recipe.spans:
            return True
        until = self._clock() + _PATIENCE
        for record in unchecked:
            if self._clock() > until:
                return False
            if self._could_train(record, how, how.recipe):
                self._datasets.accept(record)
            else:
                self._launch.end_hold(record)
        return True

    def _could_train(self, record: DatasetRecord, how: HowToTrain, recipe: Recipe) -> bool:
        if self._launch.still_rests(record, recipe):
            return False
        alone = replace(recipe, spans=(), span=1)
        try:
            found = self._gather.dataset(record.project, record.dataset, how, alone)
            return self._is_new(record, found) and not self._decides_to_reject(found)
        except CrowdedError:
            return False

    def _is_new(self, record: DatasetRecord, found: Found) -> bool:
        """Whether the dataset is ready, and its files haven't had their run."""
        if not found.readiness.ready or (found.marker and found.marker == record.marker):
            return False
        return self._table.find_drop(found.drop) is None

    def _decides_to_reject(self, found: Found) -> bool:
        return decide(self._gather.snapshot(found), Asked("upload", self._clock()), self._where).run.ended
