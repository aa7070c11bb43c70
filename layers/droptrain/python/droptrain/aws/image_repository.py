"""The stack's own image repository in Amazon ECR: whether there is an image to train with."""

from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from droptrain.telemetry import logger

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

    @cached_property
    def _client(self) -> "ECRClient":
        return self._make_client()

    def lacks_image(self) -> bool:
        """Whether nothing was pushed yet. Only a clear word of ECR counts: when it doesn't answer, or may not
        be asked, a job finds out by itself.

        An image that was seen is remembered, so that a process asks once; one deleted later isn't missed.
        """
        if self._seen:
            return False
        missing = self._client.exceptions
        try:
            self._client.describe_images(repositoryName=self._name, imageIds=[{"imageTag": TAG}])
        except (missing.ImageNotFoundException, missing.RepositoryNotFoundException):
            return True
        except (BotoCoreError, ClientError) as error:
            logger.warning(
                "ECR doesn't say whether there is an image; launching", extra={"error": str(error)}
            )
            return False
        self._seen = True
        return False
