"""The notice of a sweep's end."""

from collections.abc import Mapping

from droptrain_core.domain.notices import cause_text
from droptrain_core.domain.notices import rows as facts
from droptrain_core.domain.notices.events import EventTrial, EventTrials, SweepFinished
from droptrain_core.domain.notices.message import Message, Rows, Section
from droptrain_core.domain.notices.notice import ModelChanges, Notice, Places
from droptrain_core.domain.runs.model_pointer import Name, Standing
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.sweeps.sweep import Best, Counts, Sweep
from droptrain_core.domain.sweeps.sweep import Standing as SweepStanding

_MOST_IMPORTANT = 5


def of_end(sweep: Sweep, best: Run | None, places: Places, models: ModelChanges) -> Notice:
    """The notice of an ended sweep; `best` is the run of its best trial, `models` what it changed."""
    standing = sweep.known_standing
    reached = f" {sweep.metric}={standing.best.value:.4g}" if standing.best else ""
    cause: Rows = tuple(cause_text.of(sweep.stop)) if sweep.stop else ()
    message = Message(
        subject=f"{sweep.status} sweep of {sweep.project}/{sweep.dataset}{reached}",
        headline=f"{sweep.project} / {sweep.dataset}: sweep {sweep.status}",
        lead=(*_best(sweep, standing.best), *_models(best, models), *cause),
        sections=(
            Section("Best parameters", _parameters(standing.best), width=24),
            Section("Importance", _importance(standing.importance), width=24),
            Section("Facts", _facts(sweep, standing, places)),
        ),
        commands=_commands(sweep, standing.best),
        keywords=(sweep.project, sweep.dataset, sweep.status),
        thread=sweep.sweep_id,
    )
    return Notice(message, _event(sweep, standing, models.pointers), sweep.project, sweep.status)


def _models(best: Run | None, models: ModelChanges) -> Rows:
    if best is None:
        return ()
    return (*facts.current_model(best, models.before), *facts.models(best, models.pointers))


def _best(sweep: Sweep, best: Best | None) -> Rows:
    if best is None:
        return ()
    return (
        ("Best trial", f"trial {best.trial} with {sweep.metric} {best.value:.4g}, the run {best.run_id}."),
    )


def _parameters(best: Best | None) -> Rows:
    return tuple((name, str(value)) for name, value in best.hyperparameters.items()) if best else ()


def _importance(shares: Mapping[str, float]) -> Rows:
    most = sorted(shares.items(), key=lambda each: -each[1])[:_MOST_IMPORTANT]
    return tuple((name, f"{share:.0%}") for name, share in most)


def _facts(sweep: Sweep, standing: SweepStanding, places: Places) -> Rows:
    counts = standing.counts
    rows = [
        ("Sweep", sweep.sweep_id),
        ("Started", f"{sweep.created_at} by {sweep.created_by}"),
        ("Trials", _trials(sweep, counts)),
    ]
    if sweep.cancelled_by:
        rows.append(("Cancelled by", sweep.cancelled_by))
    most = f", of at most {facts.usd_text(sweep.limit_usd)}" if sweep.limit_usd is not None else ""
    rows.append(("Cost", f"about {facts.usd_text(standing.cost_usd)}{most}, an estimate"))
    if standing.saved_usd is not None:
        rows.append(("Saved", f"about {facts.usd_text(standing.saved_usd)} by stopping early, an estimate"))
    if standing.best:
        rows.append(("Model", f"s3://{places.bucket}/runs/{sweep.project}/{standing.best.run_id}/export/"))
    return tuple(rows)


def _trials(sweep: Sweep, counts: Counts) -> str:
    parts = [f"{counts.succeeded} succeeded"]
    if counts.stopped_early:
        parts[0] += f" ({counts.stopped_early} stopped early)"
    parts += [f"{counts.failed} failed"] if counts.failed else []
    parts += [f"{counts.cancelled} cancelled"] if counts.cancelled else []
    parts += [f"{counts.left} not started"] if counts.left else []
    return f"{sweep.trials} ({sweep.method}): {', '.join(parts)}"


def _commands(sweep: Sweep, best: Best | None) -> Rows:
    show = (f"droptrain sweep show {sweep.sweep_id}", "shows the trials")
    if best is None:
        return (show,)
    return (
        show,
        (f"droptrain get {best.run_id}", "downloads the best model"),
        (f"droptrain rerun {best.run_id}", "trains with the best parameters, on the newest data"),
    )


def _event(sweep: Sweep, standing: SweepStanding, models: Mapping[Name, Standing]) -> SweepFinished:
    assert sweep.status != "RUNNING"
    counts, best = standing.counts, standing.best
    return SweepFinished(
        sweep_id=sweep.sweep_id,
        project=sweep.project,
        dataset=sweep.dataset,
        outcome=sweep.status,
        cause=facts.event_cause(sweep.stop) if sweep.stop else None,
        method=sweep.method,
        metric=sweep.metric,
        goal=sweep.goal,
        trials=EventTrials(
            sweep.trials, counts.succeeded, counts.failed, counts.cancelled, counts.stopped_early
        ),
        best=EventTrial(best.trial, best.run_id, best.value, dict(best.hyperparameters)) if best else None,
        latest_model=facts.event_model(models.get("latest")),
        best_model=facts.event_model(models.get("best")),
        created_at=sweep.created_at,
        ended_at=sweep.ended_at or sweep.updated_at,
        created_by=sweep.created_by,
        cost_usd=standing.cost_usd,
        reserved_usd=sweep.limit_usd,
        saved_usd=standing.saved_usd,
    )
