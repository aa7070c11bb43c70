"""What is built runs, on the laptop cloud: functions answer, and the layer's botocore makes every call."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from integration.template import layer_calls
from support.built import FUNCTIONS, LAYER, build, environment_of, runtime_python
from support.golden import golden, queued, streamed
from support.template import ROOT

from droptrain_local.cloud import LaptopCloud

BODY = {"detail-type": "Object Created", "detail": {"object": {"key": "projects/none/data/a/train.csv"}}}
ALL_DONE = {"batchItemFailures": []}

pytestmark = pytest.mark.timeout(300)  # the build takes a minute on a busy machine
CALL = """
import json, sys, types, app
context = types.SimpleNamespace(function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn",
    aws_request_id="r", get_remaining_time_in_millis=lambda: 30_000)
answer = app.handler(json.load(sys.stdin), context)
assert "boto3" not in sys.modules
sys.stderr.write(json.dumps(answer))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything, built for this machine."""
    folder = tmp_path_factory.mktemp("built")
    build(folder)
    return folder


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaptopCloud]:
    """AWS, as far as it is needed."""
    with LaptopCloud(port=0, settle_seconds=1, work_dir=tmp_path_factory.mktemp("laptop")) as running:
        yield running


def run(cloud: LaptopCloud, environment: dict[str, str], *arguments: str, given: Any) -> tuple[str, str]:
    """Run a Python without any package of its own; what it prints, on both streams."""
    ready = cloud.ready
    definition = cloud.client("batch").describe_job_definitions()["jobDefinitions"][0]["jobDefinitionArn"]
    environment |= {
        name: value for name, value in ready.shell_settings().items() if name.startswith("AWS_")
    } | {
        "TABLE_NAME": ready.table,
        "BUCKET_NAME": ready.bucket,
        "SPOT_JOB_QUEUE_ARN": ready.job_queue_arn,
        "ON_DEMAND_JOB_QUEUE_ARN": ready.job_queue_arn,
        "JOB_DEFINITION_ARN": definition,
        "CPU_SPOT_JOB_QUEUE_ARN": ready.job_queue_arn,
        "CPU_ON_DEMAND_JOB_QUEUE_ARN": ready.job_queue_arn,
        "CPU_JOB_DEFINITION_ARN": definition,
        "NOTICES_TOPIC_ARN": ready.topic_arn,
    }
    given = json.dumps(given).replace("JOB_DEFINITION_ARN", definition)
    python = runtime_python() or sys.executable
    done = subprocess.run(
        [python, "-S", *arguments], env=environment, input=given, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.mark.parametrize(
    ("function", "event", "answer"),
    [
        ("DatasetUploadedFunction", queued(BODY), ALL_DONE),
        ("BatchJobChangedFunction", queued(golden("batch/running")), ALL_DONE),
        ("TrialEndedFunction", streamed(golden("stream/insert_sweep")), ALL_DONE),
        ("RunChangedFunction", streamed(golden("stream/modify_ended")), ALL_DONE),
        ("ReconcileRunsFunction", golden("scheduler/reconcile_runs"), {"active": 0}),
        (
            "RefreshPricesFunction",
            golden("scheduler/refresh_prices"),
            {"on_demand": 0, "spot": 0, "sizes": 0, "written": False, "failed": [], "fractions": []},
        ),
        ("RunsApiFunction", golden("http/get_runs"), None),
    ],
)
def test_a_built_function_starts_and_answers(
    folder: Path, cloud: LaptopCloud, function: str, event: Any, answer: Any
) -> None:
    if function in ("RunsApiFunction", "TrialEndedFunction") and runtime_python() is None:
        pytest.skip("pydantic and NumPy ship for Python 3.13, which isn't here")
    _, answered = run(cloud, environment_of(folder, function), "-c", CALL, given=event)
    found = json.loads(answered)
    found.pop("subscribers", None)  # counted by the first pass of an hour alone
    if answer is None:
        assert (found["statusCode"], json.loads(found["body"])["runs"]) == (200, [])
    else:
        assert found == answer


def test_no_built_function_is_without_a_test() -> None:
    marks = test_a_built_function_starts_and_answers.pytestmark
    assert {function for function, _, _ in marks[0].args[1]} == set(FUNCTIONS)


def test_the_layer_s_botocore_makes_every_call_that_it_was_pruned_to(
    folder: Path, cloud: LaptopCloud
) -> None:
    logs, ready = cloud.client("logs"), cloud.ready
    if not logs.describe_log_groups(logGroupNamePrefix="/aws/batch/job")["logGroups"]:
        logs.create_log_group(logGroupName="/aws/batch/job")
    logs.create_log_stream(logGroupName="/aws/batch/job", logStreamName="a-stream")
    there = {
        "region": ready.region, "bucket": ready.bucket, "table": ready.table, "queue": ready.job_queue_arn,
        "definition": "JOB_DEFINITION_ARN", "topic": ready.topic_arn, "log_group": "/aws/batch/job",
        "uploads": cloud.client("sqs").list_queues(QueueNamePrefix="droptrain-UploadsQueue")["QueueUrls"][0],
        "repository": cloud.client("ecr").describe_repositories()["repositories"][0]["repositoryName"],
        "schedules": "droptrain-Schedules",
    }  # fmt: skip
    environment = environment_of(folder, "none")
    printed, _ = run(cloud, environment, str(ROOT / "tests/integration/template/layer_calls.py"), given=there)
    found = json.loads(printed)
    models = (folder / LAYER / "python/botocore/data").glob("*/*/service-2.json")
    kept = {
        f"{path.parts[-3]}:{operation}"
        for path in models
        for operation in json.loads(path.read_text("utf-8"))["operations"]
    }
    assert set(found["called"]) == kept
    whole = botocore.session.get_session()
    whole.set_credentials("test", "test")
    assert found["addresses"] == layer_calls.addresses(whole)
