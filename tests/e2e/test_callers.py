"""Those who may use the stack do with their policies what the docs promise them, as with a stack on AWS."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from droptrain_core.domain.datasets.dataset import ObjectVersion
from droptrain_core.domain.recipes import push as pushes
from droptrain_core.domain.recipes.push import Published
from permissions.calls import recording
from support.command_line import CommandLine
from support.laptop_user import User
from support.waiting import wait_for

from droptrain_local.clients import CLIENT_ENVIRONMENT
from droptrain_local.cloud import LaptopCloud

MIB = 1 << 20
SCRIPT = 'aws s3 cp "$TRAINING_DATA" "$EXPORT_PATH/model.csv"\n'


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaptopCloud]:
    """The laptop cloud of a stack with a webhook, which builds its image."""
    parameters = {
        "WebhookUrl": "https://example.com/hook",
        "WebhookSecret": "0123456789abcdef",
        "BuildsImage": "yes",
    }
    work_dir = tmp_path_factory.mktemp("laptop")
    with (
        recording(tmp_path_factory.mktemp("calls")) as record,
        LaptopCloud(settle_seconds=1, work_dir=work_dir, parameters=parameters, record=record) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def command_of(cloud: LaptopCloud, work: Path) -> Callable[[str], CommandLine]:
    """The command with somebody's credentials, at a stack on AWS as far as it can tell."""

    def made(caller: str) -> CommandLine:
        environment = {
            **CLIENT_ENVIRONMENT,
            "AWS_ACCESS_KEY_ID": caller,
            "AWS_SECRET_ACCESS_KEY": caller,
            "AWS_ENDPOINT_URL": cloud.ready.endpoint_url,
            "AWS_ENDPOINT_URL_BATCH": cloud.ready.batch_endpoint_url,
            "DROPTRAIN_STACK": "droptrain",
        }
        return CommandLine(work, work, **environment)

    return made


@pytest.fixture(scope="module")
def published(command_of, work: Path) -> str:
    """A project that an operator has pushed, and pushed again with other files."""
    folder = work / "callers"
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "run.sh").write_text(SCRIPT)
    (folder / "code" / "old.py").write_text("")
    (folder / "train.yaml").write_text("timeout: 1h\n")
    operator = command_of("operator")
    assert operator("push", "callers", str(folder)).code == 0
    (folder / "code" / "old.py").unlink()
    result = operator("push", "callers", str(folder))
    assert result.code == 0, result.err
    return "callers"


@pytest.fixture(scope="module")
def trained(command_of, published: str, work: Path) -> str:
    """A run of data that an operator dropped, of a size that goes up in parts."""
    for name, size in (("train", 9 * MIB), ("test", 10)):
        rows = b"a,b\n" + b"1,2\n" * (size // 4)
        (work / f"{name}.csv").write_bytes(rows)
    operator = command_of("operator")
    result = operator("drop", published, "train.csv", "test.csv", "--dataset", "first", "--watch", "--json")
    assert result.code == 0, result.err
    return str(json.loads(result.out.splitlines()[-1])["run_id"])


def test_an_operator_publishes_drops_repeats_and_gets(command_of, trained: str, work: Path) -> None:
    operator = command_of("operator")
    assert operator("rerun", trained, "--watch").code == 0
    assert operator("tag", trained, "first").code == 0
    assert operator("get", trained, "model").code == 0
    assert (work / "model" / "export" / "model.csv").stat().st_size > MIB


def test_an_operator_goes_on_with_an_upload_that_ended_halfway(
    command_of, published: str, cloud: LaptopCloud, work: Path
) -> None:
    s3, key = cloud.client("s3"), f"projects/{published}/data/second/train.csv"
    place: Any = {"Bucket": cloud.ready.bucket, "Key": key}
    upload = s3.create_multipart_upload(**place)["UploadId"]
    (work / "second").mkdir()
    content = b"a,b\n" + b"1,2\n" * (9 * MIB // 4)
    (work / "second" / "train.csv").write_bytes(content)
    s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=content[: 8 * MIB])
    result = command_of("operator")("drop", published, "second", "--dataset", "second")
    assert result.code == 0, result.err
    assert not s3.list_multipart_uploads(Bucket=place["Bucket"], Prefix=key).get("Uploads")


def test_an_operator_drops_while_a_push_is_under_way(
    command_of, published: str, cloud: LaptopCloud, work: Path
) -> None:
    folder = f"projects/{published}/"
    place: Any = {"Bucket": cloud.ready.bucket, "Key": f"{folder}push.json"}
    s3 = cloud.client("s3")
    switched = s3.get_object(**place)["Body"].read()
    before = Published(version(cloud, f"{folder}train.yaml"), (version(cloud, f"{folder}code/run.sh"),))
    s3.put_object(**place, Body=json.dumps(pushes.pushing(before, "2026-11-23T02:10:00Z")).encode())
    result = command_of("operator")("drop", published, "test.csv", "--dataset", "third")
    s3.put_object(**place, Body=switched)
    assert result.code == 0, result.err


def version(cloud: LaptopCloud, key: str) -> ObjectVersion:
    """The current version of an object."""
    head = cloud.client("s3").head_object(Bucket=cloud.ready.bucket, Key=key)
    return ObjectVersion(key, head["VersionId"], head["ContentLength"], head["ETag"].strip('"'))


def test_an_operator_uses_any_client_of_s3_below_the_projects(cloud: LaptopCloud, published: str) -> None:
    s3, bucket = client_of("operator", cloud), cloud.ready.bucket
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"projects/{published}/code/")["Contents"]
    assert [item["Key"] for item in listed] == [f"projects/{published}/code/run.sh"]
    place: Any = {"Bucket": bucket, "Key": f"projects/{published}/data/fourth/train.csv"}
    upload = s3.create_multipart_upload(**place)["UploadId"]
    s3.abort_multipart_upload(**place, UploadId=upload)  # as clients do when an upload fails


def test_the_doctor_may_look_at_all_that_it_asks_an_operator_for(command_of, trained: str) -> None:
    result = command_of("operator")("doctor", "--send-test-notice", "--json")
    assert result.out, result.err
    findings = json.loads(result.out)["findings"]
    assert {each["title"] for each in findings} >= {
        "stack",
        "API",
        "compute",
        "notices",
        "dead letters",
        "test notice",
        "account plan",
        "concurrency",
        "image builds",
    }
    refused = [each for each in findings if "may not call" in each["detail"]]
    assert not refused


def test_a_waiting_run_has_its_place_and_one_project_does_not_wait_for_all_of_another(
    command_of, cloud: LaptopCloud
) -> None:
    """Two runs fill the compute environment; then three more of that project wait, and one of another."""
    many, one = User(cloud, "many", []), User(cloud, "one", [])
    for user in (many, one):
        user.publish("sleep 600\n", "timeout: 1h\nresources: {vcpus: 8}\n")
    waiting = [many_run(many, number) for number in range(5)][2:]
    one.drop()
    single = one.run_with("RUNNABLE")
    reader = command_of("reader")
    assert "number 1 in the Spot queue" in reader("show", single["run_id"]).out
    assert "number 4 in the Spot queue" in reader("show", waiting[-1]["run_id"]).out
    many.age(f"RUN#{waiting[-1]['run_id']}", "updated_at", timedelta(minutes=40))
    result = command_of("operator")("doctor", "--json")
    runs = [each for each in json.loads(result.out)["findings"] if each["title"] == "runs"]
    assert ("ok", True) in [
        (each["verdict"], "number 4 in the Spot queue" in each["detail"]) for each in runs
    ]
    for run in (single, *many.runs()):
        many.call("POST", f"/runs/{run['run_id']}/cancel")


def many_run(user: User, number: int) -> dict[str, Any]:
    """One more run, once it trains or waits for room."""
    user.drop(f"d{number}")
    return wait_for(
        f"run {number}",
        lambda: next(
            (
                run
                for run in user.runs()
                if run["dataset"] == f"d{number}" and run["status"] in ("RUNNING", "RUNNABLE")
            ),
            None,
        ),
    )


def test_a_reader_sees_runs_and_their_files_and_changes_nothing(
    command_of, cloud: LaptopCloud, trained: str, published: str
) -> None:
    reader = command_of("reader")
    words: tuple[str, ...]
    for words in (("runs",), ("show", trained), ("logs", trained), ("get", trained, "read"), ("budget",)):
        result = reader(*words)
        assert result.code == 0, (words, result.err)
    caller = {"key": "reader", "secret": "reader"}
    listed = User(cloud, published, []).ask("GET", f"/runs/{trained}/code", **caller)
    assert [each["path"] for each in json.loads(listed[1])["files"]] == ["code/run.sh", "train.yaml"]
    text = User(cloud, published, []).ask("GET", f"/runs/{trained}/code/text?path=code/run.sh", **caller)
    assert json.loads(text[1])["text"] == SCRIPT
    for words in (("rerun", trained), ("cancel", trained), ("drop", published, "train.csv", "test.csv")):
        result = reader(*words)
        assert result.code != 0, words
        assert "OperatorPolicy" in result.err, words


def test_neither_reaches_the_bucket_beyond_the_projects(cloud: LaptopCloud) -> None:
    for caller in ("reader", "operator"):
        with pytest.raises(ClientError, match="AccessDenied"):
            client_of(caller, cloud).list_objects_v2(Bucket=cloud.ready.bucket, Prefix="runs/")


def client_of(caller: str, cloud: LaptopCloud) -> Any:
    return boto3.client(
        "s3", endpoint_url=cloud.ready.endpoint_url, region_name=cloud.ready.region,
        aws_access_key_id=caller, aws_secret_access_key=caller,
    )  # fmt: skip
