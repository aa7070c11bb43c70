"""The adapters of AWS over the clients of one session, from the settings.

Each is imported where it is built, so that a function loads only its own at a cold start.
"""

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config

from droptrain_core.aws.client_configs import NO_RETRIES, RETRIES, SIGNS, SOON
from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.aws.run_table import RunTable
from droptrain_core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client

    from droptrain_core.aws.accounts import Accounts
    from droptrain_core.aws.bucket import Bucket
    from droptrain_core.aws.image_repository import ImageRepository
    from droptrain_core.aws.job_queue import JobQueue
    from droptrain_core.aws.logs import TrainingLogs
    from droptrain_core.aws.model_files import ModelFiles
    from droptrain_core.aws.model_pointers import ModelPointers
    from droptrain_core.aws.model_table import ModelTable
    from droptrain_core.aws.notices import NoticeTopic
    from droptrain_core.aws.pass_position import PassPosition
    from droptrain_core.aws.price_table import PriceTable
    from droptrain_core.aws.queue_instances import QueueInstances
    from droptrain_core.aws.queue_watch import QueueWatch
    from droptrain_core.aws.retrain_table import RetrainTable
    from droptrain_core.aws.run_costs import RunCosts
    from droptrain_core.aws.run_files import RunFiles
    from droptrain_core.aws.schedules import Schedules
    from droptrain_core.aws.signed_requests import SignedRequests
    from droptrain_core.aws.sweep_table import SweepTable
    from droptrain_core.aws.wake_ups import WakeUps


class Adapters:
    """A client is made when the first adapter needs it.

    `clients` makes one for a service, with its config, in a region. Without it a session of botocore does.
    """

    def __init__(
        self,
        settings: Settings,
        clients: "Callable[[str, Config, str], Any] | None" = None,
        clock: "Callable[[], datetime] | None" = None,
    ) -> None:
        self._settings = settings
        self._clients = clients or self._client_of_session
        self._clock = clock or now
        self._dynamodb = self._client("dynamodb", RETRIES)
        self._table = RunTable(self._dynamodb, settings.table_name)
        self._datasets = DatasetTable(self._dynamodb, settings.table_name)

    @cached_property
    def _sweeps(self) -> "SweepTable":
        from droptrain_core.aws.sweep_table import SweepTable

        return SweepTable(self._dynamodb, self._settings.table_name)

    def _wake_ups(self) -> "WakeUps":
        from droptrain_core.aws.wake_ups import WakeUps

        return WakeUps(lambda: self._client("sqs", RETRIES), self._settings.uploads_queue_url)

    def _retrainings(self) -> "RetrainTable":
        from droptrain_core.aws.retrain_table import RetrainTable

        return RetrainTable(self._dynamodb, self._settings.table_name)

    def _schedules(self) -> "Schedules":
        from droptrain_core.aws.schedules import Schedules

        owner = self._settings
        return Schedules(
            lambda: self._client("scheduler", RETRIES), owner.stack_id, owner.schedule_group,
            owner.schedule_role, owner.uploads_queue_url, owner.uploads_dead_letters,
        )  # fmt: skip

    def _queues(self) -> "QueueWatch":
        from droptrain_core.aws.queue_watch import QueueWatch

        return QueueWatch(self._dynamodb, self._settings.table_name)

    def _instances(self) -> "QueueInstances":
        from droptrain_core.aws.queue_instances import QueueInstances

        kinds = self._settings.queue_kinds
        return QueueInstances(lambda: self._client("ec2", RETRIES), self._settings.stack_id, kinds)

    @cached_property
    def _jobs(self) -> "JobQueue":
        from droptrain_core.aws.job_queue import JobQueue

        client, submitter = self._client("batch", RETRIES), self._client("batch", NO_RETRIES)
        return JobQueue(client, submitter, self._settings.compute, self._settings.stack_id)

    def _images(self) -> "ImageRepository | None":
        from droptrain_core.aws.image_repository import ImageRepository

        name = self._settings.image_repository
        return ImageRepository(lambda: self._client("ecr", SOON), name) if name else None

    @cached_property
    def _prices(self) -> "PriceTable":
        from droptrain_core.aws.price_table import PriceTable
        from droptrain_core.shipped_prices import shipped_prices

        shipped = shipped_prices(self._settings.aws_region)
        return PriceTable(self._dynamodb, self._settings.table_name, shipped)

    def _accounts(self) -> "Accounts":
        from droptrain_core.aws.accounts import Accounts

        return Accounts(self._dynamodb, self._settings.table_name)

    def _costs(self) -> "RunCosts":
        from droptrain_core.aws.run_costs import RunCosts

        return RunCosts(self._dynamodb, self._settings.table_name)

    def _position(self) -> "PassPosition":
        from droptrain_core.aws.pass_position import PassPosition

        return PassPosition(self._dynamodb, self._settings.table_name)

    def _pointers(self) -> "ModelPointers":
        from droptrain_core.aws.model_pointers import ModelPointers

        return ModelPointers(self._s3, self._settings.bucket_name)

    @cached_property
    def _models(self) -> "ModelTable":
        from droptrain_core.aws.model_table import ModelTable

        return ModelTable(self._dynamodb, self._settings.table_name)

    def _model_files(self) -> "ModelFiles":
        from droptrain_core.aws.model_files import ModelFiles

        return ModelFiles(self._s3, self._settings.bucket_name)

    def _bucket(self) -> "Bucket":
        from droptrain_core.aws.bucket import Bucket

        return Bucket(self._s3, self._settings.bucket_name)

    def _run_files(self) -> "RunFiles":
        from droptrain_core.aws.run_files import RunFiles

        return RunFiles(self._s3, self._settings.bucket_name)

    def _logs(self) -> "TrainingLogs":
        from droptrain_core.aws.logs import TrainingLogs

        return TrainingLogs(self._client("logs", RETRIES))

    def _signed(self) -> "SignedRequests":
        from droptrain_core.aws.signed_requests import SignedRequests

        return SignedRequests(self._signing_s3, self._settings.bucket_name)

    def _topic(self) -> "NoticeTopic":
        from droptrain_core.aws.notices import NoticeTopic

        return NoticeTopic(self._sns, self._settings.notices_topic_arn)

    @cached_property
    def _session(self) -> botocore.session.Session:
        return botocore.session.get_session()

    @cached_property
    def _events(self) -> "EventBridgeClient":
        return self._client("events", RETRIES)

    @cached_property
    def _sns(self) -> Any:
        return self._client("sns", RETRIES)

    @cached_property
    def _s3(self) -> "S3Client":
        return self._client("s3", RETRIES)

    @cached_property
    def _signing_s3(self) -> "S3Client":
        return self._client("s3", SIGNS)

    def _client(self, service: str, config: Config, region: str | None = None) -> Any:
        return self._clients(service, config, region or self._settings.aws_region)

    def _client_of_session(self, service: str, config: Config, region: str) -> Any:
        return self._session.create_client(service, region, config=config)


def now() -> datetime:
    """The current moment, in UTC."""
    return datetime.now(UTC)
