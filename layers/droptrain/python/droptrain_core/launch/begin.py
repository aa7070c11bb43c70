"""Begin what a recipe names: one run, or a sweep."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes.recipe import Recipe
from droptrain_core.domain.runs import run as runs
from droptrain_core.domain.runs.claims import Claimed, DropClaim
from droptrain_core.domain.runs.retraining import RetrainClaim
from droptrain_core.domain.runs.run import Run
from droptrain_core.launch.commit import Commit
from droptrain_core.launch.draft import Draft

if TYPE_CHECKING:
    from droptrain_core.launch.start_sweep import StartSweep


class Begin:
    """Claims runs and submits them, and starts sweeps, where no person asks for them."""

    def __init__(self, commit: Commit, start_sweep: "Callable[[], StartSweep]") -> None:
        self._commit = commit
        self._start_sweep = start_sweep

    def training(
        self, draft: Draft, recipe: Recipe, drop: DropClaim | None, retraining: RetrainClaim | None
    ) -> tuple[Claimed, Run]:
        """Claim the drafted run and submit its job, or start the recipe's sweep: the run is its first trial.

        A sweep that is refused is a rejected run. BusyError and UnsureError mean: try again later.
        """
        if recipe.sweep and not draft.run.ended:
            from droptrain_core.domain.sweeps.start import Terms

            terms = Terms(recipe.sweep)
            try:
                claimed, sweep = self._start_sweep().start(draft, recipe, terms, drop, retraining=retraining)
                return claimed, sweep.first_run
            except RejectedError as error:
                run = replace(draft.run, job=None, estimate=None)
                draft = Draft(runs.rejected(run, error.cause), None, draft.findings)
        claimed, run = self._commit.claim(draft, drop, retraining=retraining)
        if claimed == "claimed" and not run.ended:
            self._commit.submit.now(run)
        return claimed, run
