"""The stack fits into any account: beside other stacks, in other partitions, with few zones or a boundary."""

import json
import re
from typing import Any

import pytest
from audit.variants import ADDS
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from droptrain_core.domain.notices import console_links
from support.rendered import STACK, rendered, strings
from support.template import ROOT, template

BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
NETWORK = {"VpcId": "vpc-0123456789abcdef0", "SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1"}
OTHER_PARTITIONS = ["cn-north-1", "us-gov-west-1"]
# Services whose principal is the same in every partition (IAM user guide, and each service's in China).
SAME_EVERYWHERE = (
    r"(apigateway|cloudwatch|codebuild|ecs-tasks|events|lambda|logging\.s3|scheduler)\.amazonaws\.com"
)


def resources(type_: str, region: str = "eu-west-1", **parameters: Any) -> dict[str, Any]:
    """The properties of all resources of a type, as deployed, by logical id."""
    found = rendered(region, **parameters)["Resources"].items()
    return {name: it.get("Properties", {}) for name, it in found if it["Type"] == type_}


def test_every_role_is_bounded_where_the_account_asks_for_it() -> None:
    roles = resources("AWS::IAM::Role", PermissionsBoundaryArn=BOUNDARY, **ADDS)
    assert {"TrainingRole", "WebhookRole"} < set(roles)
    assert {name: role.get("PermissionsBoundary") for name, role in roles.items()} == dict.fromkeys(
        roles, BOUNDARY
    )


def test_no_role_is_bounded_otherwise() -> None:
    assert not [name for name, role in resources("AWS::IAM::Role").items() if "PermissionsBoundary" in role]


def test_every_role_is_written_out_and_none_is_made_by_sam() -> None:
    made = set(resources("AWS::IAM::Role", **ADDS))
    assert made == {name for name, it in template()["Resources"].items() if it["Type"] == "AWS::IAM::Role"}


def test_a_role_has_its_policies_from_its_first_moment() -> None:
    """A policy that is a resource of its own comes after its role, and maybe after what takes the role."""
    later = {name for name, it in rendered(**ADDS)["Resources"].items() if it["Type"] == "AWS::IAM::Policy"}
    assert later == {"TracingPolicy"}, "functions depend on this one"


def test_the_guide_names_every_service_that_a_boundary_has_to_allow() -> None:
    guide = (ROOT / "docs/deploying.md").read_text("utf-8")
    named = re.search(r"has to allow what they do, calls of (.+?);", guide, re.DOTALL)
    services = set()
    for role in resources("AWS::IAM::Role", **ADDS).values():
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = statement["Action"]
                for action in [actions] if isinstance(actions, str) else actions:
                    services.add(action.split(":")[0])
    assert named
    assert set(re.findall(r"`(\w+)`", named[1])) == services


@pytest.mark.parametrize("region", OTHER_PARTITIONS)
def test_nothing_names_another_partition_than_its_own(region: str) -> None:
    for text in strings(rendered(region, **ADDS)):
        assert "arn:aws:" not in text
        assert "aws.amazon.com" not in text
        if region == "cn-north-1":
            assert not re.search(r"amazonaws\.com(?!\.cn)", re.sub(rf"^{SAME_EVERYWHERE}$", "", text)), text


def test_the_console_is_known_in_every_partition_that_notices_link_into() -> None:
    assert {
        name: it["Console"] for name, it in template()["Mappings"]["Partitions"].items()
    } == console_links._DOMAINS


def test_ec2_has_a_principal_of_its_own_in_china() -> None:
    for region, principal in {"cn-north-1": "ec2.amazonaws.com.cn", "eu-west-1": "ec2.amazonaws.com"}.items():
        (statement,) = resources("AWS::IAM::Role", region)["InstanceRole"]["AssumeRolePolicyDocument"][
            "Statement"
        ]
        assert statement["Principal"] == {"Service": principal}


@pytest.mark.parametrize(
    ("region", "parameters", "zones"),
    [("eu-west-1", {}, 3), ("eu-west-1", {"Zones": 2}, 2), ("us-west-1", {}, 2), ("eu-west-1", NETWORK, 0)],
)
def test_the_own_network_has_a_subnet_in_each_zone(
    region: str, parameters: dict[str, Any], zones: int
) -> None:
    subnets = resources("AWS::EC2::Subnet", region, **parameters)
    assert [it["AvailabilityZone"] for it in subnets.values()] == [
        {"Fn::Select": [index, {"Fn::GetAZs": ""}]} for index in range(zones)
    ]
    for environment in resources("AWS::Batch::ComputeEnvironment", region, **parameters).values():
        expected = [{"Ref": name} for name in subnets] or NETWORK["SubnetIds"].split(",")
        assert environment["ComputeResources"]["Subnets"] == expected


def test_no_instance_needs_a_default_vpc() -> None:
    """A security group without a VPC would be made in the account's default one."""
    (own,) = resources("AWS::EC2::SecurityGroup").values()
    (existing,) = resources("AWS::EC2::SecurityGroup", **NETWORK).values()
    assert own["VpcId"] == {"Ref": "Vpc"}
    assert existing["VpcId"] == NETWORK["VpcId"]


def test_what_names_itself_carries_the_stack_s_name_so_that_two_stacks_fit_into_an_account() -> None:
    named = {}
    for logical_id, resource in rendered(**ADDS)["Resources"].items():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", resource["Type"]).schema
        paths = {*schema.get("createOnlyProperties", []), *schema["primaryIdentifier"]}
        # What is named within something else, as a stage within its API, can't meet another stack's.
        if len(schema["primaryIdentifier"]) > 1:
            continue
        for path in paths:
            name = path.rsplit("/", 1)[-1]
            if name == "ServiceName":  # an endpoint's: names what AWS offers
                continue
            if name.endswith("Name") and isinstance(value := resource.get("Properties", {}).get(name), str):
                named[logical_id] = value
    assert {re.sub(r"DroptrainLayer\w+", "DroptrainLayer", key): value for key, value in named.items()} == {
        "DroptrainLayer": STACK,
        "RunsApiAccessLogGroup": f"/aws/vendedlogs/{STACK}/runs-api",
    }


def test_metrics_of_two_stacks_are_told_apart() -> None:
    stack = rendered(NoticeEmail="team@example.org")["Resources"].values()
    of_droptrain = [
        it["Properties"]
        for it in stack
        if it["Type"] == "AWS::CloudWatch::Alarm" and it["Properties"].get("Namespace") == "droptrain"
    ]
    assert of_droptrain
    assert all(it["Dimensions"] == [{"Name": "service", "Value": STACK}] for it in of_droptrain)
    (dashboard,) = (it["Properties"] for it in stack if it["Type"] == "AWS::CloudWatch::Dashboard")
    body = dashboard["DashboardBody"]
    widgets = json.loads(body["Fn::Sub"] if isinstance(body, dict) else body)["widgets"]
    metrics = [metric for it in widgets for metric in it["properties"].get("metrics", [])]
    shown = [metric for metric in metrics if metric[0] == "droptrain"]
    assert len(shown) >= 2
    assert all(metric[2:4] == ["service", STACK] for metric in shown)
    for function in (it["Properties"] for it in stack if it["Type"] == "AWS::Lambda::Function"):
        assert function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == STACK


def test_instances_are_gone_before_their_way_out_is() -> None:
    """A VPC keeps its internet gateway while an instance has an address; a reference orders the deletion."""
    for parameters, last in (({}, {"Ref": "InternetRoute"}), (NETWORK, "existing")):
        stack = rendered(**parameters)["Resources"]
        environments = [it for it in stack.values() if it["Type"] == "AWS::Batch::ComputeEnvironment"]
        assert [it["Metadata"]["NeedsUntilItsEnd"] for it in environments] == [last] * 4
    assert rendered()["Resources"]["InternetRoute"]["DependsOn"] == "InternetGatewayAttachment"


@pytest.mark.parametrize("bucket", ["DataBucket", "AccessLogsBucket"])
def test_a_bucket_that_outlives_the_stack_keeps_its_policy(bucket: str) -> None:
    policy = template()["Resources"][f"{bucket}Policy"]
    assert policy["DeletionPolicy"] == template()["Resources"][bucket]["DeletionPolicy"]
    assert policy["UpdateReplacePolicy"] == "Retain"


def test_what_is_deleted_can_be_deleted_though_there_is_something_in_it() -> None:
    stack = rendered(**ADDS)["Resources"].values()
    for resource in stack:
        if resource["Type"] == "AWS::S3::Bucket":
            assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
        if resource["Type"] == "AWS::ECR::Repository":
            assert resource["Properties"]["EmptyOnDelete"] is True


def test_this_api_alone_may_call_its_function() -> None:
    (permission,) = resources("AWS::Lambda::Permission").values()
    assert permission["Principal"] == "apigateway.amazonaws.com"
    pattern, given = permission["SourceArn"]["Fn::Sub"]
    assert pattern == "arn:aws:execute-api:eu-west-1:123456789012:${__ApiId__}/*/*"
    assert given == {"__ApiId__": {"Ref": "RunsApi"}}


def test_jobs_go_on_while_their_environment_is_updated_but_no_longer_than_cloudformation_waits() -> None:
    # The handlers of AWS::Batch::ComputeEnvironment have CloudFormation's own limit, two hours
    # (provider.definition.schema.v1.json, timeoutInMinutes).
    page = (ROOT / "docs/operations/instance-types.md").read_text("utf-8")
    for environment in resources("AWS::Batch::ComputeEnvironment").values():
        minutes = environment["UpdatePolicy"]["JobExecutionTimeoutMinutes"]
        assert 60 <= minutes <= 110
        assert f"for {minutes} minutes at most" in page
        assert environment["UpdatePolicy"]["TerminateJobsOnUpdate"] is False
