"""Decide: the run or the rejection of a ready dataset. Pure: gather.py reads, commit.py writes."""

import hashlib
from dataclasses import replace

from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.errors import Cause, RejectedError
from droptrain_core.domain.recipes.recipe import Resources
from droptrain_core.domain.runs import identity, time_limit
from droptrain_core.domain.runs import plan as plans
from droptrain_core.domain.runs import run as runs
from droptrain_core.domain.runs.compute import Compute
from droptrain_core.domain.runs.job_request import job_request, prepare_request
from droptrain_core.domain.runs.preparation import Preparation
from droptrain_core.launch.draft import Asked, Draft, Where, new_run, with_estimate, worst_usd
from droptrain_core.launch.entrypoint import check_script, script_of
from droptrain_core.launch.snapshot import Snapshot


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
        script = script_of(snapshot, where.bucket)
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
        snapshot.start, asked.scheduled_at,
    )  # fmt: skip
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


def _preparation(snapshot: Snapshot, asked: Asked, where: Where) -> tuple[Preparation | None, float | None]:
    """The run's preparation step, if it has one, and its highest cost; RejectedError if it can't run."""
    found = snapshot.found
    prepare = found.recipe.prepare
    if prepare is None:
        return None, 0.0
    check_script(snapshot, where.bucket, prepare.entrypoint)
    if snapshot.preparation.are_too_small:
        raise RejectedError(_does_not_fit("prepare.resources", prepare.resources, where.compute.cpu))
    job = prepare_request(found.recipe, found.inputs)
    digest = found.preparation_digest(snapshot.code)
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
