"""Launch: a dataset that is ready becomes a run, exactly once, and the run becomes one Batch job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from droptrain.aws.bucket import Bucket, RecipeFile
from droptrain.aws.image_repository import ImageRepository
from droptrain.aws.price_table import PriceTable
from droptrain.aws.run_table import Claimed, DropClaim, Request, RunTable
from droptrain.aws.waiting_list import WaitingList
from droptrain.domain import recipe as recipes
from droptrain.domain import run as runs
from droptrain.domain import ticket as tickets
from droptrain.domain import times
from droptrain.domain.data_file import is_data_file
from droptrain.domain.dataset import (
    MARKER,
    MAX_CODE_FILES,
    BadDrop,
    Input,
    ObjectVersion,
    OtherKey,
    Readiness,
    Waiting,
    code_prefix,
    data_prefix,
    drop_id,
    is_a_path,
    judge_key,
    match_inputs,
    may_launch,
    too_many_inputs,
)
from droptrain.domain.errors import (
    BusyError,
    Cause,
    CrowdedError,
    KeyReusedError,
    NotFoundError,
    NotReadyError,
    RejectedError,
)
from droptrain.domain.finding import Finding
from droptrain.domain.launched import Incomplete, Launched
from droptrain.domain.owner import Owner
from droptrain.domain.push import Push
from droptrain.domain.recipe import Recipe
from droptrain.domain.run import Run, Step
from droptrain.domain.ticket import Market
from droptrain.reserve import Reserve
from droptrain.submit import Submit

_CLAIM_TRIES = 3
_UPLOADS_NOTED = 50  # a transaction has room for 100 writes
_SHORTEST_TIMEOUT = 60  # seconds, AWS Batch's least

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class _Dataset:
    """What lies in the bucket for a dataset at one moment."""

    project: str
    name: str
    how: "_HowToTrain"
    readiness: Readiness

    @property
    def drop(self) -> str:
        return drop_id(self.project, self.name, self.readiness.versions)

    def claim(self, *triggers: ObjectVersion) -> DropClaim:
        """The drop to take; of a dataset of many files, the events of marker and `triggers` alone find it."""
        versions, marker = self.readiness.versions, self.readiness.marker
        few = {*triggers, *([marker] if marker else [])}
        return DropClaim(self.drop, versions if len(versions) <= _UPLOADS_NOTED else tuple(few))


@dataclass(frozen=True)
class _HowToTrain:
    """The project's recipe at one moment; `recipe` is None where nobody can say which inputs it names.

    `push` says which recipe that is, and which code belongs to it.
    """

    push: Push
    version: ObjectVersion | None
    recipe: Recipe | None
    problem: RejectedError | None


@dataclass(frozen=True)
class _Checked:
    """What preflight found: why the dataset can't train, if it can't, and what goes along with the run."""

    cause: Cause | None
    warnings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class _Draft:
    """A run that isn't claimed yet; it may be born REJECTED, and without a plan it is."""

    run: Run
    plan: Mapping[str, Any] | None


class Launch:
    """Turns uploads and requests into runs."""

    def __init__(
        self,
        bucket: Bucket,
        table: RunTable,
        waiting: WaitingList,
        submit: Submit,
        definition: str,
        reserve: Reserve,
        prices: PriceTable,
        instance_types: tuple[str, ...],
        clock: Clock,
        owner: Owner | None = None,
        images: ImageRepository | None = None,
    ) -> None:
        self._bucket = bucket
        self._table = table
        self._waiting = waiting
        self._submit = submit
        self._definition = definition
        self._reserve = reserve
        self._prices = prices
        self._instance_types = instance_types
        self._clock = clock
        self._owner = owner or Owner()
        self._images = images

    def upload(self, key: str, version_id: str) -> Launched:
        """Judge one uploaded object: launch what its dataset holds now, if that is ready and has no run yet.

        BusyError, UnsureError and DeniedError mean: deliver the event again later.
        """
        self._owner.check_running()
        place = judge_key(key)
        if isinstance(place, OtherKey):
            return Launched("ignored")
        if isinstance(place, BadDrop):
            return self._reject_bad_drop(place, key, version_id)
        taken_by = self._table.find_upload(key, version_id)
        if taken_by:
            return self._repeat(taken_by)
        how = self._how(place.project)
        if how.recipe and not may_launch(how.recipe.trigger, place.file):
            return self._wait(place.project, place.dataset, (MARKER,))
        try:
            found = self._look(place.project, place.dataset, how)
            if not found.readiness.ready:
                return self._wait(place.project, place.dataset, found.readiness.missing)
            return self._launch_drop(found, ObjectVersion(key, version_id, 0, ""))
        except CrowdedError as error:
            return self._reject_crowd(place.project, place.dataset, how, error.cause)

    def revisit(self, waiting: Waiting) -> Launched | Incomplete:
        """Look again at a dataset that waits: what is complete by now is launched, as its event got lost.

        BusyError and UnsureError mean: look again later.
        """
        self._owner.check_running()
        how = self._how(waiting.project)
        try:
            found = self._look(waiting.project, waiting.dataset, how)
        except CrowdedError as error:
            return self._reject_crowd(waiting.project, waiting.dataset, how, error.cause)
        notify = how.recipe.notify if how.recipe else recipes.EVENTS
        if not found.readiness.ready:
            return Incomplete(bool(found.readiness.versions), found.readiness.missing, notify)
        marker = found.readiness.marker
        if marker and self._table.find_upload(marker.key, marker.version_id):
            return Incomplete(True, (MARKER,), notify)  # what came after it waits for a new one
        return self._launch_drop(found)

    def request(
        self,
        project: str,
        dataset: str,
        *,
        caller: str,
        rerun: bool = False,
        overrides: Mapping[str, Any] | None = None,
        request: Request | None = None,
    ) -> tuple[Run, bool]:
        """Launch by request: (the run, whether it is new).

        The same inputs, recipe, code and overrides are the same run, unless `rerun`.

        NotFoundError, NotReadyError, KeyReusedError, RejectedError for overrides that no recipe may have,
        DeniedError if AWS Batch refuses the stack; the run is recorded all the same. PausedError.
        """
        self._owner.check_running()
        if request and (earlier := self._table.find_request(request.key)):
            return self._answer_again(request, *earlier), False
        self._owner.check_overrides(overrides or {})
        try:
            found = self._look(project, dataset, self._how(project, overrides or {}))
            code = self._code(found) if found.readiness.ready and found.readiness.inputs else ()
        except CrowdedError as error:
            raise NotReadyError(f"{error.cause.message}. {error.cause.fix}") from error
        if not found.readiness.inputs:
            folder = data_prefix(project, dataset)
            raise NotFoundError(
                f"There is no dataset {dataset!r} of a project {project!r}: nothing that its recipe "
                f"names lies in s3://{self._bucket.name}/{folder}"
            )
        if not found.readiness.ready:
            raise NotReadyError(f"{project}/{dataset} still lacks {', '.join(found.readiness.missing)}")
        checked = self._preflight(found)
        drop = None if self._table.find_drop(found.drop) else found.claim()
        for _ in range(_CLAIM_TRIES):
            first = self._table.get(self._identify(found, code, overrides or {}, 0)) if rerun else None
            draft = self._draft(found, code, checked, caller, overrides or {}, first)
            claimed, draft = self._claim(draft, drop, request, first)
            if claimed == "claimed":
                return self._submit.or_leave(draft.run), True
            if claimed == "request_taken":
                break
            if claimed == "run_taken" and not rerun:
                run = self._table.get(draft.run.run_id)
                assert run is not None
                return run, False
            drop = None if claimed == "drop_taken" else drop
        return self._answer_taken(request, f"{project}/{dataset}"), False

    def repeat(self, run_id: str, *, caller: str, request: Request | None = None) -> tuple[Run, bool]:
        """Launch the very same bytes and settings as those of an older run: (the new run, whether it is new).

        NotFoundError, NotReadyError for a run that never had a plan, KeyReusedError, DeniedError,
        PausedError.
        """
        self._owner.check_running()
        if request and (earlier := self._table.find_request(request.key)):
            return self._answer_again(request, *earlier), False
        for _ in range(_CLAIM_TRIES):
            original = self._get(run_id)
            first = self._get(original.rerun_of) if original.rerun_of else original
            if original.job is None:
                raise NotReadyError(f"{run_id} was rejected before it had a plan; launch its dataset instead")
            plan = self._bucket.plan(original.project, run_id)
            if plan is None:
                raise NotFoundError(f"The plan of {run_id} is gone from the bucket, so it can't be repeated")
            new_id, plan = runs.repeat_plan(plan, first.reruns + 1)
            job = original.job
            market = self._market(original.project, job.gpus, job.vcpus, job.memory_mib, job.spot)
            run = replace(
                self._record_of(new_id, original.project, original.dataset, caller),
                inputs=original.inputs,
                input_count=original.input_count,
                recipe=original.recipe,
                code=original.code,
                metric=original.metric,
                metric_goal=original.metric_goal,
                inputs_digest=original.inputs_digest,
                notify=original.notify,
                warnings=tuple(each for each in original.warnings if each.rule != tickets.NO_CHECKPOINT),
                job=job,
                rerun_of=first.run_id,
            )
            run = _with_ticket(run, market)
            claimed, draft = self._claim(_Draft(run, plan), None, request, first)
            if claimed == "claimed":
                return self._submit.or_leave(draft.run), True
            if claimed == "request_taken":
                break
        return self._answer_taken(request, run_id), False

    def _how(self, project: str, overrides: Mapping[str, Any] | None = None) -> _HowToTrain:
        push = self._bucket.push(project)
        if push.problem:
            return _HowToTrain(push, None, None, push.problem)
        file = self._bucket.recipe(project, push.before)
        return _HowToTrain(push, file.version, *_read_recipe(file, overrides or {}))

    def _look(self, project: str, dataset: str, how: _HowToTrain) -> _Dataset:
        folder = data_prefix(project, dataset)
        objects = self._bucket.folder(folder)
        if how.recipe:
            readiness = match_inputs(how.recipe.inputs, how.recipe.trigger, objects, folder)
            if cause := too_many_inputs(len(readiness.inputs)):
                raise CrowdedError(cause)
        else:
            # Nobody can say which inputs an unreadable recipe names: each data file stands for one.
            files = (item for item in objects if is_data_file(item.key))
            readiness = Readiness(tuple(Input("data", item) for item in files), ())
        return _Dataset(project, dataset, how, readiness)

    def _wait(self, project: str, dataset: str, missing: tuple[str, ...]) -> Launched:
        self._waiting.note(project, dataset, missing, self._clock())
        return Launched("waiting")

    def _launch_drop(self, found: _Dataset, *triggers: ObjectVersion) -> Launched:
        taken_by = self._table.find_drop(found.drop)
        if taken_by:
            return self._repeat(taken_by)
        code, checked = self._code(found), self._preflight(found)
        claimed, draft = self._claim(self._draft(found, code, checked, "upload"), found.claim(*triggers))
        if claimed != "claimed":
            return Launched("repeated", draft.run.run_id)
        if draft.run.ended:
            return Launched("rejected", draft.run.run_id)
        self._submit.now(draft.run)
        return Launched("launched", draft.run.run_id)

    def _code(self, found: _Dataset) -> tuple[ObjectVersion, ...]:
        """The code that belongs to the recipe; BusyError if a push came in between."""
        push = found.how.push
        if push.before:
            return push.before.code
        code = self._bucket.folder(code_prefix(found.project))
        if self._bucket.push(found.project).version_id != push.version_id:
            raise BusyError(f"{found.project} is being pushed at this moment")
        return code

    def _identify(
        self, found: _Dataset, code: tuple[ObjectVersion, ...], overrides: Mapping[str, Any], rerun: int
    ) -> str:
        recipe = [found.how.version] if found.how.version else []
        versions = [*found.readiness.versions, *recipe, *code]
        return runs.identify(found.project, found.name, versions, overrides, rerun)

    def _draft(
        self,
        found: _Dataset,
        code: tuple[ObjectVersion, ...],
        checked: _Checked,
        launched_by: str,
        overrides: Mapping[str, Any] | None = None,
        first: Run | None = None,
    ) -> _Draft:
        """The run that the dataset would be now; `first` is the run of which it is the next rerun."""
        rerun = first.reruns + 1 if first else 0
        run_id = self._identify(found, code, overrides or {}, rerun)
        recipe = found.how.recipe or Recipe()
        run = replace(
            self._record_of(run_id, found.project, found.name, launched_by),
            inputs=found.readiness.inputs,
            recipe=found.how.version,
            code=runs.summarize_code(code),
            metric=recipe.metric.name if recipe.metric else None,
            metric_goal=recipe.metric.goal if recipe.metric else None,
            notify=recipe.notify,
            rerun_of=first.run_id if first else None,
            warnings=checked.warnings,
        )
        if checked.cause:
            return _Draft(runs.rejected(runs.to_record(run), checked.cause), None)
        try:
            script = self._script(found, recipe, code)
            resources = recipe.resources
            market = self._market(
                found.project, resources.gpus, resources.vcpus, resources.memory_gib * 1024, recipe.spot
            )
            timeout = self._timeout(recipe, market)
        except RejectedError as error:
            return _Draft(runs.rejected(runs.to_record(run), error.cause), None)
        job = runs.job_request(recipe, script, timeout, found.readiness.inputs)
        run = _with_ticket(replace(run, job=job), market)
        plan = runs.plan(run, recipe, code, self._bucket.name, overrides or {}, rerun, self._definition)
        return _Draft(runs.to_record(run), plan)

    def _preflight(self, found: _Dataset) -> _Checked:
        """What is wrong with recipe and inputs; BusyError if an input was deleted meanwhile."""
        from droptrain.domain import preflight

        if found.how.problem:
            return _Checked(found.how.problem.cause)
        if cause := preflight.check(found.readiness.inputs):
            return _Checked(cause)
        says = found.how.recipe.csv if found.how.recipe else {}
        files = preflight.read(found.readiness.inputs, self._bucket.sample, says)
        findings = preflight.judge(files, says)
        return _Checked(preflight.rejection(findings), preflight.warnings(findings))

    def _script(self, found: _Dataset, recipe: Recipe, code: tuple[ObjectVersion, ...]) -> str:
        """The script that trains; RejectedError if it isn't there, or the code can't be a folder of files."""
        script = recipe.entrypoint or recipes.DEFAULT_SCRIPT
        file = recipes.file_of(script)
        if code_prefix(found.project) + file not in {item.key for item in code}:
            raise RejectedError(_no_script(self._bucket.name, found.project, file))
        if wrong := _wrong_code(found.project, code):
            raise RejectedError(wrong)
        return script

    def _market(self, project: str, gpus: int, vcpus: int, memory_mib: int, spot: str) -> Market | None:
        """The stack's instance types that could serve such a job, their prices, the project's history."""
        facts = self._prices.read(project)
        return tickets.market(
            facts.prices,
            self._instance_types,
            facts.history,
            gpus=gpus,
            vcpus=vcpus,
            memory_mib=memory_mib,
            spot=spot,
            left_checkpoint=facts.left_checkpoint,
        )

    def _timeout(self, recipe: Recipe, market: Market | None) -> int:
        """The timeout of an attempt in seconds, so short that all attempts together keep `max_cost_usd`."""
        if recipe.max_cost_usd is None:
            return recipe.timeout_seconds
        if market is None:
            raise RejectedError(
                recipes.bad_recipe(
                    "max_cost_usd: none of the stack's instance types with a price has room for the recipe's "
                    f"resources, so there is nothing to keep it by: {', '.join(self._instance_types)}"
                )
            )
        affordable = market.seconds_for(recipe.max_cost_usd)
        seconds = int(min(recipe.timeout_seconds, affordable / recipe.attempts))
        if seconds < _SHORTEST_TIMEOUT:
            raise RejectedError(
                recipes.bad_recipe(
                    f"max_cost_usd: {recipe.max_cost_usd} pays for {seconds} s of {market.dearest.of_what} "
                    f"in each of {recipe.attempts} attempts; AWS Batch needs {_SHORTEST_TIMEOUT} s"
                )
            )
        return seconds

    def _claim(
        self,
        draft: _Draft,
        drop: DropClaim | None,
        request: Request | None = None,
        first: Run | None = None,
    ) -> tuple[Claimed, _Draft]:
        """Claim the run and what it holds of the caps; its plan is in the bucket before anybody can find the
        claim. The draft comes back as it was claimed: REJECTED where a cap has no room.

        BusyError if others take the room each time that there seems to be some.
        """
        if draft.plan is not None:
            self._bucket.write_plan(draft.plan)
        for _ in range(_CLAIM_TRIES):
            run = draft.run if draft.run.ended else self._admit(draft.run)
            claimed = self._table.claim(run, drop, request, first)
            if claimed != "no_room":
                return claimed, replace(draft, run=run)
        raise BusyError(f"Others take the room that {draft.run.run_id} needs at this moment")

    def _admit(self, run: Run) -> Run:
        """The run with what it holds of the caps, or REJECTED: what the stack lacks for it is told by now."""
        if self._images and self._images.lacks_image():
            return runs.rejected(run, _no_image(run.run_id))
        return self._reserve.caps(run)

    def _repeat(self, run_id: str) -> Launched:
        """The drop has its run; while that is a claim, this event makes sure that it gets its Batch job."""
        run = self._table.get(run_id)
        if run is None or not run.is_claim:
            return Launched("repeated", run_id)
        if not self._submit.is_old_claim(run):
            raise BusyError(f"{run_id} is being launched by others at this moment")
        self._submit.finish(run)
        return Launched("launched", run_id)

    def _reject_bad_drop(self, place: BadDrop, key: str, version_id: str) -> Launched:
        cause = Cause("bad_name", f"{key}: {place.problem}", place.fix)
        what = ObjectVersion(key, version_id, 0, "")
        return self._reject(place.project, place.dataset, what, cause, recipes.EVENTS)

    def _reject_crowd(self, project: str, dataset: str, how: _HowToTrain, cause: Cause) -> Launched:
        """Reject a dataset of too many files, once a day: each has an event, and sees other versions."""
        day = times.to_text(self._clock())[:10]
        what = ObjectVersion(data_prefix(project, dataset), day, 0, "")
        notify = how.recipe.notify if how.recipe else recipes.EVENTS
        return self._reject(project, dataset, what, cause, notify)

    def _reject(
        self, project: str, dataset: str, what: ObjectVersion, cause: Cause, notify: tuple[str, ...]
    ) -> Launched:
        run_id = runs.identify(project, dataset, [what], {}, 0)
        run = self._record_of(run_id, project, dataset, "upload")
        claimed = self._table.claim(runs.rejected(replace(run, notify=notify), cause))
        return Launched("rejected" if claimed == "claimed" else "repeated", run_id)

    def _record_of(self, run_id: str, project: str, dataset: str, launched_by: str) -> Run:
        now = self._clock()
        at = times.to_text(now)
        return Run(
            run_id=run_id,
            project=project,
            dataset=dataset,
            status="CLAIMED",
            created_at=at,
            updated_at=at,
            claimed_at=at,
            launched_by=launched_by,
            created_order=runs.order_key(now, run_id),
            history=(Step(at, "CLAIMED"),),
        )

    def _get(self, run_id: str) -> Run:
        run = self._table.get(run_id)
        if run is None:
            raise NotFoundError(f"There is no run {run_id!r}")
        return run

    def _answer_taken(self, request: Request | None, what: str) -> Run:
        """The run of a request with the same key that was faster; BusyError if others launched too often."""
        if request and (earlier := self._table.find_request(request.key)):
            return self._answer_again(request, *earlier)
        raise BusyError(f"{what} is being launched by others at this moment; try again")

    def _answer_again(self, request: Request, run_id: str, body_digest: str) -> Run:
        run = self._table.get(run_id)
        if body_digest != request.body_digest or run is None:
            raise KeyReusedError("This Idempotency-Key was used before, for a different request")
        return run


def _with_ticket(run: Run, market: Market | None) -> Run:
    """The run with what it may cost, and a warning of what it risks."""
    if run.job is None or market is None:
        return run
    ticket = market.ticket(run.job.attempts, run.job.timeout_seconds)
    return replace(run, ticket=ticket, warnings=(*run.warnings, *market.warnings(ticket)))


def _read_recipe(
    file: RecipeFile, overrides: Mapping[str, Any]
) -> tuple[Recipe | None, RejectedError | None]:
    """(the recipe, what is wrong with it): of a wrong one its inputs, if these can be read, else None."""
    if file.problem:
        return None, file.problem
    try:
        recipe = recipes.parse(file.document)
    except RejectedError as problem:
        return recipes.inputs_of(file.document), problem
    return (recipes.parse(recipes.override(file.document, overrides)) if overrides else recipe), None


def _no_image(run_id: str) -> Cause:
    return Cause(
        "no_image",
        "No image yet: the stack's image repository is empty, so there is nothing to train in.",
        "Publish the training image, with `droptrain image` (AWS builds it) or as the stack's output "
        f"ImagePushCommands says (Docker). Then: droptrain rerun {run_id}",
    )


def _wrong_code(project: str, code: tuple[ObjectVersion, ...]) -> Cause | None:
    """Why the code can't be fetched into a folder, if it can't."""
    folder = code_prefix(project)
    if len(code) > MAX_CODE_FILES:
        what = f"{folder} has {len(code)} files; a run can have {MAX_CODE_FILES}"
        return Cause("bad_code", what, "Keep data out of the code folder; inputs of the recipe are for that.")
    files = (item.key for item in code if not item.key.endswith("/"))
    bad = next((key for key in files if not is_a_path(key.removeprefix(folder))), None)
    if bad is None:
        return None
    fix = "Let no folder or file be named '.' or '..', or have no name or one of more than 255 bytes."
    return Cause("bad_code", f"{bad[:200]!r}: no file can have this path", fix)


def _no_script(bucket: str, project: str, script: str) -> Cause:
    folder = f"s3://{bucket}/{code_prefix(project)}"
    return Cause(
        "code_missing",
        f"The project has no {folder}{script}",
        f"Upload the code with: aws s3 cp --recursive <your code folder> {folder} "
        "and launch the dataset with POST /runs or by dropping it again.",
    )
