"""Who deploys is asked few things, each explained, checked and grouped, and told what comes next."""

import json
import re
from typing import Any

import pytest
from support.template import ROOT, template

PARAMETERS: dict[str, Any] = template()["Parameters"]
INTERFACE = template()["Metadata"]["AWS::CloudFormation::Interface"]


def test_every_parameter_is_described_and_has_a_default() -> None:
    for name, parameter in PARAMETERS.items():
        assert len(parameter["Description"]) > 30, name
        assert "Default" in parameter, name


def test_every_parameter_is_in_one_group_and_labelled() -> None:
    grouped = [name for group in INTERFACE["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(PARAMETERS)
    assert set(INTERFACE["ParameterLabels"]) == set(PARAMETERS)


def test_every_parameter_says_what_it_allows() -> None:
    for name, parameter in PARAMETERS.items():
        limits = {"AllowedPattern", "AllowedValues", "MinValue"} & set(parameter)
        assert limits, name
        if "AllowedPattern" in parameter:
            assert parameter["ConstraintDescription"].startswith("is "), name
            pattern = re.compile(parameter["AllowedPattern"])
            is_list = parameter["Type"] == "CommaDelimitedList"
            values = parameter["Default"].split(",") if is_list else [parameter["Default"]]
            assert all(pattern.fullmatch(value) for value in values), name


@pytest.mark.parametrize(("name", "fits"), [
    ("g7e.2xlarge", True), ("p6-b200.48xlarge", True), ("g4dn.metal", True), ("g9x.metal-48xl", True),
    ("g6.xlarge", True), ("gr6.4xlarge", True), ("g6f.xlarge", False), ("gr6f.4xlarge", False), ("g5", False),
])  # fmt: skip
def test_any_instance_type_fits_but_those_with_a_fraction_of_a_gpu(name: str, fits: bool) -> None:
    types = PARAMETERS["InstanceTypes"]
    assert bool(re.fullmatch(types["AllowedPattern"], name)) is fits
    assert "fraction of a GPU (g6f, gr6f)" in types["ConstraintDescription"]


@pytest.mark.parametrize(("name", "fits"), [
    ("m6i.2xlarge", True), ("c7i-flex.large", True), ("r8i.metal-48xl", True), ("t3.large", True),
    ("x2iedn.xlarge", True), ("mac1.metal", True), ("i4i.large", True),
    ("g5.xlarge", False), ("gr6.4xlarge", False), ("p4d.24xlarge", False), ("m7g.large", False),
    ("c7gn.xlarge", False), ("a1.large", False), ("x2gd.large", False), ("c6i", False),
])  # fmt: skip
def test_types_without_gpus_are_neither_gpu_types_nor_graviton(name: str, fits: bool) -> None:
    types = PARAMETERS["CpuInstanceTypes"]
    assert bool(re.fullmatch(types["AllowedPattern"], name)) is fits


def test_every_parameter_is_used() -> None:
    text = json.dumps({key: template()[key] for key in ("Resources", "Conditions", "Globals")})
    for name in PARAMETERS:
        assert f'{{"Ref": "{name}"}}' in text, name


def test_every_output_is_described() -> None:
    for name, output in template()["Outputs"].items():
        assert output["Description"], name


def test_the_guide_to_deploying_names_every_output() -> None:
    guide = (ROOT / "docs" / "deploying.md").read_text("utf-8")
    for name in template()["Outputs"]:
        assert f"`{name}`" in guide, name


def test_what_costs_money_while_idle_is_known() -> None:
    """Types without a price while nothing happens; another type needs a line in docs/deploying.md first."""
    free = re.compile(
        r"AWS::(Serverless|IAM|Batch|Events|Scheduler|SQS|SNS|DynamoDB|Logs|S3|ECR|CodeBuild)::\w+"
        r"|AWS::EC2::(VPC|InternetGateway|VPCGatewayAttachment|RouteTable|Route|Subnet|SubnetRouteTableAssociation"
        r"|SecurityGroup|LaunchTemplate|VPCEndpoint)"
        r"|AWS::CloudWatch::(Alarm|Dashboard)"
    )
    types = {resource["Type"] for resource in template()["Resources"].values()}
    assert not [type_ for type_ in types if not free.fullmatch(type_)]
