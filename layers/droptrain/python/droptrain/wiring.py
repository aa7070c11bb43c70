"""The one place that makes clients and puts use cases together from the settings."""

from datetime import UTC, datetime
from importlib import resources

import boto3
from botocore.config import Config

from droptrain.announce import Announce
from droptrain.aws.bucket import Bucket
from droptrain.aws.job_queue import JobQueue
from droptrain.aws.notices import NoticeTopic
from droptrain.aws.run_table import RunTable
from droptrain.aws.waiting_list import WaitingList
from droptrain.blocked import Blocked
from droptrain.cancel import Cancel
from droptrain.domain.pricing import PriceList, read_price_list
from droptrain.launch import Launch
from droptrain.query import Query
from droptrain.reconcile import Reconcile
from droptrain.settings import Settings
from droptrain.track import Track

# A lost answer of SubmitJob must not be answered by a second SubmitJob.
_NO_RETRIES = Config(retries={"total_max_attempts": 1}, connect_timeout=3, read_timeout=10)
_RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=3, read_timeout=10)


class Wiring:
    """Use cases over one session; a client is made when the first use case needs it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session = boto3.Session(region_name=settings.aws_region)
        dynamodb = self._session.client("dynamodb", config=_RETRIES)
        self._table = RunTable(dynamodb, settings.table_name)
        self._waiting = WaitingList(dynamodb, settings.table_name)

    def launch(self) -> Launch:
        """Uploads and requests become runs."""
        settings = self._settings
        return Launch(
            self._bucket(),
            self._table,
            self._waiting,
            self._jobs(),
            self._prices(),
            settings.default_instance_type,
            now,
        )

    def track(self) -> Track:
        """Batch's word becomes the record."""
        return Track(self._bucket(), self._table, self._prices(), self._settings.default_instance_type, now)

    def announce(self) -> Announce:
        """Ends, and what needs people, become notices."""
        topic = NoticeTopic(self._session.client("sns", config=_RETRIES), self._settings.notices_topic_arn)
        return Announce(self._table, self._waiting, topic, self._settings.bucket_name, now)

    def blocked(self) -> Blocked:
        """Blocked queues become notices."""
        return Blocked(self.announce())

    def reconcile(self) -> Reconcile:
        """What events left undone is finished."""
        launch, track, announce = self.launch(), self.track(), self.announce()
        return Reconcile(self._table, self._waiting, self._jobs(), launch, track, announce, now)

    def cancel(self) -> Cancel:
        """Runs end on request."""
        return Cancel(self._table, self._jobs(), now)

    def query(self) -> Query:
        """Runs are read."""
        return Query(self._table, self._waiting, self._bucket())

    def _bucket(self) -> Bucket:
        return Bucket(self._session.client("s3", config=_RETRIES), self._settings.bucket_name)

    def _jobs(self) -> JobQueue:
        settings = self._settings
        return JobQueue(
            self._session.client("batch", config=_RETRIES),
            self._session.client("batch", config=_NO_RETRIES),
            settings.spot_job_queue_arn,
            settings.on_demand_job_queue_arn,
            settings.job_definition_arn,
        )

    def _prices(self) -> PriceList:
        text = (resources.files("droptrain") / "data" / "gpu_on_demand_prices.csv").read_text("utf-8")
        return read_price_list(text, self._settings.aws_region)


def now() -> datetime:
    """The current moment, in UTC."""
    return datetime.now(UTC)
