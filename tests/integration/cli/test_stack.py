"""Which stack a command addresses, against moto's CloudFormation, and what it says where there is none."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError, NoRegionError, SSOTokenLoadError
from moto import mock_aws
from moto.backends import get_backend

from droptrain import aws_errors
from droptrain.errors import StackError
from droptrain.stack import find_stack
from droptrain_cli import exit_codes
from droptrain_cli.main import main

REGION = "eu-west-1"
OUTPUTS = {
    "ApiUrl": "https://abc/", "DataBucketName": "data",
    "ReaderPolicyArn": "arn:aws:iam::1:policy/reader", "OperatorPolicyArn": "arn:aws:iam::1:policy/operator",
}  # fmt: skip
Say = Callable[..., "Said"]
TEMPLATE = Path(__file__).parents[3] / "template.yaml"


@pytest.fixture(autouse=True)
def plain_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No laptop cloud runs here, and no AWS settings of the tester's get in."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "DROPTRAIN_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DROPTRAIN_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def deploy(name: str, outputs: dict[str, str]) -> None:
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
    cloudformation = boto3.client("cloudformation", region_name=REGION)
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    exit_code: object
    stdout: str
    stderr: str


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Runs the command in this process."""

    def run(*words: str) -> Said:
        with pytest.raises(SystemExit) as ended:
            main(words)
        return Said(ended.value.code, *capsys.readouterr())

    return run


def test_a_stack_on_aws_is_found_by_its_name(aws: None):
    deploy("mine", OUTPUTS)
    stack = find_stack("mine", region=REGION)
    assert (stack.name, stack.region, stack.is_laptop) == ("mine", REGION, False)
    assert (stack.api_url, stack.bucket) == ("https://abc", "data")
    assert stack.client("s3") is stack.client("s3")
    assert stack.session.get_credentials()


def test_the_template_has_the_outputs_that_a_stack_is_found_by():
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda *_: None)
    assert set(OUTPUTS) <= set(yaml.load(TEMPLATE.read_text("utf-8"), Loader)["Outputs"])


def test_the_region_is_as_for_the_aws_cli(aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    deploy("mine", OUTPUTS)
    keys = "aws_access_key_id = test\naws_secret_access_key = test\n"
    (tmp_path / "config").write_text(f"[profile ml]\nregion = {REGION}\n{keys}")
    assert find_stack("mine", profile="ml").region == REGION
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    assert find_stack("mine").region == REGION
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_REGION", REGION)
    assert find_stack("mine").region == REGION, "as with version 2 of the AWS CLI"


def test_the_region_that_the_error_asks_for_is_taken(aws: None, monkeypatch: pytest.MonkeyPatch, say: Say):
    assert "or set AWS_REGION." in say("runs", "--stack", "mine").stderr
    monkeypatch.setenv("AWS_REGION", REGION)
    assert f"There is no stack mine in {REGION}" in say("runs", "--stack", "mine").stderr


def test_no_stack_and_no_laptop_cloud_names_both_ways_out(say: Say):
    shown = say("runs")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert "--stack NAME" in shown.stderr
    assert "DROPTRAIN_STACK" in shown.stderr
    assert "make up" in shown.stderr
    assert shown.stderr.count("\n") == 1


def test_a_region_without_a_stack_is_asked_about():
    with pytest.raises(StackError, match="--stack NAME"):
        find_stack(None, region=REGION)


def test_a_wrong_name_is_told_with_its_region(aws: None, say: Say):
    shown = say("runs", "--stack", "other", "--region", REGION)
    assert shown.exit_code == 1
    assert "There is no stack other in eu-west-1" in shown.stderr


def test_another_stack_is_not_taken_for_droptrain(aws: None, say: Say):
    deploy("website", {"Url": "https://x"})
    shown = say("runs", "--stack", "website", "--region", REGION)
    assert "is CREATE_COMPLETE and has no output 'ApiUrl': it isn't droptrain's" in shown.stderr


@pytest.mark.parametrize("status", ["CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_a_stack_that_could_not_be_created_is_to_be_deleted_first(
    aws: None, say: Say, status: str, monkeypatch: pytest.MonkeyPatch
):
    deploy("droptrain", {})
    backends: Any = get_backend("cloudformation")
    stacks = backends["123456789012"][REGION].stacks
    (made,) = stacks.values()
    monkeypatch.setattr(made, "status", status)
    shown = say("doctor", "--stack", "droptrain", "--region", REGION)
    assert shown.exit_code == exit_codes.ERROR
    assert f"could not be created ({status})" in shown.stderr
    for command in ("describe-stack-events", "delete-stack", "wait stack-delete-complete"):
        assert f"aws cloudformation {command} --stack-name droptrain" in shown.stderr


def test_the_name_may_come_from_the_environment(aws: None, monkeypatch: pytest.MonkeyPatch, say: Say):
    monkeypatch.setenv("DROPTRAIN_STACK", "other")
    assert "no stack other" in say("runs", "--region", REGION).stderr


def test_no_credentials_no_region_and_no_such_profile_are_told_in_a_sentence(say: Say):
    for words, wanted in (
        (["--region", REGION], "credentials are missing. Set them up (aws configure;"),
        ([], "No AWS region is set. Name one with --region"),
        (["--profile", "ml"], "The config profile (ml) could not be found. aws configure list-profiles"),
    ):
        shown = say("runs", "--stack", "mine", *words)
        assert shown.exit_code == 1
        assert wanted in shown.stderr
        assert shown.stderr.count("\n") == 1, shown.stderr


def test_debug_shows_where(say: Say):
    shown = say("runs", "--stack", "mine", "--debug")
    assert shown.exit_code == 1
    assert "Traceback" in shown.stderr
    assert NoRegionError.__name__ in shown.stderr


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "It broke"}}, "PutObject")


@pytest.mark.parametrize(("error", "wanted"), [
    (refused("ExpiredToken"), "have expired. Sign in"),
    (refused("AccessDenied"), "not call PutObject"),
    (refused("Odd"), "PutObject (Odd): It broke."),
    (SSOTokenLoadError(error_msg="x"), "have expired. Sign in"),
])  # fmt: skip
def test_errors_of_aws_are_told_with_the_fix(error: Exception, wanted: str):
    explained = aws_errors.explained(error)
    assert explained is not None
    assert wanted in explained.message


def test_other_errors_are_not_aws_s():
    assert aws_errors.explained(KeyError("x")) is None
