"""Projects and their datasets: read, list, signed uploads, removal."""

from typing import Annotated

import use_cases
from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from dataset_models import DatasetDetailsView, DatasetList, DeletedView, UploadList, UploadRequest
from droptrain_core.domain.datasets.dataset import data_prefix
from droptrain_core.telemetry import logger
from models import DATASET_PATTERN, PROJECT_PATTERN
from problems import documented
from project_models import ProjectDetailsView
from run_routes import Cursor, Limit, caller

router = APIGatewayHttpRouter()

Project = Annotated[str, Path(pattern=PROJECT_PATTERN, description="The project's name")]
Dataset = Annotated[str, Path(pattern=DATASET_PATTERN, description="The dataset's name")]


@router.get(
    "/projects/<project>",
    responses=documented({200: (ProjectDetailsView, "The project")}, "not-found", "invalid-request"),
)
def read_project(project: Project) -> ProjectDetailsView:
    """Read one project: its newest run, the datasets that lack files, and when it trains again."""
    found, retraining = use_cases.query().project(project), use_cases.read_retraining().of(project)
    return ProjectDetailsView.with_retraining(found, use_cases.settings.bucket_name, retraining)


@router.get(
    "/projects/<project>/datasets",
    responses=documented({200: (DatasetList, "A page")}, "bad-cursor", "not-found", "invalid-request"),
)
def list_datasets(project: Project, limit: Limit = 100, cursor: Cursor = None) -> DatasetList:
    """List the datasets of a project that have files, by name."""
    return DatasetList.of(use_cases.query().datasets(project, limit=limit, cursor=cursor))


@router.get(
    "/projects/<project>/datasets/<dataset>",
    responses=documented({200: (DatasetDetailsView, "The dataset")}, "not-found", "invalid-request"),
)
def read_dataset(project: Project, dataset: Dataset) -> DatasetDetailsView:
    """Read one dataset: its files, what it waits for, what its data look like, and the runs that used it.

    The first 100 files, and the newest 20 runs or fewer: an answer has room for 6 MB.
    """
    found = use_cases.query().dataset(project, dataset)
    return DatasetDetailsView.of(found, data_prefix(project, dataset), use_cases.settings.bucket_name)


@router.post(
    "/projects/<project>/datasets/<dataset>/uploads",
    responses=documented(
        {200: (UploadList, "The requests")}, "malformed-json", "not-ready", "invalid-request"
    ),
)
def sign_uploads(project: Project, dataset: Dataset, body: UploadRequest) -> UploadList:
    """Sign requests that drop files into a dataset within one hour.

    Each request is good for one version of its file: S3 refuses it as soon as there is another version.
    """
    uploads = use_cases.datasets().uploads(project, dataset, body.to_files())
    return UploadList.of(project, dataset, uploads)


@router.delete(
    "/projects/<project>/datasets/<dataset>",
    responses=documented(
        {200: (DeletedView, "The number of deleted versions")}, "in-use", "invalid-request", "refused-by-aws"
    ),
)
def delete_dataset(project: Project, dataset: Dataset) -> DeletedView:
    """Delete every version of a dataset, and the copies of it that its runs pinned."""
    deleted = use_cases.datasets().delete(project, dataset, caller(router.current_event))
    logger.info("Deleted %s versions of %s/%s", deleted.versions, project, dataset)
    return DeletedView(deleted=deleted.versions, complete=deleted.complete)
