"""Sweeps: start, list, read, cancel."""

from typing import Annotated

import use_cases
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from droptrain_core.domain.sweeps.order import SweepOrder
from droptrain_core.telemetry import logger, metrics
from models import RUN_ID_PATTERN, ProjectName
from problems import documented
from run_routes import Cursor, IdempotencyKey, Limit, caller, claim_of
from sweep_models import SweepList, SweepRequest, SweepSummaryView, SweepView

router = APIGatewayHttpRouter()

SweepId = Annotated[
    str,
    Path(pattern=RUN_ID_PATTERN, description="The sweep's id, such as penguins-first-sweep-9a8869ef2b6a"),
]


@router.post(
    "/sweeps",
    responses=documented(
        {
            200: (SweepSummaryView, "The existing sweep, or that of a dry run"),
            202: (SweepSummaryView, "The new sweep"),
        },
        "malformed-json",
        "not-found",
        "not-ready",
        "invalid-request",
        "bad-overrides",
        "sweep-refused",
        "idempotency-key-reused",
        "refused-by-aws",
        "busy",
        "paused",
    ),
)
def start_sweep(body: SweepRequest, idempotency_key: IdempotencyKey = None) -> Response[SweepSummaryView]:
    """Start a sweep, or find the one that this data, code, recipe and these settings already have.

    All its trials train on the same versions of data, code and recipe. One reservation holds what they may
    cost. With `dry_run` nothing is started: the answer is the sweep as it would be now, with its estimate.
    """
    who = caller(router.current_event)
    order = SweepOrder(
        body.project,
        body.dataset,
        body.given,
        body.seed,
        body.overrides.model_dump(exclude_defaults=True, exclude_none=True),
        body.force,
    )
    if body.dry_run:
        return Response(
            200, "application/json", SweepSummaryView.of(use_cases.sweeps().dry_run(order, caller=who))
        )
    request = claim_of(idempotency_key, who, body)
    sweep, new = use_cases.sweeps().request(order, caller=who, request=request)
    logger.append_keys(sweep_id=sweep.sweep_id)
    if new:
        metrics.add_metric("SweepsStarted", "Count", 1)
    return Response(202 if new else 200, "application/json", SweepSummaryView.of(sweep))


@router.get("/sweeps", responses=documented({200: (SweepList, "A page")}, "bad-cursor", "invalid-request"))
def list_sweeps(
    project: Annotated[ProjectName | None, Query(description="Only sweeps of this project")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> SweepList:
    """List sweeps, newest first, without their trials."""
    listing = use_cases.query_sweeps().sweeps(project=project, limit=limit, cursor=cursor)
    views = [SweepSummaryView.of(sweep) for sweep in listing.sweeps]
    return SweepList(sweeps=views, cursor=listing.cursor)


@router.get(
    "/sweeps/<sweep_id>",
    responses=documented({200: (SweepView, "The sweep")}, "not-found", "invalid-request"),
)
def read_sweep(sweep_id: SweepId) -> SweepView:
    """Read one sweep with its trials, as they are now."""
    return SweepView.of_details(use_cases.query_sweeps().sweep(sweep_id))


@router.post(
    "/sweeps/<sweep_id>/cancel",
    responses=documented(
        {202: (SweepSummaryView, "The sweep")}, "not-found", "already-finished", "invalid-request", "busy"
    ),
)
def cancel_sweep(sweep_id: SweepId) -> Response[SweepSummaryView]:
    """Cancel a sweep: it starts no more trials, and its running trials are cancelled."""
    sweep = use_cases.cancel_sweep().sweep(sweep_id, caller(router.current_event))
    return Response(202, "application/json", SweepSummaryView.of(sweep))
