"""The notices of a project's current model: promoted, gone back to an earlier one, or without files."""

from droptrain_core.domain.errors import Cause
from droptrain_core.domain.notices import cause_text
from droptrain_core.domain.notices import rows as facts
from droptrain_core.domain.notices.events import (
    EventMetric,
    ModelPromoted,
    ModelRolledBack,
    RunNeedsAttention,
)
from droptrain_core.domain.notices.message import Message, Section
from droptrain_core.domain.notices.notice import ATTENTION, Notice, Places
from droptrain_core.domain.runs.promotion import GATE, Promotion, copy_prefix, export_prefix
from droptrain_core.domain.runs.run import run_prefix

PROMOTED = "PROMOTED"
ROLLED_BACK = "ROLLED_BACK"


def of_promotion(promotion: Promotion, places: Places) -> Notice:
    """The notice that a model is current now, and that its files are in place."""
    is_rollback = promotion.kind == "rolled_back"
    outcome = ROLLED_BACK if is_rollback else PROMOTED
    project, run_id = promotion.project, promotion.run_id
    export = f"s3://{places.bucket}/{copy_prefix(project, run_id)}"
    metric = promotion.metric
    by = "the gate of its recipe" if promotion.by == GATE else promotion.by
    does = "went back to the model of" if is_rollback else "has a new current model, of"
    metrics = tuple((name, f"{value:.6g}") for name, value in promotion.metrics.items())
    message = Message(
        subject=f"{outcome} {project} {run_id}" + (f" {metric.name}={metric.value:.4g}" if metric else ""),
        headline=f"{project} {does} {run_id}.",
        sections=(
            Section("Metrics", metrics, width=24),
            Section("Facts", (
                ("Run", run_id), ("Dataset", promotion.dataset), ("Promoted", f"{promotion.at} by {by}"),
                ("Model", export),
            )),
        ),
        commands=(
            (f"droptrain models {project}", "lists the promoted models"),
            (f"droptrain rollback {project}", "goes back to the model before"),
        ),
        keywords=(project, outcome),
        thread=f"model-{project}",
    )  # fmt: skip
    event = (ModelRolledBack if is_rollback else ModelPromoted)(
        project=project,
        number=promotion.number,
        run_id=run_id,
        dataset=promotion.dataset,
        export=export,
        run=f"s3://{places.bucket}/{run_prefix(project, run_id)}",
        metric=EventMetric(metric.name, metric.goal, metric.value) if metric else None,
        metrics=dict(promotion.metrics),
        promoted_at=promotion.at,
        promoted_by=promotion.by,
        inputs_digest=promotion.inputs_digest,
    )
    return Notice(message, event, project, outcome)


def of_missing(promotion: Promotion, served: Promotion | None, places: Places) -> Notice:
    """The notice that a promoted model can't be published; `served` is the one that `current.json` names."""
    project, run_id = promotion.project, promotion.run_id
    folder = f"s3://{places.bucket}/{export_prefix(project, run_id)}"
    still = f"current.json still names the model of {served.run_id}" if served else "there is no current.json"
    cause = Cause(
        "model_missing",
        f"{folder} was emptied before its files were copied. So {still}.",
        f"Go back to an earlier model, or promote another run. If you restore the files, promote {run_id} "
        "again.",
    )
    back = ((f"droptrain rollback {project}", "goes back to the model before"),) if promotion.back_to else ()
    message = Message(
        subject=f"MISSING model of {run_id}",
        headline=f"{project}: the model of {run_id} was promoted at {promotion.at}, and its files are gone.",
        lead=tuple(cause_text.of(cause)),
        commands=(
            *back,
            (f"droptrain models {project}", "lists the promoted models"),
            ("droptrain promote RUN", "makes the model of another run current"),
        ),
        keywords=(project, ATTENTION),
        thread=f"model-{project}",
    )
    event = RunNeedsAttention(
        project=project,
        dataset=promotion.dataset,
        run_id=run_id,
        cause=facts.event_cause(cause),
        since=promotion.at,
    )
    return Notice(message, event, project, ATTENTION)
