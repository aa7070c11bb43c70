"""The core on moto (S3, DynamoDB, SNS) and the local Batch engine, with a clock that tests turn."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.config import Config
from droptrain_core.aws.accounts import Accounts
from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.aws.image_repository import ImageRepository
from droptrain_core.aws.job_queue import JobQueue
from droptrain_core.aws.model_pointers import ModelPointers
from droptrain_core.aws.pass_position import PassPosition
from droptrain_core.aws.price_table import PriceTable
from droptrain_core.aws.retrain_table import RetrainTable
from droptrain_core.aws.run_table import RunTable
from droptrain_core.aws.sweep_table import SweepTable
from droptrain_core.aws.wake_ups import LONGEST_DELAY
from droptrain_core.cancel import Cancel
from droptrain_core.datasets import Datasets
from droptrain_core.describe import Describe
from droptrain_core.domain.costs.budget import Budget
from droptrain_core.domain.costs.pricing import PriceList
from droptrain_core.domain.datasets.dataset import Created
from droptrain_core.domain.notices.notice import Places
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from droptrain_core.launch.schedules import LaunchSchedules
from droptrain_core.notify import Notify
from droptrain_core.promote import Promote
from droptrain_core.publish_model import PublishModel
from droptrain_core.query import Query
from droptrain_core.read_costs import ReadCosts
from droptrain_core.read_models import ReadModels
from droptrain_core.read_sources import ReadSources
from droptrain_core.read_timing import ReadTiming
from droptrain_core.reconcile import Reconcile
from droptrain_core.report_stuck_queue import ReportStuckQueue
from droptrain_core.results import Results
from droptrain_core.settings import Settings
from droptrain_core.spending import Spending
from droptrain_core.submit import Submit
from droptrain_core.track import Track
from droptrain_core.wiring import Wiring
from moto import mock_aws
from support.launching import QUIET_SECONDS, Launch
from support.records import RUN_ID
from support.shared_clients import session, shared_clients
from support.template import table_definition

from droptrain_local.batch import BatchEngine
from droptrain_local.moto_speed import speed_up

REGION = "eu-west-1"
PRICES = PriceList({"g4dn.xlarge": 0.587, "m6i.xlarge": 0.2})
STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/droptrain/1"
TYPES = ("g4dn.xlarge",)
# Only what no test decides: the rest is the stack's.
SETTINGS = Settings(**dict.fromkeys(Settings.__dataclass_fields__, "") | {
    "bucket_name": "data", "spot_job_queue_arn": "spot", "on_demand_job_queue_arn": "on-demand",
    "job_definition_arn": "training", "cpu_spot_job_queue_arn": "cpu-spot",
    "cpu_on_demand_job_queue_arn": "cpu-on-demand", "cpu_job_definition_arn": "cpu-training",
    "cpu_instance_types": "m6i.xlarge,c6i.2xlarge", "instance_types": "g4dn.xlarge", "stack_id": STACK_ID,
    "prepared_days": "30", "aws_region": REGION, "schedule_group": "schedules", "schedule_role": "scheduler",
    "uploads_queue_url": "https://sqs.eu-west-1.amazonaws.com/123456789012/uploads",
    "uploads_dead_letters": "dead-uploads",
})  # fmt: skip
BUDGET = Budget(month_usd=10_000, runs_at_once=1000)


@dataclass
class SentWakeUps:
    """What was sent and not delivered yet: wake-ups as (project, dataset, id), and postponed uploads."""

    messages: list[tuple[str, str, str]] = field(default_factory=list)
    postponed: list[Created] = field(default_factory=list)
    cooldowns_over: list[str] = field(default_factory=list)
    sent: int = 0

    def send(self, project: str, dataset: str, delay_seconds: int) -> str:
        assert 0 <= delay_seconds <= LONGEST_DELAY
        self.sent += 1
        self.messages.append((project, dataset, f"wake-up-{self.sent}"))
        return self.messages[-1][2]

    def end_cooldown(self, project: str) -> None:
        self.cooldowns_over.append(project)

    def postpone(self, upload: Created, delay_seconds: int) -> None:
        assert 0 <= delay_seconds <= LONGEST_DELAY
        self.postponed.append(upload)


@dataclass
class Stack:
    """The stack's parts and the core's use cases over them."""

    s3: Any
    dynamodb: Any
    batch: Any
    sns: Any
    sqs: Any
    bus: Any
    scheduler: Any
    engine: BatchEngine
    notices_url: str
    events_url: str
    table: RunTable
    dataset_table: DatasetTable
    bucket: Bucket
    jobs: JobQueue
    topic_arn: str
    run_id: str = RUN_ID
    now: datetime = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
    events: list[dict[str, Any]] = field(default_factory=list)
    policy: LaunchPolicy = field(default_factory=LaunchPolicy)
    budget: Budget = BUDGET
    images: ImageRepository | None = None
    wake_ups: SentWakeUps = field(default_factory=SentWakeUps)
    types: tuple[str, ...] = TYPES
    launched: dict[str, datetime] = field(default_factory=dict)

    def clock(self) -> datetime:
        return self.now

    @property
    def prices(self) -> PriceTable:
        return PriceTable(self.dynamodb, self.table.name, PRICES)

    @property
    def accounts(self) -> Accounts:
        return Accounts(self.dynamodb, self.table.name)

    def client(self, service: Any, config: Config, region: str) -> Any:
        """The stack's client of a service, which a test may have changed."""
        own = {"s3": self.s3, "dynamodb": self.dynamodb, "sns": self.sns, "sqs": self.sqs, "events": self.bus,
               "scheduler": self.scheduler}  # fmt: skip
        return own.get(service) or boto3.client(service, region_name=region, config=config)

    def later(self, **amount: float) -> None:
        self.now += timedelta(**amount)

    @property
    def wiring(self) -> "StackWiring":
        return StackWiring(self)

    @property
    def launch(self) -> Launch:
        return Launch(self.wiring.launch_uploads(), self.wiring.launch_requests())

    @property
    def schedules(self) -> LaunchSchedules:
        return self.wiring.launch_schedules()

    @property
    def submit(self) -> Submit:
        return self.wiring.submit()

    @property
    def track(self) -> Track:
        return self.wiring.track()

    @property
    def report_stuck_queue(self) -> ReportStuckQueue:
        return self.wiring.report_stuck_queue()

    @property
    def notify(self) -> Notify:
        return self.wiring.notify()

    @property
    def pointers(self) -> ModelPointers:
        return ModelPointers(self.s3, "data")

    @property
    def cancel(self) -> Cancel:
        return self.wiring.cancel()

    @property
    def sweeps(self) -> SweepTable:
        return SweepTable(self.dynamodb, self.table.name)

    @property
    def describe(self) -> Describe:
        return self.wiring.describe()

    @property
    def query(self) -> Query:
        return self.wiring.query()

    @property
    def results(self) -> Results:
        return self.wiring.results()

    @property
    def read_sources(self) -> ReadSources:
        return self.wiring.read_sources()

    @property
    def read_timing(self) -> ReadTiming:
        return self.wiring.read_timing()

    @property
    def datasets(self) -> Datasets:
        return self.wiring.datasets()

    @property
    def spending(self) -> Spending:
        return self.wiring.spending()

    @property
    def costs(self) -> ReadCosts:
        return self.wiring.costs()

    @property
    def promote(self) -> Promote:
        return self.wiring.promote()

    @property
    def publish_model(self) -> PublishModel:
        return self.wiring.publish_model()

    @property
    def read_models(self) -> ReadModels:
        return self.wiring.read_models()

    @property
    def position(self) -> PassPosition:
        return PassPosition(self.dynamodb, self.table.name)

    @property
    def reconcile(self) -> Reconcile:
        return self.wiring.reconcile()

    def put(self, key: str, body: bytes = b"x") -> tuple[str, str]:
        """Put an object; (key, version id), as an upload event names it."""
        answer = self.s3.put_object(Bucket=self.bucket.name, Key=key, Body=body)
        return key, answer["VersionId"]

    def rested(self) -> list[str]:
        """Let the quiet time pass, and deliver every wake-up that is on its way; the answers."""
        self.later(seconds=QUIET_SECONDS + 31)
        messages = list(self.wake_ups.messages)
        self.wake_ups.messages.clear()
        return [self.launch.wake(*message).answer for message in messages]

    def publish_project(self, script: bytes = b"exit 0\n") -> None:
        self.put("projects/penguins/code/run.sh", script)

    def drop(self, dataset: str = "first", *names: str) -> list[tuple[str, str]]:
        """Drop files of a dataset; what the events name."""
        folder = f"projects/penguins/data/{dataset}/"
        return [self.put(folder + name) for name in names or ("train.csv", "test.csv")]

    def batch_jobs(self) -> list[dict[str, Any]]:
        """Every Batch job that was ever submitted to a Spot queue."""
        jobs: list[dict[str, Any]] = []
        statuses = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
        for queue, status in product(("spot", "cpu-spot"), statuses):
            answer = self.batch.list_jobs(jobQueue=queue, jobStatus=status)
            jobs += answer["jobSummaryList"]
        return jobs

    def notices(self) -> list[dict[str, Any]]:
        """The notices that were published since the last look."""
        return self._received(self.notices_url)

    def events_on_bus(self) -> list[dict[str, Any]]:
        """What was put on the event bus since the last look."""
        return self._received(self.events_url)

    def _received(self, url: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(QueueUrl=url).get("Messages"):
            for message in messages:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"]))
        return found


class StackWiring(Wiring):
    """The functions' own wiring, over the stack's clients and clock, with what a test has decided."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        settings = replace(
            SETTINGS,
            instance_types=",".join(stack.types),
            notices_topic_arn=stack.topic_arn,
            table_name=stack.table.name,
        )
        super().__init__(settings, stack.client, stack.clock)
        self._table, self._datasets = stack.table, stack.dataset_table

    def submit(self) -> Submit:
        return self._submit

    @property
    def _sweeps(self) -> SweepTable:
        return self._stack.sweeps

    @property
    def retrainings(self) -> RetrainTable:
        return self._retrainings()

    def _bucket(self) -> Bucket:
        return self._stack.bucket

    @property
    def _jobs(self) -> JobQueue:
        return self._stack.jobs

    @property
    def _prices(self) -> PriceTable:
        return self._stack.prices

    def _policy(self) -> LaunchPolicy:
        return self._stack.policy

    def _budget(self) -> Budget:
        return self._stack.budget

    def _images(self) -> ImageRepository | None:
        return self._stack.images

    def _instances(self) -> Any:
        return SimpleNamespace(newest_launch=self._stack.launched.get)

    def _wake_ups(self) -> Any:
        return self._stack.wake_ups

    def _places(self) -> Places:
        return Places("data")


@contextmanager
def core_stack(work_dir: Path, *, maxv_cpus: int) -> Iterator[Stack]:
    """A fresh stack; its Batch jobs wait RUNNABLE where no compute environment has room for them."""
    with mock_aws():
        speed_up()
        events: list[dict[str, Any]] = []
        engine = BatchEngine(
            region=REGION,
            account="123456789012",
            work_dir=work_dir,
            command=["true"],
            environment={},
            publish=events.append,
            logs=None,
        )
        try:
            with shared_clients(REGION, "s3", "dynamodb", "sns", "sqs", "events", "scheduler") as clients:
                yield _build(clients, engine, events, maxv_cpus)
        finally:
            engine.close()


def _build(clients: list[Any], engine: BatchEngine, events: list[dict[str, Any]], maxv_cpus: int) -> Stack:
    s3, dynamodb, sns, sqs, bus, scheduler = clients
    no_retries = Config(retries={"total_max_attempts": 1})
    batch = session(REGION).client("batch", endpoint_url=engine.serve(port=0), config=no_retries)
    s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
    dynamodb.create_table(**table_definition("runs"))
    scheduler.create_schedule_group(Name="schedules")
    topic = sns.create_topic(Name="notices")["TopicArn"]
    queue = sqs.create_queue(QueueName="notices")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:notices")
    on_bus = sqs.create_queue(QueueName="events")["QueueUrl"]
    bus.put_rule(Name="events", EventPattern=json.dumps({"source": ["droptrain"]}))
    target = {"Id": "events", "Arn": "arn:aws:sqs:eu-west-1:123456789012:events"}
    bus.put_targets(Rule="events", Targets=[target])
    _make_batch(engine, maxv_cpus)
    return Stack(
        s3=s3,
        dynamodb=dynamodb,
        batch=batch,
        sns=sns,
        sqs=sqs,
        bus=bus,
        scheduler=scheduler,
        engine=engine,
        notices_url=queue,
        events_url=on_bus,
        table=RunTable(dynamodb, "runs"),
        dataset_table=DatasetTable(dynamodb, "runs"),
        bucket=Bucket(s3, "data"),
        jobs=JobQueue(batch, batch, SETTINGS.compute, STACK_ID),
        topic_arn=topic,
        events=events,
    )


def _make_batch(engine: BatchEngine, maxv_cpus: int) -> None:
    policy = engine.create_scheduling_policy(name="shares", fairsharePolicy={})
    for name in ("spot", "on-demand", "cpu-spot", "cpu-on-demand"):
        environment = engine.create_compute_environment(
            computeEnvironmentName=name,
            type="MANAGED",
            computeResources={
                "type": "EC2",
                "minvCpus": 0,
                "maxvCpus": maxv_cpus,
                "instanceTypes": ["m6i.xlarge" if name.startswith("cpu") else "g4dn.xlarge"],
                "subnets": ["subnet-1"],
                "securityGroupIds": ["sg-1"],
                "instanceRole": "instance",
            },
        )
        order = [{"order": 1, "computeEnvironment": environment}]
        engine.create_job_queue(
            jobQueueName=name, priority=1, computeEnvironmentOrder=order, schedulingPolicyArn=policy
        )
    for name in ("training", "cpu-training"):
        engine.register_job_definition(
            jobDefinitionName=name,
            type="container",
            containerProperties={
                "image": "droptrain",
                "resourceRequirements": [
                    {"type": "VCPU", "value": "4"},
                    {"type": "MEMORY", "value": "14336"},
                ],
            },
        )
