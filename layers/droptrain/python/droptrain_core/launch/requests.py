"""Requests become runs: of a dataset by name, or with the same bytes and settings as an older run."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.costs import estimate as estimates
from droptrain_core.domain.datasets.dataset import data_prefix
from droptrain_core.domain.datasets.finding import OF_AN_END
from droptrain_core.domain.datasets.near_misses import name_files, near_misses
from droptrain_core.domain.errors import (
    BusyError,
    ChangedPlanError,
    KeyReusedError,
    NotFoundError,
    NotReadyError,
    existing,
)
from droptrain_core.domain.recipes.recipe import Recipe
from droptrain_core.domain.runs import plan as plans
from droptrain_core.domain.runs.claims import RequestClaim
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from droptrain_core.domain.runs.run import KEPT_BY_A_REPEAT, Run
from droptrain_core.launch.commit import CLAIM_TRIES, Commit
from droptrain_core.launch.decide import decide, identify
from droptrain_core.launch.draft import Asked, Draft, Where, new_run, with_estimate, worst_usd
from droptrain_core.launch.gather import Gather
from droptrain_core.launch.snapshot import Found, HowToTrain

# By section of the recipe: `hyperparameters`, `resources`.
Overrides = Mapping[str, Mapping[str, Any]]
# Warnings of a launch's estimate and of a run's end: a rerun gets its own.
_NOT_REPEATED = (estimates.NO_CHECKPOINT, *OF_AN_END)


class LaunchRequests:
    """Launches on request."""

    def __init__(
        self,
        gather: Gather,
        commit: Commit,
        table: RunTable,
        where: Where,
        policy: LaunchPolicy,
        clock: Callable[[], datetime],
    ) -> None:
        self._gather = gather
        self._commit = commit
        self._table = table
        self._where = where
        self._policy = policy
        self._clock = clock

    def request(  # noqa: PLR0913  one parameter for each field of the request
        self,
        project: str,
        dataset: str,
        *,
        caller: str,
        rerun: bool = False,
        overrides: Overrides | None = None,
        kept: Overrides | None = None,
        force: bool = False,
        prepare_again: bool = False,
        request: RequestClaim | None = None,
    ) -> tuple[Run, bool]:
        """Launch a dataset: (the run, whether it is new).

        The same inputs, recipe, code and overrides are the same run, unless `rerun` is set. `kept` are the
        settings of an older run (`of_run`), over which `overrides` are laid. `prepare_again`: data that
        are prepared already aren't used.

        NotFoundError, NotReadyError, CrowdedError, KeyReusedError, PausedError. RejectedError for overrides
        that no recipe may have, or that don't fit this one (unless `force`). DeniedError if AWS Batch refuses
        the stack; the run is recorded all the same.
        """
        self._policy.check_running()
        if request and (earlier := self._table.find_request(request.key)):
            return self._answer_again(request, *earlier), False
        how = self._how(project, overrides, kept, force=force)
        found = self._ready(project, dataset, how)
        snapshot = self._gather.snapshot(found)
        can_claim = found.how.recipe is not None and self._table.find_drop(found.drop) is None
        drop = found.claim() if can_claim else None
        asked = Asked(caller, self._clock(), prepare_again=prepare_again)
        for _ in range(CLAIM_TRIES):
            first = self._table.get(identify(snapshot, asked)) if rerun else None
            draft = decide(snapshot, replace(asked, first=first), self._where)
            claimed, run = self._commit.claim(draft, drop, request, first)
            if claimed == "claimed":
                return self._commit.submit.or_leave(run), True
            if claimed == "request_taken":
                break
            if claimed == "run_taken" and not rerun:
                return self._get(run.run_id), False
            drop = None if claimed == "drop_taken" else drop
        return self._answer_taken(request, f"{project}/{dataset}"), False

    def repeat(
        self,
        run_id: str,
        *,
        caller: str,
        prepare_again: bool = False,
        request: RequestClaim | None = None,
    ) -> tuple[Run, bool]:
        """Launch the same bytes and settings as those of an older run: (the new run, whether it is new).

        NotFoundError, NotReadyError for a run that never had a plan, ChangedPlanError if its plan has changed
        since its launch, KeyReusedError, DeniedError, PausedError.
        """
        self._policy.check_running()
        if request and (earlier := self._table.find_request(request.key)):
            return self._answer_again(request, *earlier), False
        for _ in range(CLAIM_TRIES):
            original = self._get(run_id)
            first = self._get(original.rerun_of) if original.rerun_of else original
            draft = self._same_again(original, first, caller, prepare_again=prepare_again)
            claimed, run = self._commit.claim(draft, None, request, first)
            if claimed == "claimed":
                return self._commit.submit.or_leave(run), True
            if claimed == "request_taken":
                break
        return self._answer_taken(request, run_id), False

    def dry_run(
        self,
        project: str,
        dataset: str = "",
        *,
        caller: str,
        rerun: bool = False,
        overrides: Overrides | None = None,
        kept: Overrides | None = None,
        force: bool = False,
    ) -> Run:
        """The run that `request` would launch now, with its estimate, or REJECTED; nothing is written.

        Files that the dataset lacks aren't an error. RejectedError for overrides, CrowdedError for a dataset
        with too many files, PausedError.
        """
        self._policy.check_running()
        how = self._how(project, overrides, kept, force=force)
        found = self._gather.dataset(project, dataset, how, how.recipe or Recipe())
        snapshot = self._gather.snapshot(found)
        asked = Asked(caller, self._clock())
        known = self._table.get(identify(snapshot, asked))
        if known and not rerun:
            return known
        return self._commit.look(decide(snapshot, replace(asked, first=known), self._where))

    def dry_repeat(self, run_id: str, *, caller: str) -> Run:
        """The run that `repeat` would launch now, with its estimate, or REJECTED; nothing is written."""
        self._policy.check_running()
        original = self._get(run_id)
        first = self._get(original.rerun_of) if original.rerun_of else original
        return self._commit.look(self._same_again(original, first, caller))

    def ready(self, project: str, dataset: str, overrides: Overrides | None, *, force: bool = False) -> Found:
        """The dataset's files, if they can be launched with these overrides.

        RejectedError for overrides, NotFoundError, NotReadyError, CrowdedError, PausedError.
        """
        self._policy.check_running()
        return self._ready(project, dataset, self._how(project, overrides, None, force=force))

    def of_run(self, run_id: str, *, keeps_settings: bool) -> tuple[str, str, Overrides | None]:
        """(project, dataset, settings to keep) of a run, to launch its dataset again.

        The settings are its hyperparameters, and the resources of its overrides. NotFoundError,
        ChangedPlanError.
        """
        run = self._get(run_id)
        if not keeps_settings:
            return run.project, run.dataset, None
        resources = self._plan(run)["overrides"].get("resources", {}) if run.job else {}
        return run.project, run.dataset, {"hyperparameters": run.hyperparameters, "resources": resources}

    def _how(
        self, project: str, overrides: Overrides | None, kept: Overrides | None, *, force: bool
    ) -> HowToTrain:
        how = self._gather.how(project, overrides, kept=kept, force=force)
        self._policy.check_overrides(how.overrides)
        return how

    def _ready(self, project: str, dataset: str, how: HowToTrain) -> Found:
        """The dataset's files, if they can be launched."""
        found = self._gather.dataset(project, dataset, how, how.recipe or Recipe())
        folder = f"s3://{self._gather.bucket.name}/{data_prefix(project, dataset)}"
        if not found.readiness.present:
            raise NotFoundError(
                f"There is no dataset {dataset!r} of a project {project!r}: {folder} is empty"
            )
        if how.recipe and not found.readiness.ready:
            missing, present = found.readiness.missing, found.readiness.present
            lacks = (
                f"{project}/{dataset} still lacks {', '.join(missing)}; {folder} has {name_files(present)}"
            )
            raise NotReadyError(". ".join((lacks, *near_misses(missing, present))))
        return found

    def _same_again(self, original: Run, first: Run, caller: str, *, prepare_again: bool = False) -> Draft:
        """A draft of the next rerun of `first`, with the settings of `original`."""
        if original.job is None:
            raise NotReadyError(
                f"{original.run_id} was rejected before it had a plan; launch its dataset instead"
            )
        new_id, document = plans.repeat_plan(self._plan(original), first.reruns + 1)
        preparation = original.preparation
        jobs = (original.job, preparation.job) if preparation else (original.job,)
        (training, *preparing), summary, holder_id = self._gather.again(original, jobs)
        asked = Asked(caller, self._clock())
        run = replace(
            new_run(new_id, original.project, original.dataset, asked),
            **{name: getattr(original, name) for name in KEPT_BY_A_REPEAT},
            warnings=tuple(each for each in original.warnings if each.rule not in _NOT_REPEATED),
            rerun_of=first.run_id,
            plan_sha256=plans.plan_digest(document),
            preparation=preparation and replace(preparation, anew=prepare_again),
        )
        prepare_usd = worst_usd(preparing[0], preparation.job) if preparation else 0.0
        run = with_estimate(run, training.eligible, prepare_usd)
        return Draft(run, document, summary=summary, holder_id=holder_id)

    def _plan(self, run: Run) -> Mapping[str, Any]:
        """The plan that the run was launched with."""
        plan = self._gather.bucket.plan(run.project, run.run_id)
        if plan is None:
            raise NotFoundError(
                f"The plan of {run.run_id} is gone from the bucket, so it can't be repeated. "
                "Launch its dataset instead, or take the recipe's settings."
            )
        if plan.sha256 != run.plan_sha256:
            raise ChangedPlanError(
                f"The plan of {run.run_id} has been changed since its launch, so it can't be repeated. "
                "Launch its dataset instead."
            )
        return plan.document

    def _get(self, run_id: str) -> Run:
        return existing(self._table.get(run_id), "run", run_id)

    def _answer_taken(self, request: RequestClaim | None, what: str) -> Run:
        """The run of a request with the same key that was faster; BusyError if others launched too often."""
        if request and (earlier := self._table.find_request(request.key)):
            return self._answer_again(request, *earlier)
        raise BusyError(f"{what} is being launched by another request; try again")

    def _answer_again(self, request: RequestClaim, run_id: str, body_digest: str) -> Run:
        run = self._table.get(run_id)
        if body_digest != request.body_digest or run is None:
            raise KeyReusedError("This Idempotency-Key was used before, for a different request")
        return run
