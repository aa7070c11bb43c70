"""Start a sweep: one reservation for all its trials, and the plan that they are made from."""

from dataclasses import replace

from droptrain_core.aws.sweep_table import SweepTable
from droptrain_core.domain.errors import BusyError, RejectedError
from droptrain_core.domain.recipes.recipe import Recipe
from droptrain_core.domain.runs.claims import Claimed, DropClaim, RequestClaim
from droptrain_core.domain.runs.plan import plan_digest
from droptrain_core.domain.runs.retraining import RetrainClaim
from droptrain_core.domain.sweeps.start import Terms, new_sweep, with_plan
from droptrain_core.domain.sweeps.sweep import Sweep
from droptrain_core.launch.commit import CLAIM_TRIES, Commit
from droptrain_core.launch.draft import Draft
from droptrain_core.reserve import Reserve


class StartSweep:
    """Decides and records new sweeps. The event of the new record launches the trials."""

    def __init__(self, sweeps: SweepTable, commit: Commit, reserve: Reserve) -> None:
        self._sweeps = sweeps
        self._commit = commit
        self._reserve = reserve

    def look(self, draft: Draft, recipe: Recipe, terms: Terms) -> Sweep:
        """The sweep that `start` would make now; nothing is written. RejectedError."""
        sweep, known = self._decide(draft, recipe, terms)
        return known or self._reserve.sweep(sweep, is_dry=True)

    def start(
        self,
        draft: Draft,
        recipe: Recipe,
        terms: Terms,
        drop: DropClaim | None = None,
        request: RequestClaim | None = None,
        retraining: RetrainClaim | None = None,
    ) -> tuple[Claimed, Sweep]:
        """Record the sweep whose trials are like the `draft` of a run, unless it is there already.

        `retraining` are times of a schedule that it answers, or the cooldown that it begins.

        The same data, code and settings are the same sweep, until it fails or is cancelled. RejectedError if
        it can't be started or a cap has no room; BusyError if other runs keep taking the room.
        """
        sweep, known = self._decide(draft, recipe, terms)
        if known:
            return "sweep_taken", known
        assert draft.plan is not None
        plan = {**draft.plan, "run_id": sweep.sweep_id}
        self._commit.write_plan(plan, self._sweeps.get)
        sweep = with_plan(sweep, plan_digest(plan))
        for _ in range(CLAIM_TRIES):
            try:
                sweep = self._reserve.sweep(sweep)
            except RejectedError:
                # Another process may have started this sweep, and taken the room itself.
                _, known = self._decide(draft, recipe, terms)
                if known is None:
                    raise
                return "sweep_taken", known
            self._commit.schedule_end(retraining)
            claimed = self._sweeps.create(sweep, drop, request, draft.summary, retraining)
            if claimed != "no_room":
                return claimed, sweep
        raise BusyError(f"Other runs take the room that {sweep.sweep_id} needs")

    def _decide(self, draft: Draft, recipe: Recipe, terms: Terms) -> tuple[Sweep, Sweep | None]:
        """(the new sweep, the one that is there already)."""
        cause = draft.run.cause or self._commit.missing_image(draft.run)
        if cause:
            raise RejectedError(cause)
        sweep = new_sweep(draft.run, recipe, terms)
        while known := self._sweeps.get(sweep.sweep_id):
            if known.status not in ("FAILED", "CANCELLED"):
                return sweep, known
            terms = replace(terms, earlier=terms.earlier + 1)
            sweep = new_sweep(draft.run, recipe, terms)
        return sweep, None
