"""From the first deployment to the stack's deletion, in an emulator that droptrain's authors did not write.

The tests are steps of one stack's life, in their order.
"""

import json
import re
import shlex
from typing import Any

import pytest
from botocore.exceptions import ClientError
from deploy.deployed import STACK, DeployedStack
from support.command_line import CommandLine
from support.laptop_user import User
from support.template import ROOT

pytestmark = [pytest.mark.emulator, pytest.mark.timeout(600)]
IMAGE = json.dumps({"schemaVersion": 2, "config": {}, "layers": []})
EXAMPLE = ROOT / "examples/penguins"


@pytest.fixture(scope="module")
def user(stack: DeployedStack) -> User:
    """The account's owner, with the project of the example."""
    return User(stack, "penguins", [])  # as a laptop cloud, it has clients and addresses


@pytest.fixture
def published(user: User, droptrain: CommandLine) -> None:
    said = droptrain("push", user.project, str(EXAMPLE), "--stack", STACK)
    assert said.code == 0, said.err


def test_the_whole_template_is_deployed(stack: DeployedStack) -> None:
    assert stack.description["StackStatus"] == "CREATE_COMPLETE"
    assert {
        "SpotComputeEnvironment",
        "SpotJobQueue",
        "ImageBuildProject",
        "RunsApi",
    } <= stack.resources.keys()


@pytest.mark.usefixtures("published")
def test_a_drop_before_the_first_image_is_rejected_with_the_command_that_trains_it(
    stack: DeployedStack, user: User, droptrain: CommandLine
) -> None:
    said = droptrain("drop", user.project, str(EXAMPLE / "data"), "--dataset", "early", "--stack", STACK)
    assert said.code == 0, said.err
    rejected = user.run_with("REJECTED")
    assert rejected["cause"]["code"] == "no_image"
    notice = user.notice()["Message"]
    assert "`droptrain image`" in notice
    command = re.search(r"Then: (droptrain rerun \S+)", notice)
    assert command, notice

    stack.client("ecr").put_image(
        repositoryName=stack.resources["ImageRepository"], imageTag="latest", imageManifest=IMAGE
    )
    said = droptrain(*shlex.split(command[1])[1:], "--watch")
    assert said.code == 0, said.err
    assert user.run_with("SUCCEEDED")["inputs"] == rejected["inputs"], "the versions that were dropped"
    assert user.notice()["Subject"].startswith("SUCCEEDED penguins/early")


@pytest.mark.usefixtures("published")
def test_the_example_is_followed_from_the_drop_to_the_notice(
    stack: DeployedStack, user: User, droptrain: CommandLine
) -> None:
    said = droptrain("drop", user.project, str(EXAMPLE / "data"), "--dataset", "first", "--watch")
    assert said.code == 0, said.err
    [run] = [run for run in user.runs() if run["dataset"] == "first"]
    assert (run["status"], len(run["attempts"])) == ("SUCCEEDED", 1)
    assert {each["key"].rpartition("/")[2] for each in run["inputs"]} == {"train.csv", "test.csv"}
    [job] = stack.client("batch").describe_jobs(jobs=[run["batch_job_id"]])["jobs"]
    assert job["jobQueue"] == stack.outputs["SpotJobQueueArn"]
    assert user.notice()["Subject"].startswith("SUCCEEDED penguins/first")


def test_a_pass_of_the_reconciler_is_allowed_everything_that_it_calls(stack: DeployedStack) -> None:
    answer = stack.client("lambda").invoke(
        FunctionName=stack.resources["ReconcileRunsFunction"], Payload=b"{}"
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    assert json.loads(answer["Payload"].read())["active"] == 0


def test_a_reader_may_read_and_an_operator_may_launch(stack: DeployedStack, user: User) -> None:
    launch = {"project": user.project, "dataset": "first", "rerun": True}
    reader, operator = (_person(stack, policy) for policy in ("ReaderPolicyArn", "OperatorPolicyArn"))
    assert user.call("GET", "/runs", **reader)[0] == 200
    assert user.call("POST", "/runs", launch, **reader)[0] == 403
    assert user.call("POST", "/runs", launch, **operator)[0] == 202
    assert user.ask("GET", "/runs", key=None)[0] == 403
    user.notice()


def _person(stack: DeployedStack, policy: str) -> dict[str, Any]:
    """Credentials of somebody who has one of the stack's policies."""
    iam, name = stack.client("iam"), policy.removesuffix("PolicyArn")
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=stack.outputs[policy])
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return {"key": made["AccessKeyId"], "secret": made["SecretAccessKey"]}


def test_an_update_changes_what_it_names_and_nothing_else(stack: DeployedStack, user: User) -> None:
    before, runs = stack.resources, user.runs()
    stack.deploy(MonthlyBudgetUsd="50", MaxvCpus="32", Paused="no budget until Monday")
    assert stack.description["StackStatus"] == "UPDATE_COMPLETE"
    values = {each["ParameterKey"]: each["ParameterValue"] for each in stack.description["Parameters"]}
    assert (values["MonthlyBudgetUsd"], values["MaxvCpus"], values["SettleSeconds"]) == ("50", "32", "1")
    assert stack.resources == before
    assert user.call("GET", "/budget")[1]["cap_usd"] == 50
    environments = stack.client("batch").describe_compute_environments()["computeEnvironments"]
    most = sorted(str(each["computeResources"]["maxvCpus"]) for each in environments)
    assert most == [values["CpuMaxvCpus"]] * 2 + ["32"] * 2
    assert user.runs() == runs


def test_a_drop_into_the_paused_stack_launches_when_the_pause_ends(stack: DeployedStack, user: User) -> None:
    assert user.call("GET", "/status") == (200, {"paused": "no budget until Monday"})
    user.drop("paused", train="a,b\n1,2\n", test="a,b\n3,4\n")
    stack.deploy(Paused="")
    assert user.run_with("SUCCEEDED")["dataset"] == "paused"
    assert user.notice()["Subject"].startswith("SUCCEEDED penguins/paused")


def test_parameters_that_do_not_fit_together_are_refused(stack: DeployedStack) -> None:
    with pytest.raises(AssertionError, match="With VpcId, name SubnetIds of that VPC too"):
        stack.deploy(VpcId="vpc-12345678")
    assert stack.description["StackStatus"] == "UPDATE_COMPLETE"


def test_a_deletion_leaves_the_bucket_and_the_table(stack: DeployedStack) -> None:
    stack.delete()
    with pytest.raises(ClientError, match="does not exist"):
        _ = stack.description
    assert stack.client("lambda").list_functions()["Functions"] == []
    assert stack.client("batch").describe_job_queues()["jobQueues"] == []
    listed = stack.client("s3").list_objects_v2(Bucket=stack.outputs["DataBucketName"], Prefix="projects/")
    assert listed["KeyCount"] > 0
    assert stack.client("dynamodb").scan(TableName=stack.outputs["RunsTableName"])["Count"] > 0
