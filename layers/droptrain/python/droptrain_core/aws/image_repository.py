"""The stack's own image repository in Amazon ECR: whether there is an image to train with."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from droptrain_core.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_ecr import ECRClient

TAG = "latest"  # the job definition names it


class ImageRepository:
    """One repository, asked until its image is there; the client is made by the first question."""

    def __init__(self, make_client: "Callable[[], ECRClient]", name: str) -> None:
        self._make_client = make_client
        self._name = name
        self._seen = False

    def lacks_image(self) -> bool:
        """Whether no image was pushed yet; False unless ECR clearly says so, because the job then finds out.

        A process remembers an image that it has seen and doesn't ask again, also if it is deleted later.
        """
        if self._seen:
            return False
        try:
            self._seen = _has_image(self._make_client(), self._name)
        except (BotoCoreError, ClientError) as error:
            logger.warning(
                "ECR doesn't say whether there is an image; launching", extra={"error": str(error)}
            )
            return False
        return not self._seen


def _has_image(ecr_client: "ECRClient", name: str) -> bool:
    missing = ecr_client.exceptions
    try:
        found = ecr_client.describe_images(repositoryName=name, imageIds=[{"imageTag": TAG}])
    except (missing.ImageNotFoundException, missing.RepositoryNotFoundException):
        return False
    return bool(found["imageDetails"])
