"""Datasets: signed uploads, removal."""

from typing import Annotated

import use_cases
from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from dataset_models import DeletedView, UploadList, UploadRequest
from droptrain.telemetry import logger
from models import DATASET_PATTERN, PROJECT_PATTERN
from problems import documented

router = APIGatewayHttpRouter()

Project = Annotated[str, Path(pattern=PROJECT_PATTERN, description="The project's name")]
Dataset = Annotated[str, Path(pattern=DATASET_PATTERN, description="The dataset's name")]


@router.post(
    "/projects/<project>/datasets/<dataset>/uploads",
    responses=documented({200: (UploadList, "The requests")}, "malformed-json", "invalid-request"),
)
def sign_uploads(project: Project, dataset: Dataset, body: UploadRequest) -> UploadList:
    """Sign the requests that drop files into a dataset, for one hour."""
    return UploadList.of(use_cases.datasets().uploads(project, dataset, body.to_files()))


@router.delete(
    "/projects/<project>/datasets/<dataset>",
    responses=documented({200: (DeletedView, "What is gone")}, "in-use", "invalid-request", "refused-by-aws"),
)
def delete_dataset(project: Project, dataset: Dataset) -> DeletedView:
    """Delete a dataset in every version, with the copies that its runs had pinned."""
    deleted = use_cases.datasets().delete(project, dataset)
    logger.info("Deleted %s versions of %s/%s", deleted.versions, project, dataset)
    return DeletedView(deleted=deleted.versions, complete=deleted.complete)
