"""The README's steps on AWS, each command run as it stands there; only SAM's is a stand-in.

A laptop cloud is the account. Service Quotas and CodeBuild, which it lacks, are a server of the test that
checks requests by botocore's models. What `sam build` and `sam deploy` do is shown by the template's tests.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator
from e2e.terminal import Shell, blocks_of, shell
from support.scripted_server import Asked, Reply, ScriptedServer
from support.template import ROOT, template

from droptrain_local.cloud import LaptopCloud
from droptrain_local.state import write_state

pytestmark = pytest.mark.timeout(300)
PAGE = "README.md"
_DEMO, QUOTAS, DEPLOY, PROJECT = range(4)
MANIFEST = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}
SERVICES = {"ServiceQuotasV20190624": "service-quotas", "CodeBuild_20161006": "codebuild"}
# What it is asked is kept, and the deployment waits for no confirmation.
SAM = 'sam() { if [ "$1" = deploy ]; then shift; printf "%s\\n" "$@"; fi; }'
BUILT = {"startTime": 1764000000.0, "endTime": 1764000300.0, "buildComplete": True}


class Account:
    """A new account's Service Quotas, and an AWS CodeBuild that may build after all."""

    def __init__(self, cloud: LaptopCloud) -> None:
        self._cloud = cloud
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def __call__(self, asked: Asked) -> Reply:
        prefix, _, operation = asked.headers["x-amz-target"].partition(".")
        shape = Session().get_service_model(SERVICES[prefix]).operation_model(operation).input_shape
        report = ParamValidator().validate(asked.document, shape)
        assert not report.has_errors(), report.generate_report()
        self.asked.append((operation, asked.document))
        answer = getattr(self, operation)(asked.document)
        return Reply(200, answer, {"Content-Type": "application/x-amz-json-1.1"})

    def GetServiceQuota(self, request: Mapping[str, str]) -> Any:
        return {"Quota": {**request, "Value": 1.0}}

    def RequestServiceQuotaIncrease(self, request: Mapping[str, Any]) -> Any:
        return {"RequestedQuota": {**request, "Status": "PENDING"}}

    def StartBuild(self, _: Mapping[str, Any]) -> Any:
        ecr = self._cloud.client("ecr")
        [repository] = ecr.describe_repositories()["repositories"]
        ecr.put_image(
            repositoryName=repository["repositoryName"], imageTag="latest", imageManifest=json.dumps(MANIFEST)
        )
        return {"build": {"id": "images:1", "buildStatus": "IN_PROGRESS"}}

    def BatchGetBuilds(self, request: Mapping[str, Any]) -> Any:
        return {"builds": [{"id": request["ids"][0], "buildStatus": "SUCCEEDED", **BUILT}]}


def overrides() -> dict[str, str]:
    """The parameters that the README's deployment gives."""
    words = shlex.split(blocks_of(PAGE)[DEPLOY].partition("\n")[0])
    given = words[words.index("--parameter-overrides") + 1 :]
    return dict(word.split("=", 1) for word in given)


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LaptopCloud]:
    monkeypatch.setenv("DROPTRAIN_STATE_DIR", str(tmp_path / "state"))
    with LaptopCloud(work_dir=tmp_path / "laptop", parameters=overrides()) as running:
        write_state(running.ready)
        yield running


@pytest.fixture
def account(cloud: LaptopCloud) -> Iterator[tuple[Account, str]]:
    server = ScriptedServer()
    answers = Account(cloud)
    server.answer = answers
    yield answers, server.url
    server.close()


@pytest.fixture
def do(cloud: LaptopCloud, account: tuple[Account, str], tmp_path: Path) -> Iterator[Shell]:
    with shell(cloud.ready, tmp_path / "state") as opened:
        for service in ("SERVICE_QUOTAS", "CODEBUILD"):
            opened(f"export AWS_ENDPOINT_URL_{service}={account[1]}")
        opened(f"{SAM}\ncd {tmp_path}")
        yield opened


def test_the_readme_s_steps_lead_from_a_new_account_to_a_trained_model(
    do: Shell, account: tuple[Account, str], cloud: LaptopCloud
) -> None:
    blocks = blocks_of(PAGE)
    assert len(blocks) == PROJECT + 1
    text = (ROOT / PAGE).read_text("utf-8")
    (region,) = re.findall(r"`(export AWS_REGION=.*)`", text)
    do(region)
    (plan,) = re.findall(r"`(aws freetier .*?)`", text)
    assert json.loads(do(plan))["accountPlanType"] == "PAID"
    said = do(blocks[QUOTAS])
    assert "1.0" in said.split(), "the quota of builds"
    requested = [request for operation, request in account[0].asked if operation.startswith("Request")]
    assert {request["QuotaCode"] for request in requested} == {"L-3819A6DF", "L-DB2E81BA"}
    paths = {role["Path"] for role in cloud.client("iam").list_roles()["Roles"]}
    for service in ("batch", "ecs", "autoscaling", "spot"):
        assert f"/aws-service-role/{service}.amazonaws.com/" in paths
    deploy, _, image = blocks[DEPLOY].partition("\n")
    assert do(deploy).split()[0] == "--parameter-overrides"
    assert overrides().keys() <= template()["Parameters"].keys()
    assert "Published " in do(f"{image.strip()} 2>&1")
    found = json.loads(do("droptrain doctor --stack droptrain --json || true"))["findings"]
    verdicts = {each["title"]: each["verdict"] for each in found}
    assert verdicts["account plan"] == verdicts["image"] == verdicts["image builds"] == "ok"
    assert verdicts["concurrency"] == "ok"
    assert "SUCCEEDED" in do(blocks[PROJECT])


def test_the_roles_that_are_there_already_stop_nobody(do: Shell) -> None:
    roles = blocks_of(PAGE)[QUOTAS].partition("for service")
    assert do("".join(roles[1:]) * 2).count("already exists") == 4  # moto's words
