"""`droptrain image`: CloudFormation, S3 and ECR by moto, CodeBuild by a server of the test's own."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from support.scripted_server import Asked, Reply, ScriptedServer
from support.template import ROOT

from droptrain.errors import DroptrainError
from droptrain.stack import Stack
from droptrain_cli import build_image
from droptrain_cli.build_image import Base
from droptrain_cli.image_source import archive

ID = "images:0a1b"
URI = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/images"
MANIFEST = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}


class CodeBuild:
    """Builds that go as a test says, a step further each time that somebody looks."""

    def __init__(self, *steps: dict[str, Any], lines: list[str]) -> None:
        self.started: list[dict[str, Any]] = []
        self._steps = list(steps)
        self._lines = lines

    def __call__(self, asked: Asked) -> Reply:
        operation = asked.headers["x-amz-target"].rpartition(".")[2]
        return Reply(
            200, getattr(self, operation)(asked.document), {"Content-Type": "application/x-amz-json-1.1"}
        )

    def StartBuild(self, request: dict[str, Any]) -> dict[str, Any]:
        self.started.append(request)
        return {"build": {"id": ID, "buildStatus": "IN_PROGRESS"}}

    def BatchGetBuilds(self, request: dict[str, Any]) -> dict[str, Any]:
        assert request == {"ids": [ID]}
        step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
        times = {"startTime": 1764000000.0, "endTime": 1764000300.0}
        return {"builds": [{"id": ID, **times, **step}]}

    def GetLogEvents(self, request: dict[str, Any]) -> dict[str, Any]:
        seen = int(request.get("nextToken", "f/0")[2:])
        lines = self._lines[seen : seen + 2]
        events = [{"message": line + "\n", "timestamp": 1, "ingestionTime": 1} for line in lines]
        return {"events": events, "nextForwardToken": f"f/{seen + len(lines)}"}


DEFAULT_BASE = Base()
LOG = {"logs": {"groupName": "builds", "streamName": "0a1b"}}
QUEUED = {"buildStatus": "IN_PROGRESS", "currentPhase": "QUEUED"}
BUILDING = {"buildStatus": "IN_PROGRESS", "currentPhase": "BUILD", **LOG}
DONE = {"buildStatus": "SUCCEEDED", "currentPhase": "COMPLETED", "buildComplete": True, **LOG}
BROKEN = {
    "buildStatus": "FAILED", "currentPhase": "COMPLETED", "buildComplete": True, **LOG,
    "phases": [
        {"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED"},
        {"phaseType": "BUILD", "phaseStatus": "FAILED", "contexts": [
            {"statusCode": "COMMAND_EXECUTION_ERROR", "message": "Error while executing: docker build"},
        ]},
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _aws() -> Iterator[None]:
    with mock_aws():
        yield


def deploy(stack: Stack, server: ScriptedServer, *, builds: bool = True, uri: str = "") -> None:
    """A stack with a bucket and a repository, whose CodeBuild is `server`."""
    stack.client("s3").create_bucket(
        Bucket=stack.bucket, CreateBucketConfiguration={"LocationConstraint": stack.region}
    )
    stack.client("s3").put_bucket_versioning(
        Bucket=stack.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    repository = {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "images"}}
    project = {"Value": "builder"}
    template = {
        "Parameters": {"ImageUri": {"Type": "String", "Default": uri}},
        "Resources": {"ImageRepository": repository},
        "Outputs": {
            "ImageRepositoryUri": {"Value": URI},
            "ImagePushCommands": {"Value": "docker push it"},
            **({"ImageBuildProjectName": project} if builds else {}),
        },
    }
    stack.client("cloudformation").create_stack(StackName=stack.name, TemplateBody=json.dumps(template))
    for tag in ("latest", "cpu"):
        stack.client("ecr").put_image(
            repositoryName="images", imageTag=tag, imageManifest=json.dumps(MANIFEST)
        )
    for service in ("codebuild", "logs"):
        session: Any = stack.session
        stack._made[service] = session.client(service, endpoint_url=server.url)


def own_image(folder: Path) -> Path:
    (folder / "Dockerfile").write_text("FROM droptrain\nCOPY requirements.txt /tmp/\n", "utf-8")
    (folder / "requirements.txt").write_text("polars\n", "utf-8")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("secret", "utf-8")
    return folder


def run(
    stack: Stack, folder: Path | None = None, base: Base = DEFAULT_BASE, *, as_json: bool = False
) -> None:
    build_image.build(stack, folder, base, as_json=as_json, sleep=lambda _: None)


def test_a_build_shows_its_log_once_and_says_what_it_published(
    stack: Stack, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(stack, server)
    server.answer = CodeBuild(
        QUEUED, BUILDING, BUILDING, DONE, lines=["Step 1", "Step 2", "Step 3", "\x1b[31mred"]
    )
    run(stack)
    shown = capsys.readouterr()
    assert [line for line in shown.err.splitlines() if not line.startswith("--")] == [
        f"Building droptrain: {ID}", "Step 1", "Step 2", "Step 3", "red",
    ]  # fmt: skip
    assert shown.out.startswith(f"Published {URI}:latest and :cpu after 5 min 0 s")
    assert [line.split(": sha256:")[0] for line in shown.out.splitlines()[1:]] == ["latest", "cpu"]


def test_what_is_built_is_the_version_that_was_sent(
    stack: Stack, server: ScriptedServer, tmp_path: Path
) -> None:
    deploy(stack, server)
    server.answer = codebuild = CodeBuild(DONE, lines=[])
    run(stack, own_image(tmp_path), Base("base:1", adds_tensorflow=False), as_json=True)
    [request] = codebuild.started
    assert request["environmentVariablesOverride"] == [
        {"name": "BASE_IMAGE", "value": "base:1", "type": "PLAINTEXT"},
        {"name": "TENSORFLOW", "value": "no", "type": "PLAINTEXT"},
    ]
    assert request["projectName"] == "builder"
    sent = stack.client("s3").get_object(
        Bucket=stack.bucket, Key="builds/image.zip", VersionId=request["sourceVersion"]
    )
    names = zipfile.ZipFile(io.BytesIO(sent["Body"].read())).namelist()
    assert {name for name in names if name.startswith("yours/")} == {
        "yours/Dockerfile",
        "yours/requirements.txt",
    }
    assert "droptrain/droptrain_container/entrypoint.py" in names


def test_the_archive_has_what_docker_would_send_and_is_the_same_each_time() -> None:
    first = archive(None)
    names = zipfile.ZipFile(io.BytesIO(first)).namelist()
    ignore = (ROOT / "image" / ".dockerignore").read_text("utf-8").split()
    sent = {line.removeprefix("!") for line in ignore if line.startswith("!")}
    assert {name.split("/")[1] for name in names} == sent | {"publish.sh"}
    assert not [name for name in names if "__pycache__" in name]
    assert hashlib.sha256(archive(None)).digest() == hashlib.sha256(first).digest()


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("toomanyrequests: You have reached your pull rate limit", "--base-image"),
        ("write /x: no space left on device", "Leave out what training doesn't need"),
        ("E: Unable to locate package gcc-99", "See the log above"),
    ],
)
def test_a_build_that_fails_says_where_and_what_to_do(
    stack: Stack, server: ScriptedServer, line: str, fix: str
) -> None:
    deploy(stack, server)
    server.answer = CodeBuild(BUILDING, BROKEN, lines=["Step 1", line])
    with pytest.raises(DroptrainError) as raised:
        run(stack)
    assert "FAILED in build: Error while executing: docker build. Nothing was published." in str(raised.value)
    assert fix in str(raised.value)


@pytest.mark.parametrize(("own", "by_docker"), [(False, "docker push it"), (True, "docs/image.md")])
def test_an_account_that_may_build_nothing_is_told_of_the_quota_and_of_docker(
    stack: Stack, server: ScriptedServer, tmp_path: Path, own: bool, by_docker: str
) -> None:
    deploy(stack, server)
    refusal = {
        "__type": "AccountLimitExceededException",
        "message": "Cannot have more than 0 builds in queue for the account",
    }
    server.answer = lambda _: Reply(400, refusal, {"Content-Type": "application/x-amz-json-1.1"})
    with pytest.raises(DroptrainError) as raised:
        run(stack, own_image(tmp_path) if own else None)
    said = str(raised.value)
    assert said.startswith("AWS CodeBuild starts no build: Cannot have more than 0 builds in queue")
    assert "--service-code codebuild --quota-code L-9D07B6EF --desired-value 1" in said
    assert said.endswith(by_docker if not own else f"{by_docker} has the commands for an image of your own.")


def test_ctrl_c_leaves_the_build_going_and_says_how_to_end_it(
    stack: Stack, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(stack, server)
    server.answer = CodeBuild(BUILDING, lines=[])

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_image.build(stack, None, DEFAULT_BASE, as_json=False, sleep=interrupted)
    assert f"aws codebuild stop-build --id {ID}" in capsys.readouterr().err


def test_a_stack_that_builds_none_says_how_it_would(stack: Stack, server: ScriptedServer) -> None:
    deploy(stack, server, builds=False)
    with pytest.raises(DroptrainError, match="sam deploy --parameter-overrides BuildsImage=yes"):
        run(stack)


def test_an_image_that_would_not_be_used_is_not_built(stack: Stack, server: ScriptedServer) -> None:
    deploy(stack, server, uri="example.com/other:1")
    with pytest.raises(DroptrainError, match=r"This stack trains in example\.com/other:1"):
        run(stack)


def test_a_folder_without_a_dockerfile_is_refused_before_anything_is_sent(
    stack: Stack, tmp_path: Path
) -> None:
    with pytest.raises(
        DroptrainError, match=r"has no Dockerfile\. Make one that begins with `FROM droptrain`"
    ):
        run(stack, tmp_path)


def test_data_in_the_folder_is_refused(stack: Stack, tmp_path: Path) -> None:
    with (own_image(tmp_path) / "train.csv").open("wb") as big:
        big.truncate(101 * 1024 * 1024)
    with pytest.raises(DroptrainError, match="Data belongs into the bucket"):
        run(stack, tmp_path)


def test_nothing_is_built_from_a_bucket_that_keeps_no_versions(stack: Stack, server: ScriptedServer) -> None:
    deploy(stack, server)
    suspended = {"Status": "Suspended"}
    stack.client("s3").put_bucket_versioning(Bucket=stack.bucket, VersioningConfiguration=suspended)
    with pytest.raises(DroptrainError, match="no longer keeps versions"):
        run(stack)
    assert server.asked == []
