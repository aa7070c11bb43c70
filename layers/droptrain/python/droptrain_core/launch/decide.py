"""Decide: the run or the rejection of a ready dataset. Pure: gather.py reads, commit.py writes."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from droptrain_core.domain import times
from droptrain_core.domain.costs.estimate import EligibleInstances
from droptrain_core.domain.datasets.dataset import (
    MAX_CODE_FILES,
    Input,
    ObjectVersion,
    Readiness,
    code_prefix,
    drop_id,
    is_a_path,
)
from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.errors import Cause, RejectedError
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.recipes import recipe as recipes
from droptrain_core.domain.recipes.jobs import gets_code
from droptrain_core.domain.recipes.push import Push
from droptrain_core.domain.recipes.recipe import Recipe, Resources
from droptrain_core.domain.runs import identity, time_limit
from droptrain_core.domain.runs import plan as plans
from droptrain_core.domain.runs import run as runs
from droptrain_core.domain.runs.claims import DropClaim
from droptrain_core.domain.runs.compute import Compute, StackCompute
from droptrain_core.domain.runs.job_request import job_request, prepare_request
from droptrain_core.domain.runs.preparation import JobRequest, Preparation, digest_of
from droptrain_core.domain.runs.run import Run, Step
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


@frozen
class Asked:
    """The caller and the time of a launch; `first` is the run that this launch reruns.

    `prepare_again`: the run doesn't use data that are prepared already. `scheduled_at` is the time of the
    schedule that the launch is for.
    """

    by: str
    at: datetime
    first: Run | None = None
    prepare_again: bool = False
    scheduled_at: str | None = None

    @property
    def rerun(self) -> int:
        """The number of the rerun; 0 for a first run."""
        return self.first.reruns + 1 if self.first else 0


@frozen
class Where:
    """The stack's names that a run's plan and causes contain."""

    bucket: str
    compute: StackCompute


@frozen
class Draft:
    """A run that isn't claimed yet; it may be REJECTED already, and then it may have no plan.

    `findings` are all that preflight found in the files; the run has a part of them. `summary` summarizes
    its training data, as JSON. `holder_id` is the run that held the run's prepared data when they were read.
    """

    run: Run
    plan: Mapping[str, Any] | None
    findings: tuple[Finding, ...] = ()
    summary: str | None = None
    holder_id: str | None = None


def decide(snapshot: Snapshot, asked: Asked, where: Where) -> Draft:
    """The run that a ready dataset becomes, with its plan, or the REJECTED run with its cause."""
    from droptrain_core.domain import preflight

    found, recipe = snapshot.found, snapshot.found.recipe
    run = replace(
        new_run(identify(snapshot, asked), found.project, found.name, asked),
        inputs=found.inputs,
        recipe=found.how.version,
        code=runs.summarize_code(snapshot.code),
        metric=recipe.metric.name if recipe.metric else None,
        metric_goal=recipe.metric.goal if recipe.metric else None,
        gate=recipe.promote,
        notify=recipe.notify,
        hyperparameters=recipe.hyperparameters,
        rerun_of=asked.first.run_id if asked.first else None,
        warm_start=snapshot.start.pinned if snapshot.start else None,
    )
    cause, findings = _preflight(snapshot)
    of_start = snapshot.start.warnings() if snapshot.start else ()
    run = replace(run, warnings=(*preflight.warnings(findings), *of_start))
    if cause:
        return Draft(runs.rejected(runs.to_record(run), cause), None, findings)
    try:
        script = _script(snapshot, where)
        compute = where.compute.of(recipe.resources.gpus)
        preparation, prepare_usd = _preparation(snapshot, asked, where)
        if snapshot.training.are_too_small:
            raise RejectedError(_does_not_fit("resources", recipe.resources, compute))
        eligible = snapshot.training.eligible
        timeout = time_limit.of_recipe(recipe, eligible, compute.instance_types, prepare_usd or 0.0)
    except RejectedError as error:
        return Draft(runs.rejected(runs.to_record(run), error.cause), None, findings)
    is_left_out = preparation and not preparation.inputs_in_training
    job = job_request(recipe, script, timeout, () if is_left_out else found.inputs)
    run = with_estimate(replace(run, job=job, preparation=preparation), eligible, prepare_usd)
    plan = plans.plan_of(
        run, recipe, snapshot.code, where.bucket, found.how.overrides, asked.rerun, compute.job_definition,
        snapshot.start,
        asked.scheduled_at,
    )  # fmt: skip
    if asked.scheduled_at:
        plan["scheduled_at"] = asked.scheduled_at
    body = plans.plan_bytes(plan)
    if len(body) > plans.MAX_LAUNCHED_BYTES:
        record = runs.to_record(replace(run, job=None, estimate=None))
        return Draft(runs.rejected(record, _too_large(len(body), snapshot)), None, findings)
    record = replace(runs.to_record(run), plan_sha256=hashlib.sha256(body).hexdigest())
    return Draft(record, plan, findings, _summary_of(snapshot), snapshot.holder_id)


def identify(snapshot: Snapshot, asked: Asked) -> str:
    """The run's id."""
    found = snapshot.found
    recipe = [found.how.version] if found.how.version else []
    start = snapshot.start.files if snapshot.start else ()
    others = (item.object for item in found.others)
    versions = [*found.readiness.versions, *others, *recipe, *snapshot.code, *start]
    return identity.identify(
        found.project, found.name, versions, found.how.overrides, asked.rerun, asked.scheduled_at
    )


def new_run(run_id: str, project: str, dataset: str, asked: Asked) -> Run:
    """The record of a new claim, without inputs, code and job."""
    at = times.to_text(asked.at)
    return Run(
        run_id=run_id,
        project=project,
        dataset=dataset,
        status="CLAIMED",
        created_at=at,
        updated_at=at,
        claimed_at=at,
        launched_by=asked.by,
        created_order=identity.order_key(asked.at, run_id),
        history=(Step(at, "CLAIMED"),),
    )


def with_estimate(run: Run, eligible: EligibleInstances | None, prepare_usd: float | None) -> Run:
    """The run with its estimate, and a warning if it risks its work.

    Its preparation step can cost up to `prepare_usd`, None if no price is known.
    """
    if run.job is None or eligible is None or prepare_usd is None:
        return run
    estimate = eligible.estimate(run.job.timeout_seconds).with_preparation(prepare_usd)
    return replace(run, estimate=estimate, warnings=(*run.warnings, *eligible.warnings(estimate)))


def worst_usd(instances: Instances, job: JobRequest) -> float | None:
    """The most that the jobs of a step can cost; None if no price is known."""
    return instances.eligible.worst_usd(job.timeout_seconds) if instances.eligible else None


def preparation_digest(found: Found, code: Iterable[ObjectVersion]) -> str:
    """The digest of the data that the preparation step of a run on these files makes."""
    prepare, folder = found.recipe.prepare, code_prefix(found.project)
    assert prepare is not None
    of_step = [each for each in code if gets_code(prepare, each.key.removeprefix(folder))]
    return digest_of(found.recipe, of_step, found.inputs)


def _preparation(snapshot: Snapshot, asked: Asked, where: Where) -> tuple[Preparation | None, float | None]:
    """The run's preparation step, if it has one, and its highest cost; RejectedError if it can't run."""
    found = snapshot.found
    prepare = found.recipe.prepare
    if prepare is None:
        return None, 0.0
    _check_script(snapshot, where, prepare.entrypoint)
    if snapshot.preparation.are_too_small:
        raise RejectedError(_does_not_fit("prepare.resources", prepare.resources, where.compute.cpu))
    job = prepare_request(found.recipe, found.inputs)
    digest = preparation_digest(found, snapshot.code)
    preparation = Preparation(digest, job, prepare.inputs_in_training, asked.prepare_again)
    return preparation, worst_usd(snapshot.preparation, job)


def _preflight(snapshot: Snapshot) -> tuple[Cause | None, tuple[Finding, ...]]:
    """Why the dataset can't train, if it can't, and what was found in its files."""
    from droptrain_core.domain import preflight

    found = snapshot.found
    if found.how.problem:
        return found.how.problem.cause, ()
    if not found.readiness.inputs:  # a dry run, before the dataset is there
        return None, ()
    findings = preflight.judge(snapshot.files, found.recipe.csv, found.readiness.inputs, snapshot.last)
    unfit = preflight.check(found.readiness.inputs, found.recipe.csv) or snapshot.unreadable
    return unfit or preflight.rejection(findings), findings


def _summary_of(snapshot: Snapshot) -> str | None:
    from droptrain_core.domain import preflight
    from droptrain_core.domain.preflight.summary import to_text

    found = snapshot.found
    inputs = found.readiness.inputs
    summary = preflight.summarize(found.name, snapshot.files, found.recipe.csv, inputs, snapshot.last)
    return to_text(summary) if summary else None


def _script(snapshot: Snapshot, where: Where) -> str:
    """The entrypoint's file; RejectedError if it is missing, or the code can't be a folder of files."""
    found = snapshot.found
    folder = code_prefix(found.project)
    script = recipes.entrypoint_of(found.recipe, {item.key.removeprefix(folder) for item in snapshot.code})
    if script is None:
        raise RejectedError(_no_script(where.bucket, found.project, found.recipe.entrypoint))
    if wrong := _wrong_code(found.project, snapshot.code):
        raise RejectedError(wrong)
    return script


def _check_script(snapshot: Snapshot, where: Where, script: str) -> None:
    project, file = snapshot.found.project, recipes.file_of(script)
    if code_prefix(project) + file not in {item.key for item in snapshot.code}:
        raise RejectedError(_no_script(where.bucket, project, file))


def _wrong_code(project: str, code: Collection[ObjectVersion]) -> Cause | None:
    """The cause if the code can't be downloaded into a folder."""
    folder = code_prefix(project)
    if len(code) > MAX_CODE_FILES:
        what = f"{folder} has {len(code)} files; a run can have {MAX_CODE_FILES}"
        return Cause("bad_code", what, "Move data out of the code folder, into the recipe's inputs.")
    files = {item.key for item in code if not item.key.endswith("/")}
    if bad := next((key for key in sorted(files) if not is_a_path(key.removeprefix(folder))), None):
        fix = "A folder or file can't be named '.' or '..', and its name has 1 to 255 bytes."
        return Cause("bad_code", f"{bad[:200]!r}: no file can have this path", fix)
    folders = {key[:end] for key in files for end, letter in enumerate(key) if letter == "/"}
    if both := files & folders:
        what = f"{min(both)!r} is a file and also a folder with files, which no disk can have"
        return Cause("bad_code", what, "Delete the file or the folder.")
    return None


def _does_not_fit(field: str, asked: Resources, compute: Compute) -> Cause:
    """The cause if no instance type of the stack can hold the jobs with these resources."""
    kind, parameter = ("GPU", "InstanceTypes") if asked.gpus else ("CPU", "CpuInstanceTypes")
    gpus = f"{asked.gpus} GPU{'s' if asked.gpus > 1 else ''}, " if asked.gpus else ""
    return Cause(
        "does_not_fit",
        f"None of the stack's {kind} instance types has room for {gpus}{asked.vcpus} vCPUs and "
        f"{asked.memory_gib} GiB: {', '.join(compute.instance_types)}. The system takes some memory.",
        f"Lower `{field}` in train.yaml, or add larger types to the stack's parameter {parameter}.",
    )


def _too_large(size: int, snapshot: Snapshot) -> Cause:
    """The cause if `run.json` would have too many bytes."""
    mib, inputs = 1024 * 1024, len(snapshot.found.inputs)
    return Cause(
        "too_many_inputs",
        f"run.json would have {size / mib:.1f} MiB, of {plans.MAX_BYTES // mib} at most: it names "
        f"{inputs} inputs and {len(snapshot.code)} files of code with their folders",
        "Join the inputs into fewer, larger files, or give files and folders shorter names.",
    )


def _no_script(bucket: str, project: str, entrypoint: str | None) -> Cause:
    folder = f"s3://{bucket}/{code_prefix(project)}"
    first, second = recipes.DEFAULT_SCRIPTS
    lacks = (
        f"no {folder}{recipes.file_of(entrypoint)}" if entrypoint else f"neither {folder}{first} nor {second}"
    )
    return Cause(
        "code_missing",
        f"The project has {lacks}",
        f"Upload the code with: aws s3 cp --recursive <your code folder> {folder} "
        "and launch the dataset with POST /runs or by dropping it again.",
    )
