"""The pages in docs/operations, followed on a laptop cloud with runs under way."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from e2e.terminal import Shell, blocks_of, shell
from support.laptop_user import User
from support.template import ROOT, template
from support.waiting import wait_for

from droptrain_local.batch.faults import Fault
from droptrain_local.cloud import LaptopCloud
from droptrain_local.render import find_root, render
from droptrain_local.state import write_state

# Each command of the AWS CLI starts a Python of its own, and a busy machine has others to serve.
pytestmark = pytest.mark.timeout(300)
FOLDER = "docs/operations"
FOLLOWED = {
    "README.md", "canary.md", "dead-letters.md", "instance-types.md", "move-bucket.md", "pause.md",
    "raise-budget.md", "remove.md", "restore-table.md", "webhook-secret.md",
}  # fmt: skip
# Builds and deploys: test_sam_build.py and test_upgrade.py hold its two halves.
NOT_FOLLOWED = {"upgrade.md"}
TRAINS = 'echo "$TRAINING_DATA" | aws s3 cp - "$EXPORT_PATH/model.txt"\n'
# Trains until somebody puts an object.
WAITS = 'until aws s3 ls "s3://{bucket}/go" >/dev/null; do sleep 0.2; done\n' + TRAINS


@dataclass
class Operator:
    """Somebody at a terminal, beside a user whose runs are active."""

    cloud: LaptopCloud
    user: User
    do: Shell

    def publish_what_waits(self) -> None:
        self.user.publish(WAITS.format(bucket=self.cloud.ready.bucket), "spot: never\n")

    def let_it_end(self) -> None:
        self.user.put("go")

    def follow(self, page: str, *numbers: int) -> str:
        """Run some blocks of a page, by number; what they printed."""
        blocks = blocks_of(f"{FOLDER}/{page}")
        return "".join(self.do(blocks[number]) for number in numbers)

    def queue_holds(self, logical_id: str) -> int:
        url = self.cloud.client("sqs").get_queue_url(QueueName=f"droptrain-{logical_id}")["QueueUrl"]
        asked = ["ApproximateNumberOfMessages"]
        found = self.cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=asked)
        return int(found["Attributes"][asked[0]])


Start = Callable[..., Operator]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a laptop cloud with these parameters, and a terminal that has the definitions."""
    with ExitStack() as parts:

        def begin(retry_seconds: int = 1, **parameters: str) -> Operator:
            monkeypatch.setenv("DROPTRAIN_STATE_DIR", str(tmp_path / "state"))
            made = LaptopCloud(
                retry_seconds=retry_seconds, work_dir=tmp_path / "laptop", parameters=parameters
            )
            cloud = parts.enter_context(made)
            write_state(cloud.ready)
            opened = parts.enter_context(shell(cloud.ready, tmp_path / "state"))
            operator = Operator(cloud, User(cloud, "penguins", []), opened)
            operator.follow("README.md", 0)
            return operator

        yield begin


def test_every_block_of_a_page_is_followed() -> None:
    pages = {page.name for page in (ROOT / FOLDER).glob("*.md")}
    assert pages == FOLLOWED | NOT_FOLLOWED
    tests = Path(__file__).read_text("utf-8")
    for page in FOLLOWED:
        followed = {
            int(number)
            for numbers in re.findall(rf'follow\(\s*"{re.escape(page)}", ([\d, ]+)\)', tests)
            for number in numbers.split(",")
        }
        assert followed == set(range(len(blocks_of(f"{FOLDER}/{page}")))), page


def test_dead_letters_are_replayed_and_launch_what_they_told_of(start: Start) -> None:
    operator = start(retry_seconds=0)
    operator.user.publish(TRAINS)
    # Both files' events: ten tries each, and each try may ask twice.
    operator.cloud.engine.inject(Fault("SubmitJob", code="TooManyRequestsException", times=60))
    operator.user.drop()
    wait_for("two dead letters", lambda: operator.queue_holds("UploadsDeadLetterQueue") == 2, 90)
    assert "Object Created" in operator.follow("dead-letters.md", 0)
    operator.cloud.engine.stop_faults()
    assert '"Status": "COMPLETED"' in operator.follow("dead-letters.md", 1)
    assert operator.queue_holds("UploadsDeadLetterQueue") == 0
    assert operator.user.run_with("SUCCEEDED")
    assert len(operator.user.runs()) == 1
    sqs, url = operator.cloud.client("sqs"), operator.do("name_of RunChangedDeadLetterQueue").strip()
    sqs.send_message(QueueUrl=url, MessageBody="a note of the stream")
    wait_for("its notice to be noted", lambda: operator.do("runs_under_way").strip() == "0")
    assert operator.follow("README.md", 1).strip() in ("", "[]")
    sqs.send_message(
        QueueUrl=operator.do("name_of TrialEndedDeadLetterQueue").strip(), MessageBody="a trial's end"
    )
    operator.follow("README.md", 2, 3)
    assert operator.queue_holds("TrialEndedDeadLetterQueue") == 0
    assert operator.queue_holds("RunChangedDeadLetterQueue") == 0
    (group,) = operator.cloud.client("logs").describe_log_groups()["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == ("/aws/batch/job", 90)


def test_a_paused_stack_says_so_launches_nothing_and_drains(start: Start) -> None:
    operator = start()
    operator.publish_what_waits()
    operator.user.drop("first")
    operator.user.run_with("RUNNING")
    assert operator.user.call("GET", "/status") == (200, {"paused": None})
    operator.follow("pause.md", 0)
    assert operator.user.call("GET", "/status") == (200, {"paused": "no budget until Monday"})
    operator.user.drop("second")
    status, problem = operator.user.call("POST", "/runs", {"project": "penguins", "dataset": "first"})
    assert (status, problem["type"]) == (503, "urn:droptrain:problem:paused")
    assert operator.do("runs_under_way").strip() == "1"
    operator.let_it_end()
    operator.follow("pause.md", 1)
    assert [(run["dataset"], run["status"]) for run in operator.user.runs()] == [("first", "SUCCEEDED")]
    assert operator.queue_holds("UploadsQueue") >= 2
    operator.follow("pause.md", 2)
    wait_for("the second run", lambda: len(operator.user.runs()) == 2)
    assert operator.user.run_with("SUCCEEDED")["dataset"] == "second"


def test_a_raised_budget_lets_a_rejected_run_train(start: Start) -> None:
    operator = start(MonthlyBudgetUsd="0.01")
    operator.user.publish(TRAINS)
    operator.user.drop()
    assert operator.user.run_with("REJECTED")["cause"]["code"] == "over_budget"
    assert "200" in operator.follow("raise-budget.md", 0)
    assert "penguins" in operator.follow("raise-budget.md", 1)
    assert operator.user.run_with("SUCCEEDED")["rerun_of"]


def test_the_secret_of_the_webhook_changes_and_is_told_nowhere(start: Start) -> None:
    operator = start(WebhookUrl="https://example.com/hook", WebhookSecret="an-old-secret-of-old")
    operator.follow("webhook-secret.md", 0, 1)
    secret = operator.do('echo "$secret"').strip()
    assert len(secret) >= 32
    assert operator.cloud.parameters["WebhookSecret"] == secret
    described = operator.do('aws cloudformation describe-stacks --stack-name "$stack"')
    assert secret not in described
    assert "an-old-secret" not in described


def test_a_new_secret_of_the_webhook_reaches_the_connection_alone() -> None:
    old, new = (
        render(find_root(), {"WebhookUrl": "https://example.com/hook", "WebhookSecret": secret})
        for secret in ("an-old-secret-of-old", "a-new-secret-of-new!")
    )
    assert old.resources == new.resources
    assert template()["Parameters"]["WebhookSecret"]["NoEcho"] is True
    users = [name for name, it in new.resources.items() if "'Ref': 'WebhookSecret'" in str(it)]
    assert users == ["WebhookConnection"]


def test_instance_types_change_while_a_run_trains(start: Start) -> None:
    operator = start()
    operator.publish_what_waits()
    operator.user.drop("first")
    run = operator.user.run_with("RUNNING")
    said = operator.follow("instance-types.md", 0)
    with_gpus = [each for each in said.split() if each.startswith("g")]
    assert with_gpus == ["g5.xlarge", "g5.2xlarge"] * 2
    operator.let_it_end()
    assert operator.user.run_with("SUCCEEDED")["run_id"] == run["run_id"]
    operator.user.drop("second")
    wait_for("the second run", lambda: len(operator.user.runs()) == 2)
    estimate = operator.user.runs()[0]["estimate"]
    assert {offer["instance_type"] for offer in estimate["offers"]} <= {"g5.xlarge", "g5.2xlarge"}


def test_a_stack_moves_to_another_bucket_and_trains_there(start: Start) -> None:
    operator = start()
    operator.publish_what_waits()
    operator.user.drop("first")
    operator.user.run_with("RUNNING")
    operator.let_it_end()
    operator.follow("move-bucket.md", 0)
    operator.follow("move-bucket.md", 1)
    new = operator.do('echo "$new"').strip()
    operator.follow("move-bucket.md", 2, 3, 4)
    (run,) = operator.user.runs()
    assert run["status"] == "SUCCEEDED"
    s3 = operator.cloud.client("s3")
    key = "projects/penguins/data/second/{}.csv"
    s3.put_object(Bucket=new, Key="go", Body=b"")
    for name in ("train", "test"):
        s3.put_object(Bucket=new, Key=key.format(name), Body=b"a,b\n1,2\n")
    s3.put_object(Bucket=new, Key="projects/penguins/code/run.sh", Body=TRAINS.encode())
    wait_for("a run in the new bucket", lambda: len(operator.user.runs()) == 2)
    second = operator.user.run_with("SUCCEEDED")
    assert second["dataset"] == "second"
    listed = s3.list_objects_v2(Bucket=new, Prefix=f"runs/penguins/{second['run_id']}/export/")
    assert listed["KeyCount"] == 1
    assert len(operator.user.runs()) == 2, "the copied datasets train no second time"
    artifacts = operator.user.call("GET", f"/runs/{run['run_id']}/artifacts")[1]["artifacts"]
    assert [each["path"] for each in artifacts if each["path"].startswith("export/")]


def test_a_damaged_table_is_restored_while_a_run_trains(start: Start) -> None:
    operator = start()
    operator.user.publish(TRAINS)
    operator.user.drop("first")
    finished = operator.user.run_with("SUCCEEDED")
    operator.user.notice()
    operator.publish_what_waits()
    operator.user.drop("second")
    training = operator.user.run_with("RUNNING")
    operator.follow("restore-table.md", 0, 1)
    kept = damage(operator, training["run_id"])
    assert operator.user.runs() == []
    assert f"{kept} kept" in operator.follow("restore-table.md", 2)
    operator.follow("restore-table.md", 3)
    found = {run["run_id"]: run["status"] for run in operator.user.runs()}
    assert found == {finished["run_id"]: "SUCCEEDED", training["run_id"]: "RUNNING"}
    operator.let_it_end()
    assert operator.user.run_with("SUCCEEDED")["run_id"] == training["run_id"]
    assert training["run_id"] in operator.user.notice()["Message"]
    again = operator.user.call("POST", "/runs", {"project": "penguins", "dataset": "second"})
    assert (again[0], again[1]["run_id"]) == (200, training["run_id"])
    assert not operator.user.notices_seen, "what was announced is not announced again"
    names = operator.cloud.client("dynamodb").list_tables()["TableNames"]
    assert names == [operator.cloud.ready.table]


def damage(operator: Operator, run_id: str) -> int:
    """Lose every record of a run, and all but the budget's items of the rest; how many are left."""
    dynamodb, table = operator.cloud.client("dynamodb"), operator.cloud.ready.table
    items = dynamodb.scan(TableName=table)["Items"]
    assert any(item["pk"]["S"] == f"RUN#{run_id}" for item in items)
    lost = [item for item in items if not item["pk"]["S"].startswith("BUDGET#")]
    for item in lost:
        dynamodb.delete_item(TableName=table, Key={"pk": item["pk"]})
    return len(items) - len(lost)


def test_the_canary_sings_and_tells_nobody(start: Start) -> None:
    operator = start()
    operator.follow("canary.md", 0)
    schedules = operator.cloud.schedules()
    assert any(arn.endswith(":s3:putObject") for arn in schedules)
    canary = User(operator.cloud, "droptrain-canary", [])
    assert canary.runs() == [], "its data alone launches nothing"
    operator.follow("canary.md", 1)
    run = canary.run_with("SUCCEEDED", "FAILED", "REJECTED")
    assert (run["status"], run["metrics"]) == ("SUCCEEDED", {"accuracy": 1.0}), run
    counted = wait_for("its metric", lambda: counts_of(operator.cloud, "CanaryRunsSucceeded"))
    assert counted == [1]
    item = operator.cloud.client("dynamodb").get_item(
        TableName=operator.cloud.ready.table, Key={"pk": {"S": f"RUN#{run['run_id']}"}}
    )["Item"]
    assert "notified_at" in item
    assert int(item["expires_at"]["N"]) > 0
    sqs = operator.cloud.client("sqs")
    assert "Messages" not in sqs.receive_message(QueueUrl=operator.cloud.ready.notices_queue_url)
    operator.do("change DailyCanary off")
    assert not any(arn.endswith(":s3:putObject") for arn in operator.cloud.schedules())


def counts_of(cloud: LaptopCloud, metric: str) -> list[int]:
    """What RunChangedFunction has counted under a metric's name, as its log has it."""
    log = (cloud.work_dir / "logs" / "droptrain-RunChangedFunction.log").read_text("utf-8")
    return [int(float(count)) for count in re.findall(rf'"{metric}": ?\[([\d.]+)\]', log)]


def test_everything_is_removed_and_the_data_last(start: Start) -> None:
    operator = start()
    operator.user.publish(TRAINS)
    operator.user.drop()
    operator.user.run_with("SUCCEEDED")
    wait_for("its notice to be noted", lambda: operator.do("runs_under_way").strip() == "0")
    operator.follow("remove.md", 0)
    cloud = operator.cloud
    left: Any = cloud.client("sqs").list_queues().get("QueueUrls", [])
    assert [url for url in left if url != cloud.ready.notices_queue_url] == []
    assert cloud.client("s3").list_objects_v2(Bucket=cloud.ready.bucket)["KeyCount"] > 0
    operator.follow("remove.md", 1)
    assert cloud.client("s3").list_buckets()["Buckets"] == []
    assert cloud.client("dynamodb").list_tables()["TableNames"] == []


def test_a_change_that_the_template_refuses_changes_nothing(start: Start) -> None:
    operator = start()
    said = operator.do("change Paused 'two\nlines' 2>&1 || echo refused")
    assert "refused" in said
    assert "one line" in said
    said = operator.do("change Pausd now 2>&1 || echo refused")
    assert "do not exist in the template" in said
    said = operator.do("change SettleSeconds 1 2>&1 || echo refused")
    assert "No updates are to be performed" in said
    assert operator.user.call("GET", "/status") == (200, {"paused": None})
    assert operator.cloud.parameters["SettleSeconds"] == "1", "a parameter that isn't named keeps its value"


def test_a_reason_with_an_apostrophe_is_a_reason(start: Start) -> None:
    operator = start()
    operator.do("""change Paused "it's the month's end, \\"so to speak\\"" """)
    reason = "it's the month's end, \"so to speak\""
    assert operator.user.call("GET", "/status") == (200, {"paused": reason})
