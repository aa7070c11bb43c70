"""What a launch depends on, as gather.py has read it and decide.py judges it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from droptrain_core.domain.costs.estimate import EligibleInstances
from droptrain_core.domain.datasets.dataset import Input, ObjectVersion, Readiness, code_prefix, drop_id
from droptrain_core.domain.errors import Cause, RejectedError
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.recipes.jobs import gets_code
from droptrain_core.domain.recipes.push import Push
from droptrain_core.domain.recipes.recipe import Recipe
from droptrain_core.domain.runs.claims import DropClaim
from droptrain_core.domain.runs.preparation import digest_of
from droptrain_core.domain.runs.warm_start import StartingModel

if TYPE_CHECKING:
    from droptrain_core.domain.preflight.facts import FileFacts
    from droptrain_core.domain.preflight.summary import Summary

# In place of a dataset's name: no dataset has it.
_ALL = "*"


@frozen
class HowToTrain:
    """The project's recipe as it was read; `recipe` is None if its inputs can't be read.

    `push` names the recipe's version and the code that belongs to it. `overrides` are in `recipe` already.
    """

    push: Push
    version: ObjectVersion | None
    recipe: Recipe | None
    problem: RejectedError | None
    overrides: Mapping[str, Any] = field(default_factory=dict)


@frozen
class Found:
    """A dataset's files as listed at `looked_at`, matched by the project's recipe."""

    project: str
    name: str
    how: HowToTrain
    recipe: Recipe
    readiness: Readiness
    looked_at: str
    others: tuple[Input, ...] = ()

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The run's inputs: the dataset's, and those of `others` that its recipe spans."""
        return (*self.readiness.inputs, *self.others)

    @property
    def drop(self) -> str:
        """The identity of the drop."""
        return drop_id(self.project, self.name, self.readiness.versions)

    @property
    def span_id(self) -> str | None:
        """The identity of the versions of all datasets that the run spans; None if it has only its own."""
        if not self.others:
            return None
        return drop_id(self.project, _ALL, (each.object for each in self.inputs))

    @property
    def marker(self) -> str | None:
        """The version of the marker, if the recipe waits for one."""
        return self.readiness.marker.version_id if self.readiness.marker else None

    def claim(self, due_at: str | None = None) -> DropClaim:
        """The drop to claim; with `due_at`, only if no upload has postponed the launch."""
        return DropClaim(self.drop, self.looked_at, self.marker, due_at, self.span_id)

    def preparation_digest(self, code: Iterable[ObjectVersion]) -> str:
        """The digest of the data that the preparation step of a run on these files makes."""
        prepare, folder = self.recipe.prepare, code_prefix(self.project)
        assert prepare is not None
        of_step = [each for each in code if gets_code(prepare, each.key.removeprefix(folder))]
        return digest_of(self.recipe, of_step, self.inputs)


@frozen
class Instances:
    """The stack's instances for one step of a run: those with room and a price, None if there are none.

    `are_too_small`: none of the types can ever hold the step's job.
    """

    eligible: EligibleInstances | None = None
    are_too_small: bool = False


@frozen
class Snapshot:
    """Everything that a launch depends on: dataset, code, preflight's samples of the files, and instances.

    `unreadable` is the cause if S3 doesn't let an input be read. `last` summarizes the dataset of the
    project's last successful run. `holder_id` is the run that holds the data which the run needs prepared.
    `start` is the model that the recipe's `warm_start` names.
    """

    found: Found
    code: tuple[ObjectVersion, ...]
    files: "tuple[FileFacts, ...]"
    training: Instances
    preparation: Instances = Instances()
    unreadable: Cause | None = None
    last: "Summary | None" = None
    holder_id: str | None = None
    start: StartingModel | None = None
