"""The notices of a project's current model: one was promoted, or the project went back to an earlier one."""

from droptrain_core.domain.notices.events import EventMetric, ModelPromoted, ModelRolledBack
from droptrain_core.domain.notices.message import Message, Section
from droptrain_core.domain.notices.notice import Notice, Places
from droptrain_core.domain.runs.promotion import GATE, Promotion, copy_prefix
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
