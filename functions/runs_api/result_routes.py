"""What a run left, and what it was made of: its log, its metrics, its files, its code."""

from typing import Annotated

import use_cases
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from droptrain_core.domain.runs.preparation import JobStep
from problems import documented
from result_models import ArtifactList, LogPage, MetricSeries, SourceList, SourceTextView, TimingView
from run_routes import Cursor, Limit, RunId

router = APIGatewayHttpRouter()

OfStep = Annotated[JobStep | None, Query(description="Only the log of this step of the run")]
Lines = Annotated[int, Query(ge=1, le=1000, description="The most entries in the answer")]
SourcePath = Annotated[
    str, Query(min_length=1, max_length=1024, description="The file, such as code/train.py or train.yaml")
]


@router.get(
    "/runs/<run_id>/logs",
    responses=documented({200: (LogPage, "A page")}, "bad-cursor", "not-found", "invalid-request"),
)
def read_logs(run_id: RunId, limit: Lines = 1000, cursor: Cursor = None, step: OfStep = None) -> LogPage:
    """Read the run's log across all attempts, oldest line first."""
    return LogPage.of(use_cases.results().logs(run_id, limit=limit, cursor=cursor, step=step))


@router.get(
    "/runs/<run_id>/metrics",
    responses=documented({200: (MetricSeries, "The series")}, "not-found", "invalid-request"),
)
def read_metrics(run_id: RunId) -> MetricSeries:
    """Read every metric of a run by step."""
    return MetricSeries.of(use_cases.results().metrics(run_id))


@router.get(
    "/runs/<run_id>/timing",
    responses=documented({200: (TimingView, "The timing")}, "not-found", "invalid-request"),
)
def read_timing(run_id: RunId) -> TimingView:
    """Read which part a run is in, how long each part of its last attempt took, and what is usual."""
    return TimingView.of(use_cases.read_timing().of(run_id))


@router.get(
    "/runs/<run_id>/artifacts",
    responses=documented({200: (ArtifactList, "A page")}, "bad-cursor", "not-found", "invalid-request"),
)
def list_artifacts(run_id: RunId, limit: Limit = 100, cursor: Cursor = None) -> ArtifactList:
    """List the run's files, each with a link that works for one hour without credentials."""
    return ArtifactList.of(use_cases.results().artifacts(run_id, limit=limit, cursor=cursor))


@router.get(
    "/runs/<run_id>/code",
    responses=documented(
        {200: (SourceList, "A page")}, "bad-cursor", "not-found", "changed-plan", "invalid-request"
    ),
)
def list_code(run_id: RunId, limit: Lines = 1000, cursor: Cursor = None) -> SourceList:
    """List the code files that a run trained with, and its recipe, with their versions, by path."""
    return SourceList.of(use_cases.read_sources().list(run_id, limit=limit, cursor=cursor))


@router.get(
    "/runs/<run_id>/code/text",
    responses=documented({200: (SourceTextView, "The text")}, "not-found", "changed-plan", "invalid-request"),
)
def read_code(run_id: RunId, path: SourcePath) -> SourceTextView:
    """Read one of these files, in the version that the run trained with; at most 256 KiB of text."""
    return SourceTextView.of(use_cases.read_sources().text(run_id, path))
