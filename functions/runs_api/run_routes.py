"""Runs: launch, list, read, cancel; projects with their newest run; what the month has cost."""

import hashlib
import time
from typing import TYPE_CHECKING, Annotated, Any, Literal

import use_cases
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Header, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from droptrain_core.domain.datasets.dataset import digest
from droptrain_core.domain.runs.claims import RequestClaim
from droptrain_core.domain.runs.run import Run, Status
from droptrain_core.telemetry import logger, metrics
from models import (
    RUN_ID_PATTERN,
    BudgetView,
    CostList,
    DatasetName,
    LaunchRequest,
    ProjectList,
    ProjectName,
    ProjectView,
    RunList,
    RunView,
    RunWords,
    StatusView,
    Tag,
)
from problems import documented
from pydantic import BaseModel

if TYPE_CHECKING:
    from droptrain_core.launch.requests import LaunchRequests

_KEY_LIVES_SECONDS = 24 * 3600

router = APIGatewayHttpRouter()

RunId = Annotated[
    str, Path(pattern=RUN_ID_PATTERN, description="The run's id, such as penguins-first-9a8869ef2b6a")
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="idempotency-key",
        min_length=1,
        max_length=255,
        description="A repeated request with this key has the same answer, for 24 hours",
    ),
]
KnownTags = Annotated[
    str | None,
    Header(alias="if-none-match", description="ETags; 304 if the run hasn't changed since"),
]
Limit = Annotated[int, Query(ge=1, le=100, description="The most entries in the answer")]
Cursor = Annotated[str | None, Query(max_length=2000, description="The cursor of the previous page")]
Month = Annotated[
    str | None,
    Query(
        pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$",
        description="A month in UTC, such as 2026-11; default: the current month",
    ),
]
Versions = Annotated[
    str | None,
    Query(
        pattern=r"^[^,\s]+(,[^,\s]+){0,99}$",
        max_length=8000,
        description="Version ids of S3, separated by commas: only runs that have all of them as inputs",
    ),
]


@router.post(
    "/runs",
    responses=documented(
        {
            200: (RunView, "The existing run, or that of a dry run"),
            202: (RunView, "The new run"),
        },
        "malformed-json",
        "not-found",
        "not-ready",
        "invalid-request",
        "bad-overrides",
        "idempotency-key-reused",
        "refused-by-aws",
        "busy",
        "paused",
    ),
)
def launch_run(body: LaunchRequest, idempotency_key: IdempotencyKey = None) -> Response[RunView]:
    """Launch a run, or find the one that these inputs, recipe, code and overrides already have.

    With `from_run`, train again what that run trained: with its settings or the recipe's, on the newest data
    and code or on the very versions that it had. With `dry_run` nothing is launched: the answer is the run as
    it would be now, with its estimate, or REJECTED with the cause.
    """
    launch, who = use_cases.launch(), caller(router.current_event)
    pinned = body.from_run if body.versions == "pinned" else None
    if body.dry_run:
        if pinned:
            return _answer(200, launch.dry_repeat(pinned, caller=who))
        return _answer(200, launch.dry_run(**_asked(launch, body), caller=who))
    request = claim_of(idempotency_key, who, body)
    again = body.prepare_again
    if pinned:
        run, new = launch.repeat(pinned, caller=who, prepare_again=again, request=request)
    else:
        asked = _asked(launch, body)
        run, new = launch.request(**asked, caller=who, prepare_again=again, request=request)
    if new:
        metrics.add_metric("RunsRejected" if run.status == "REJECTED" else "RunsLaunched", "Count", 1)
    return _answer(202 if new else 200, run)


@router.get(
    "/runs", responses=documented({200: (RunList, "A page")}, "bad-cursor", "not-found", "invalid-request")
)
def list_runs(  # noqa: PLR0913  one parameter for each of the query
    project: Annotated[ProjectName | None, Query(description="Only runs of this project")] = None,
    dataset: Annotated[DatasetName | None, Query(description="Only runs of this dataset")] = None,
    status: Annotated[Status | None, Query(description="Only runs with this status")] = None,
    tag: Annotated[Tag | None, Query(description="Only runs with this tag")] = None,
    versions: Versions = None,
    sweep: Annotated[
        str | None,
        Query(pattern=RUN_ID_PATTERN, description="Only the trials of this sweep, the last first"),
    ] = None,
    sort: Annotated[
        Literal["time", "metric"], Query(description="Newest first, or best first by the headline metric")
    ] = "time",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> RunList:
    """List runs, newest first.

    With `sort=metric` the runs of a project that succeeded, best first: by the headline metric of its newest
    run.

    A page can be short, or empty, and still have a cursor: an answer has room for 6 MB, and a filtered page
    looks at 500 runs at most.
    """
    if sort == "metric" and not project:
        wrong = {"type": "no_project", "loc": ("query", "project"), "msg": "sort=metric needs a project"}
        raise RequestValidationError([wrong])
    if sweep:
        if project or dataset or status or tag or versions or sort == "metric":
            raise RequestValidationError([_alone()])
        runs, after = use_cases.query_sweeps().runs(sweep, limit=limit, cursor=cursor)
        views = [RunView.of(run, use_cases.settings.bucket_name) for run in runs]
        return RunList(runs=views, cursor=after)
    listing = use_cases.query().runs(
        project=project,
        dataset=dataset,
        status=status,
        tag=tag,
        versions=frozenset(versions.split(",")) if versions else frozenset(),
        by_metric=sort == "metric",
        limit=limit,
        cursor=cursor,
    )
    views = [RunView.of(run, use_cases.settings.bucket_name) for run in listing.runs]
    return RunList(runs=views, cursor=listing.cursor)


@router.get(
    "/runs/<run_id>",
    responses=documented(
        {200: (RunView, "The run"), 304: (RunView, "The run hasn't changed")}, "not-found", "invalid-request"
    ),
)
def read_run(run_id: RunId, if_none_match: KnownTags = None) -> Response[RunView | None]:
    """Read one run."""
    run = use_cases.query().run(run_id)
    tag = f'"{hashlib.sha256(repr(run).encode()).hexdigest()[:32]}"'
    known = {each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")}
    if known & {tag, "*"}:
        return Response(304, headers={"ETag": tag})
    return _answer(200, run, tag)


@router.patch(
    "/runs/<run_id>",
    responses=documented(
        {200: (RunView, "The run")}, "malformed-json", "not-found", "invalid-request", "busy"
    ),
)
def describe_run(run_id: RunId, body: RunWords) -> Response[RunView]:
    """Name a run, write a note about it, or tag it.

    A field that is left out stays as it is, and the last of two writers of a field wins. This changes nothing
    else of the run, in whatever state it is.
    """
    return _answer(200, use_cases.describe().run(run_id, body.model_dump(exclude_unset=True)))


@router.post(
    "/runs/<run_id>/cancel",
    responses=documented({202: (RunView, "The run")}, "not-found", "already-finished", "invalid-request"),
)
def cancel_run(run_id: RunId) -> Response[RunView]:
    """Cancel a run in any state."""
    return _answer(202, use_cases.cancel().run(run_id, caller(router.current_event)))


@router.get(
    "/projects", responses=documented({200: (ProjectList, "A page")}, "bad-cursor", "invalid-request")
)
def list_projects(limit: Limit = 20, cursor: Cursor = None) -> ProjectList:
    """List projects by name, each with its newest run and the datasets that lack files."""
    listing = use_cases.query().projects(limit=limit, cursor=cursor)
    views = [ProjectView.of(project, use_cases.settings.bucket_name) for project in listing.projects]
    return ProjectList(projects=views, cursor=listing.cursor)


@router.get("/budget", responses=documented({200: (BudgetView, "The caps and what is left of them")}))
def read_budget() -> BudgetView:
    """Read how much of the stack's caps this month's runs have spent and reserved."""
    return BudgetView.of(use_cases.spending().this_month())


@router.get("/costs", responses=documented({200: (CostList, "A part")}, "bad-cursor", "invalid-request"))
def read_costs(month: Month = None, cursor: Cursor = None) -> CostList:
    """Read what the runs launched in a month cost, by day and project, with or without a cap.

    A part covers some 1,500 runs, newest first.
    """
    return CostList.of(use_cases.costs().by_day(month, cursor))


@router.get("/status", responses=documented({200: (StatusView, "Whether anything is launched")}))
def read_status() -> StatusView:
    """Read whether the stack's owner has paused it, and why."""
    return StatusView(paused=use_cases.settings.paused or None)


def _alone() -> dict[str, Any]:
    return {"type": "sweep_alone", "loc": ("query", "sweep"), "msg": "sweep goes without other filters"}


def _asked(launch: "LaunchRequests", body: LaunchRequest) -> dict[str, Any]:
    """The dataset to launch, and how: of a run that is trained again, its own and with its settings."""
    how = {
        "overrides": body.overrides.model_dump(exclude_defaults=True, exclude_none=True),
        "force": body.force,
    }
    if not body.from_run:
        return {"project": body.project, "dataset": body.dataset or "", "rerun": body.rerun, **how}
    project, dataset, kept = launch.of_run(body.from_run, keeps_settings=body.settings == "run")
    return {"project": project, "dataset": dataset, "rerun": True, "kept": kept, **how}


def _answer(status: int, run: Run, tag: str | None = None) -> Response[Any]:
    logger.append_keys(run_id=run.run_id)
    headers = {"ETag": tag} if tag else {}
    return Response(status, "application/json", RunView.of(run, use_cases.settings.bucket_name), headers)


def claim_of(key: str | None, who: str, body: BaseModel) -> RequestClaim | None:
    """The claim of a request's idempotency key, if it has one: for this caller and this body."""
    if not key:
        return None
    expires_at = int(time.time()) + _KEY_LIVES_SECONDS
    return RequestClaim(digest(who, key), digest(body.model_dump_json()), expires_at)


def caller(event: Any) -> str:
    """The ARN of a request's caller."""
    arn: str = event.request_context.authorizer.iam.user_arn
    return arn
