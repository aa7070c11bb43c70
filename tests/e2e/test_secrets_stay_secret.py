"""A secret of a recipe, printed by the script, and the webhook's: wherever one can look, neither shows."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.console_browser import Browser
from support.laptop_user import User
from support.template import template

from droptrain_cli.serve_console import of_laptop
from droptrain_local.cloud import LaptopCloud

SECRET = "canary-9d41/ee+07b2=c5"
OF_THE_WEBHOOK = "webhook-canary-1b7e93c0"
# Parts too: what is cut into lines or pieces would hold one of them.
TRACES = (SECRET, SECRET[:12], SECRET[-12:], "canary-9d41%2Fee", "ee%2B07b2", OF_THE_WEBHOOK)
DIGEST = hashlib.sha256(SECRET.encode()).hexdigest()
SCRIPT = f"""
test "$(printf %s "$TOKEN" | sha256sum | cut -d' ' -f1)" = {DIGEST} && echo "the script has it"
env; export -p; set -x; : "$TOKEN"; set +x; printf '%q\\n' "$TOKEN"
echo "https://user:$TOKEN@example.org/?key=$(printf %s "$TOKEN" | sed 's|/|%2F|; s|+|%2B|; s|=|%3D|')" >&2
echo weights > "$CHECKPOINT_DIR/model"
echo '{{"accuracy": 0.5}}' >> "$METRICS_FILE"
if [[ "$TRAINING_DATA" = */second/* ]]; then
  python -c 'import os, urllib.parse as u; raise ValueError("refused " + u.quote(os.environ["TOKEN"]))'
fi
"""

pytestmark = pytest.mark.timeout(180)


@dataclass
class Published:
    """The messages for people and programs, collected as they come."""

    cloud: LaptopCloud
    url: str

    def everything(self) -> str:
        sqs, found = self.cloud.client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
                found.append(message["Body"])
        return "\n".join(found)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaptopCloud]:
    """A laptop cloud with a webhook and a console."""
    parameters = {"WebhookUrl": "https://example.org/hook", "WebhookSecret": OF_THE_WEBHOOK}
    with LaptopCloud(
        work_dir=tmp_path_factory.mktemp("laptop"), parameters=parameters, serve_console=of_laptop
    ) as running:
        yield running


@pytest.fixture
def published(cloud: LaptopCloud) -> Published:
    """A queue that hears the event bus, Batch's state changes too."""
    url = cloud.client("sqs").create_queue(QueueName="everything-published")["QueueUrl"]
    arn = cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    events = cloud.client("events")
    events.put_rule(
        Name="everything-published", EventPattern=json.dumps({"source": ["droptrain", "aws.batch"]})
    )
    target = {"Id": "1", "Arn": arn["Attributes"]["QueueArn"]}
    events.put_targets(Rule="everything-published", Targets=[target])
    return Published(cloud, url)


def of_the_bucket(cloud: LaptopCloud) -> Iterator[tuple[str, str]]:
    s3, bucket = cloud.client("s3"), cloud.ready.bucket
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for item in page.get("Versions", []):
            answer = s3.get_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
            yield f"s3://{item['Key']}", answer["Body"].read().decode(errors="replace")


def of_the_logs(cloud: LaptopCloud) -> Iterator[tuple[str, str]]:
    logs = cloud.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        events = logs.filter_log_events(logGroupName=group["logGroupName"], limit=10_000)["events"]
        yield group["logGroupName"], "\n".join(event["message"] for event in events)


def of_this_machine(cloud: LaptopCloud) -> Iterator[tuple[str, str]]:
    """The functions' logs, and the folders that the jobs worked in."""
    for path in cloud.work_dir.rglob("*"):
        if path.is_file():
            yield str(path), path.read_text("utf-8", errors="replace")


def of_the_calls(user: User, run_ids: list[str]) -> Iterator[tuple[str, str]]:
    """What the API, the console and DescribeJobs answer."""
    browser = Browser(urlsplit(user.cloud.ready.console_url or "").port or 0)
    browser.follow(user.cloud.ready.console_url or "")
    paths = ["/runs", "/projects", "/budget"]
    paths += [
        f"/runs/{run_id}{rest}" for run_id in run_ids for rest in ("", "/logs", "/metrics", "/artifacts")
    ]
    for path in paths:
        status, body, _ = user.ask("GET", path)
        assert status == 200, path
        yield f"API {path}", body.decode()
        got = browser.ask("GET", f"/api{path}")
        assert got.status == 200, path
        yield f"console {path}", got.body.decode()
    for run_id in run_ids:
        yield "plan", browser.ask("GET", f"/local/plan?run={run_id}").body.decode()
    jobs = [user.call("GET", f"/runs/{run_id}")[1]["batch_job_id"] for run_id in run_ids]
    yield "DescribeJobs", json.dumps(user.cloud.client("batch").describe_jobs(jobs=jobs)["jobs"], default=str)


def test_neither_secret_shows_anywhere(cloud: LaptopCloud, published: Published) -> None:
    user = User(cloud, "canary", [])
    secret = cloud.client("secretsmanager").create_secret(Name="droptrain/canary", SecretString=SECRET)
    user.publish(
        SCRIPT, f'environment: {{TOKEN: {{secret: "{secret["ARN"]}"}}}}\nmetric: {{name: accuracy}}\n'
    )
    user.drop("first")
    succeeded = user.run_with("SUCCEEDED", "FAILED")
    assert succeeded["status"] == "SUCCEEDED"
    notices = [user.notice()]
    user.drop("second")
    failed = user.run_with("FAILED", "REJECTED")
    notices.append(user.notice())

    log = user.call("GET", f"/runs/{succeeded['run_id']}/logs")[1]["lines"]
    texts = [line["text"] for line in log]
    assert "the script has it" in texts
    assert "TOKEN=***" in texts
    assert failed["cause"]["message"].endswith("refused ***")

    looked_at: dict[str, str] = {
        "notices": json.dumps(notices),
        "events": published.everything(),
        "records": json.dumps(cloud.client("dynamodb").scan(TableName=cloud.ready.table)["Items"]),
    }
    run_ids = [succeeded["run_id"], failed["run_id"]]
    for source in (
        of_the_bucket(cloud), of_the_logs(cloud), of_this_machine(cloud), of_the_calls(user, run_ids)
    ):  # fmt: skip
        looked_at |= {f"{name} ({len(looked_at)})": text for name, text in source}
    assert all("refused ***" in looked_at[name] for name in ("notices", "events", "records"))
    assert any("RunChangedFunction" in name for name in looked_at)
    assert any(secret["ARN"] in text for text in looked_at.values())
    showing = {name for name, text in looked_at.items() for trace in TRACES if trace in text}
    assert not showing


@pytest.mark.parametrize(("parameter", "place"), [
    ("WebhookSecret", ("WebhookConnection", "Properties.AuthParameters.ApiKeyAuthParameters.ApiKeyValue")),
    ("WebhookUrl", ("WebhookDestination", "Properties.InvocationEndpoint")),
])  # fmt: skip
def test_the_webhook_s_address_and_secret_go_where_they_are_needed_and_nowhere_else(
    parameter: str, place: tuple[str, str]
) -> None:
    source = template()
    named = [
        (name, path)
        for name, resource in source["Resources"].items()
        for path in references(resource, parameter)
    ]
    assert named == [place]
    assert not list(references([source["Globals"], source["Outputs"]], parameter))
    assert source["Parameters"][parameter]["NoEcho"] is True


def test_a_stack_that_is_described_shows_neither_address_nor_secret(cloud: LaptopCloud) -> None:
    (stack,) = cloud.client("cloudformation").describe_stacks(StackName="droptrain")["Stacks"]
    shown = {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}
    assert (shown["WebhookUrl"], shown["WebhookSecret"]) == ("****", "****")
    assert "example.org" not in str(stack)


def references(value: Any, parameter: str, path: str = "") -> Iterator[str]:
    """Where `value` refers to the parameter, by Ref, Sub or any other text."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from references(inner, parameter, path if name == "Ref" else f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner, parameter, path)
    elif isinstance(value, str) and parameter in value:
        yield path
