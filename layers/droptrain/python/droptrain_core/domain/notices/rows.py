"""A run's facts in a notice: rows for people, the event's parts for programs."""

from collections.abc import Mapping

from droptrain_core.domain import times
from droptrain_core.domain.costs.estimate import Estimate
from droptrain_core.domain.datasets.finding import describe
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.notices.events import (
    EventCause,
    EventCost,
    EventEstimate,
    EventMetric,
    EventModel,
    EventPlaces,
    EventPromotion,
    RunFinished,
)
from droptrain_core.domain.notices.message import Rows
from droptrain_core.domain.runs.batch_job import count_preparing, count_reclaimed
from droptrain_core.domain.runs.labels import labelled_texts
from droptrain_core.domain.runs.model_pointer import Name, Standing
from droptrain_core.domain.runs.preparation import Prepared
from droptrain_core.domain.runs.promotion import CurrentModel, Promotion
from droptrain_core.domain.runs.run import Cost, GpuUse, Run, run_prefix, step_prefix
from droptrain_core.domain.runs.turn import reused

_INPUTS_NAMED = 10
_METRICS_OF_STEP = 5
_SHORT_START_SECONDS = 10


def folder(run: Run) -> str:
    """The folders of the run's results in the bucket."""
    return run_prefix(run.project, run.run_id)


def metrics(run: Run) -> Rows:
    """The recipe's metric, then the others by name."""
    first = sorted(run.metrics.items(), key=lambda item: (item[0] != run.metric, item[0]))
    return tuple((name, f"{value:.6g}") for name, value in first)


def models(run: Run, standings: Mapping[Name, Standing]) -> Rows:
    """How the run compares with the project's models so far."""
    rows = []
    if best := standings.get("best"):
        rows.append(("Best model", _best(run, best)))
    latest = standings.get("latest")
    if latest and not latest.moved and latest.other:
        rows.append(("Latest model", f"still {latest.other.run_id}, which was launched later."))
    return tuple(rows)


def current_model(run: Run, before: CurrentModel | None) -> Rows:
    """Whether the run's model became the current one; `before` is the one that was current until then."""
    if before is None:
        return ()
    other = before.promotion
    named = _named_model(other) if other and other.run_id != run.run_id else ""
    if run.promoted_at:
        return (("Current model", f"this run's{f', instead of {named}' if named else ''}."),)
    stays = f"It is still {named}." if named else "The project has none yet."
    return (("Current model", f"not this run's: {'; '.join(run.not_promoted)}. {stays}"),)


def of_run(run: Run, bucket: str) -> Rows:  # noqa: C901  a line for each fact
    """The times, resources, cost and places of the run."""
    rows = [("Run", run.run_id), ("Launched", f"{run.created_at} by {run.launched_by}")]
    rows += labelled_texts(vars(run))
    if run.started_at and run.stopped_at:
        rows += _phases(run, run.started_at, run.stopped_at)
    if len(run.attempts) > 1:
        ends = "; ".join(attempt.reason or "ended" for attempt in run.attempts)
        rows.append(("Attempts", f"{len(run.attempts)}: {ends}"))
    if survived := _survived(run):
        rows.append(("Reclaims", f"{survived} survived"))
    if run.prepared:
        rows.append(("Prepared", _prepared(run, run.prepared)))
    if run.warm_start:
        rows.append(("Continues", f"the model of {run.warm_start.run_id}"))
    if run.gpu:
        rows.append(("GPU", _gpu_use(run.gpu)))
    if run.cost:
        rows.append(("Cost", _price(run.cost)))
    if run.estimate:
        rows.append(("Estimate", _expected(run.estimate)))
    root = f"s3://{bucket}/"
    if run.status == "SUCCEEDED":
        rows.append(("Model", f"{root}{folder(run)}export/"))
    if run.started_at:
        rows.append(("Log", f"{root}{_log(run)}"))
    for item in run.inputs[:_INPUTS_NAMED]:
        rows.append(("Input", f"{root}{item.object.key} ({item.object.version_id})"))
    if more := max(run.input_count - _INPUTS_NAMED, 0):
        rows.append(("", f"and {more} more"))
    return tuple(rows)


def finished(
    run: Run, bucket: str, standings: Mapping[Name, Standing], current: CurrentModel | None
) -> RunFinished:
    """The event of a run that was launched and has ended."""
    assert run.status in ("SUCCEEDED", "FAILED", "CANCELLED")
    root = f"s3://{bucket}/{folder(run)}"
    log = f"s3://{bucket}/{_log(run)}"
    return RunFinished(
        run_id=run.run_id,
        project=run.project,
        dataset=run.dataset,
        outcome=run.status,
        cause=event_cause(run.cause) if run.cause else None,
        metric=_event_metric(run),
        metrics=dict(run.metrics),
        latest=event_model(standings.get("latest")),
        best=event_model(standings.get("best")),
        promotion=_event_promotion(run, current) if current else None,
        created_at=run.created_at,
        started_at=run.started_at,
        stopped_at=run.stopped_at,
        launched_by=run.launched_by,
        rerun_of=run.rerun_of,
        batch_job_id=run.batch_job_id,
        attempts=len(run.attempts),
        reclaims=count_reclaimed(run),
        cost=_event_cost(run.cost) if run.cost else None,
        estimate=_event_estimate(run.estimate) if run.estimate else None,
        warnings=[describe(each) for each in run.warnings],
        inputs_digest=run.inputs_digest,
        places=EventPlaces(root, f"{root}export/", f"{root}model/", log),
    )


def event_cause(cause: Cause) -> EventCause:
    """A cause in the form of events."""
    return EventCause(cause.code, cause.message, cause.fix, list(cause.evidence), cause.retry_helps)


def _best(run: Run, best: Standing) -> str:
    assert run.metric is not None
    reached = f"{run.metric} {run.metrics[run.metric]:.4g}"
    if best.other is None:
        return f"{reached} is the first of this project."
    other = "" if best.other.value is None else f"{best.other.value:.4g} of "
    if best.moved:
        return f"new best: {reached} against {other}{best.other.run_id}."
    return f"still {other}{best.other.run_id}; this run reached {reached}."


def _event_metric(run: Run) -> EventMetric | None:
    return EventMetric(run.metric, run.metric_goal, run.metrics.get(run.metric)) if run.metric else None


def event_model(standing: Standing | None) -> EventModel | None:
    """A pointer\'s change in the form of events."""
    if standing is None:
        return None
    other = standing.other
    return EventModel(standing.moved, other.run_id if other else None, other.value if other else None)


def _event_promotion(run: Run, now: CurrentModel) -> EventPromotion:
    current = now.promotion
    return EventPromotion(bool(run.promoted_at), list(run.not_promoted), current.run_id if current else None)


def _named_model(promotion: Promotion) -> str:
    metric = promotion.metric
    return f"that of {promotion.run_id}" + (f" ({metric.name} {metric.value:.4g})" if metric else "")


def _event_cost(cost: Cost) -> EventCost:
    return EventCost(
        cost.estimate_usd, cost.instance_type, cost.seconds, cost.basis, reclaimed_usd=cost.reclaimed_usd
    )


def _event_estimate(estimate: Estimate) -> EventEstimate:
    return EventEstimate(estimate.expected_usd, estimate.worst_usd)


def _phases(run: Run, started_at: str, stopped_at: str) -> Rows:
    """How long the run waited for an instance, started, and trained or prepared its data.

    A short start counts as waiting, also if its event was lost; a reclaimed run's times are counted by its
    attempts.
    """
    placed_at = next((step.at for step in run.history if step.status == "STARTING"), None)
    if placed_at and _seconds(placed_at, started_at) < _SHORT_START_SECONDS:
        placed_at = None
    rows = [("Waited", _duration(run.created_at, placed_at or started_at))]
    if placed_at:
        rows.append(("Started", f"in {_duration(placed_at, started_at)}"))
    ends = [(each.started_at, each.stopped_at) for each in run.attempts[count_preparing(run) :]]
    between = [(start, end) for start, end in ends if start and end]
    if len(between) < 2 and not run.prepared:
        between = [(started_at, stopped_at)]
    title = "Preparing" if run.is_preparing else "Trained"
    return (*rows, (title, times.in_words(sum(_seconds(start, end) for start, end in between))))


def _log(run: Run) -> str:
    """The key of the log of the step in which the run ended."""
    return step_prefix(run.project, run.run_id, run.step) + "log.txt"


def _survived(run: Run) -> int:
    """Reclaims after which the run continued to its end."""
    return count_reclaimed(run) if run.status == "SUCCEEDED" else 0


def _price(cost: Cost) -> str:
    tries = f" in {len(cost.attempts)} attempts" if len(cost.attempts) > 1 else f" of {cost.instance_type}"
    total = f"about {usd_text(cost.estimate_usd)}, an estimate: {cost.seconds} s{tries}"
    seconds = sum(each.seconds for each in cost.attempts if each.reclaimed)
    lost = (
        f"; {usd_text(cost.reclaimed_usd)} of it, {times.in_words(seconds)}, is for attempts that Spot "
        "reclaimed"
    )
    lost = lost if cost.reclaimed_usd else ""
    return f"{total} at the {cost.basis} (prices of {cost.priced_at[:10]}){lost}"


def _prepared(run: Run, prepared: Prepared) -> str:
    """The step that prepared the run's data, or whose data it used again, with the step's first metrics."""
    names = sorted(prepared.metrics)[:_METRICS_OF_STEP]
    metrics = "".join(f"; {name} {prepared.metrics[name]:.4g}" for name in names)
    if prepared.run_id != run.run_id:
        return reused(prepared) + metrics
    attempts = run.cost.attempts if run.cost else ()
    usd = sum(each.usd for each in attempts if each.step == "prepare")
    took = f"{prepared.files} files in {times.in_words(prepared.seconds)}"
    return f"{took}, about {usd_text(usd)} of the cost{metrics}"


def _expected(estimate: Estimate) -> str:
    worst = f"at worst {usd_text(estimate.worst_usd)}"
    return worst if estimate.expected_usd is None else f"{usd_text(estimate.expected_usd)} expected, {worst}"


def usd_text(usd: float) -> str:
    """USD for people; small sums with more digits."""
    return f"${usd:.2f}" if usd >= 1 else f"${usd:.4f}"


def _gpu_use(gpu: GpuUse) -> str:
    parts = [str(gpu.count)]
    if gpu.busy_percent is not None:
        parts.append(f"busy {gpu.busy_percent:.0f} % of the time")
    if gpu.peak_memory_gib is not None:
        parts.append(f"at most {gpu.peak_memory_gib:.1f} GiB in use")
    if gpu.waiting_seconds is not None:
        parts.append(f"first used after {gpu.waiting_seconds:.0f} s")
    return ", ".join(parts)


def _duration(start: str, end: str) -> str:
    return times.in_words(_seconds(start, end))


def _seconds(start: str, end: str) -> int:
    return max(round((times.from_text(end) - times.from_text(start)).total_seconds()), 0)
