"""The stack's own image repository in Amazon ECR: whether there is an image to train with."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from droptrain_core.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_ecr import ECRClient


class ImageRepository:
    """One repository, asked for an image until it is there; the client is made by the first question."""

    def __init__(self, make_client: "Callable[[], ECRClient]", name: str) -> None:
        self._make_client = make_client
        self._name = name
        self._seen: set[str] = set()

    def lacks_image(self, tag: str) -> bool:
        """Whether no image was pushed with that tag yet.

        False unless ECR clearly says so, because the job then finds out. A process remembers
        an image that it has seen and doesn't ask again, also if it is deleted later.
        """
        if tag in self._seen:
            return False
        try:
            has_image = _has_image(self._make_client(), self._name, tag)
        except (BotoCoreError, ClientError) as error:
            logger.warning(
                "ECR doesn't say whether there is an image; launching", extra={"error": str(error)}
            )
            return False
        if has_image:
            self._seen.add(tag)
        return not has_image


def _has_image(ecr_client: "ECRClient", name: str, tag: str) -> bool:
    missing = ecr_client.exceptions
    try:
        found = ecr_client.describe_images(repositoryName=name, imageIds=[{"imageTag": tag}])
    except (missing.ImageNotFoundException, missing.RepositoryNotFoundException):
        return False
    return bool(found["imageDetails"])
