"""Machine images: the default is AWS's newest, and image/ami/template.yaml builds one to take its place."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import cfnlint.data.schemas
import jmespath
import jsonschema
import pytest
from botocore.session import Session
from support.ami_component import ami_template, document, script, steps
from support.template import ROOT, properties, template

ENVIRONMENTS = ("SpotComputeEnvironment", "OnDemandComputeEnvironment")
# As the Image Builder user guide describes it ("Document schema and definitions", "Use variables in your
# custom component document"); AWS publishes no JSON Schema. Only the action that is used here.
DOCUMENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["schemaVersion", "phases"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "schemaVersion": {"const": 1.0},
        "parameters": {
            "type": "array",
            "items": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "propertyNames": {"pattern": "^[A-Za-z][A-Za-z0-9]{2,127}$"},
                "additionalProperties": {
                    "type": "object",
                    "required": ["type"],
                    "additionalProperties": False,
                    "properties": {
                        "type": {"enum": ["string"]},
                        "default": {"type": "string", "minLength": 1},
                        "description": {"type": "string"},
                        "allowedValues": {"type": "array", "items": {"type": "string"}},
                    },
                },
            },
        },
        "phases": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["name", "steps"],
                "additionalProperties": False,
                "properties": {
                    "name": {"enum": ["build", "validate", "test"]},
                    "steps": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["name", "action", "inputs"],
                            "additionalProperties": False,
                            "properties": {
                                "name": {"type": "string", "minLength": 1},
                                "action": {"const": "ExecuteBash"},
                                "timeoutSeconds": {"type": "integer", "minimum": 1},
                                "onFailure": {"enum": ["Abort", "Continue", "Ignore"]},
                                "maxAttempts": {"type": "integer", "minimum": 1},
                                "inputs": {
                                    "type": "object",
                                    "required": ["commands"],
                                    "additionalProperties": False,
                                    "properties": {
                                        "commands": {
                                            "type": "array",
                                            "minItems": 1,
                                            "items": {"type": "string", "minLength": 1},
                                        }
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def resource(logical_id: str) -> dict[str, Any]:
    found: dict[str, Any] = ami_template()["Resources"][logical_id]["Properties"]
    return found


def cloudformation_schema(type_: str) -> dict[str, Any]:
    """CloudFormation's own schema of a resource type, as cfn-lint ships it."""
    folder = Path(cfnlint.data.schemas.__file__).parent
    index = json.loads((folder / "providers" / "us-east-1.json").read_text("utf-8"))
    schema: dict[str, Any] = json.loads((folder / "resources" / f"{index[type_]}.json").read_text("utf-8"))
    return schema


def test_without_an_ami_of_ones_own_an_instance_starts_from_awss_newest_with_its_driver() -> None:
    assert template()["Parameters"]["AmiId"]["Default"] == ""
    assert template()["Conditions"]["HasAmi"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AmiId"}, ""]}]}
    override = {"Fn::If": ["HasAmi", {"Ref": "AmiId"}, {"Ref": "AWS::NoValue"}]}
    for environment in ENVIRONMENTS:
        machine = properties(environment)["ComputeResources"]
        assert machine["Ec2Configuration"] == [
            {"ImageType": "ECS_AL2023_NVIDIA", "ImageIdOverride": override}
        ]
        assert machine["UpdateToLatestImageVersion"] is True
    # The launch template's image would come before Batch's own, and after the override.
    assert "ImageId" not in properties("TrainingLaunchTemplate")["LaunchTemplateData"]


def test_another_ami_changes_the_compute_environments_in_place() -> None:
    schema = cloudformation_schema("AWS::Batch::ComputeEnvironment")
    path = "/properties/ComputeResources/Ec2Configuration"
    assert not [it for it in schema["createOnlyProperties"] if path.startswith(it)]
    # A new one only if ReplaceComputeEnvironment says so.
    assert path in schema["conditionalCreateOnlyProperties"]
    for environment in ENVIRONMENTS:
        assert properties(environment)["ReplaceComputeEnvironment"] is False
        # What an update of the instances asks for, beside the service-linked role.
        assert "ServiceRole" not in properties(environment)
        assert properties(environment)["ComputeResources"]["AllocationStrategy"] in {
            "BEST_FIT_PROGRESSIVE", "SPOT_PRICE_CAPACITY_OPTIMIZED",
        }  # fmt: skip


@pytest.mark.parametrize(("given", "fits"), [
    ("ami-0123456789abcdef0", True), ("ami-01234567", True), ("", True),
    ("ami-123", False), ("AMI-0123456789abcdef0", False), ("resolve:ssm:/a", False),
])  # fmt: skip
def test_an_ami_is_named_by_its_id(given: str, fits: bool) -> None:
    assert bool(re.fullmatch(template()["Parameters"]["AmiId"]["AllowedPattern"], given)) is fits


def test_the_component_is_a_document_that_awstoe_runs() -> None:
    jsonschema.validate(document(), DOCUMENT_SCHEMA)
    assert len(resource("Component")["Data"]) <= 16_000
    names = [step["name"] for phase in document()["phases"] for step in phase["steps"]]
    assert len(names) == len(set(names))
    assert [phase["name"] for phase in document()["phases"]] == ["build", "test"]


def test_the_recipe_gives_the_component_every_parameter_and_none_is_empty() -> None:
    (component,) = resource("Recipe")["Components"]
    assert component["ComponentArn"] == {"Fn::GetAtt": ["Component", "Arn"]}
    defined = {name: it for parameter in document()["parameters"] for name, it in parameter.items()}
    given = {parameter["Name"]: parameter["Value"] for parameter in component["Parameters"]}
    assert set(given) == set(defined)
    assert given["DriverVersion"] == [
        {"Fn::If": ["ChangesDriver", {"Ref": "DriverVersion"}, defined["DriverVersion"]["default"]]}
    ]
    assert given["Image"] == [{"Fn::If": ["PullsImage", {"Ref": "Image"}, defined["Image"]["default"]]}]
    used = resource("Component")["Data"]
    assert {name for name in defined if f"{{{{ {name} }}}}" in used} == set(defined)


@pytest.mark.parametrize("step", steps())
def test_the_shell_of_each_step_has_no_fault_that_shellcheck_knows(step: str) -> None:
    shell = script(step, DriverVersion="570.172.08", Image="example.com/image:1", TestImage="debian")
    assert shell.startswith("set -euo pipefail\n")
    checked = subprocess.run(
        # Constants are compared because the values have been filled in.
        [Path(sys.executable).with_name("shellcheck"), "--shell=bash", "--exclude=SC2050,SC2194", "-"],
        input=shell, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


def test_the_clean_up_is_the_last_thing_that_is_done_to_an_ami() -> None:
    build, test = document()["phases"]
    assert build["steps"][-1]["name"] == "CleanUp"
    # The test runs on another instance, so that what it pulls and leaves is in no AMI.
    assert (build["name"], test["name"]) == ("build", "test")
    assert resource("Pipeline")["ImageTestsConfiguration"]["ImageTestsEnabled"] is True


def test_a_build_starts_from_the_newest_ecs_gpu_ami_and_only_when_told() -> None:
    parent = "ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id"
    assert resource("Recipe")["ParentImage"] == parent
    assert ami_template()["Parameters"]["Schedule"]["Default"] == ""
    schedule = resource("Pipeline")["Schedule"]["Fn::If"]
    assert (schedule[0], schedule[2]) == ("IsScheduled", {"Ref": "AWS::NoValue"})


def test_a_failed_build_leaves_no_instance_running() -> None:
    infrastructure = resource("Infrastructure")
    assert infrastructure["TerminateInstanceOnFailure"] is True
    assert infrastructure["InstanceMetadataOptions"]["HttpTokens"] == "required"
    assert "KeyPair" not in infrastructure


def test_a_recipe_can_be_changed_because_each_change_is_its_next_version() -> None:
    assert resource("Recipe")["Version"] == "1.0.x"
    # CloudFormation compares the x with the number that came of it.
    schema = cloudformation_schema("AWS::ImageBuilder::ImageRecipe")
    assert '"x", "[0-9]+"' in schema["propertyTransform"]["/properties/Version"]


def test_the_amis_disk_is_no_larger_than_that_of_a_training_instance() -> None:
    (training,) = properties("TrainingLaunchTemplate")["LaunchTemplateData"]["BlockDeviceMappings"]
    (own,) = resource("Recipe")["BlockDeviceMappings"]
    assert own["DeviceName"] == training["DeviceName"]
    assert own["Ebs"]["VolumeSize"] == {"Ref": "DiskGib"}
    assert ami_template()["Parameters"]["DiskGib"]["MaxValue"] == training["Ebs"]["VolumeSize"]


def test_an_instance_that_builds_reads_images_only_if_one_is_pulled_and_changes_nothing() -> None:
    role = resource("BuildRole")
    assert "ManagedPolicyArns" not in role
    runs, pulls = role["Policies"]
    assert pulls["Fn::If"][0] == "PullsImage"
    statements = [
        *runs["PolicyDocument"]["Statement"],
        *pulls["Fn::If"][1]["PolicyDocument"]["Statement"],
    ]
    actions: dict[str, Any] = {}
    for statement in statements:
        named = statement["Action"]
        for action in [named] if isinstance(named, str) else named:
            actions[action] = statement["Resource"]
    assert not [action for action in actions if "*" in action]
    everywhere = {action for action, where in actions.items() if where == "*"}
    assert {action.split(":")[0] for action in everywhere} == {"ec2messages", "ssm", "ssmmessages", "ecr"}
    # What would read the account's parameters and secrets.
    assert not {"ssm:GetParameter", "ssm:GetParameters", "kms:Decrypt"} & set(actions)


def test_logs_of_builds_are_in_a_group_of_the_stack_that_expires() -> None:
    recipe, pipeline = resource("Recipe")["Name"], resource("Pipeline")["Name"]
    assert recipe == pipeline == {"Ref": "AWS::StackName"}
    # Image Builder's names: /aws/imagebuilder/IMAGE and /aws/imagebuilder/pipeline/PIPELINE.
    names = {"BuildLogs": "/aws/imagebuilder/", "PipelineLogs": "/aws/imagebuilder/pipeline/"}
    for group, prefix in names.items():
        assert resource(group)["LogGroupName"] == {"Fn::Sub": f"{prefix}${{AWS::StackName}}"}
        assert resource(group)["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_every_parameter_is_described_grouped_limited_and_used() -> None:
    source = ami_template()
    interface = source["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(source["Parameters"]) == sorted(interface["ParameterLabels"])
    text = json.dumps({key: source[key] for key in ("Resources", "Conditions")})
    guide = (ROOT / "docs" / "ami.md").read_text("utf-8")
    for name, parameter in source["Parameters"].items():
        assert len(parameter["Description"]) > 30, name
        assert "Default" in parameter, name
        assert {"AllowedPattern", "AllowedValues", "MinValue"} & set(parameter), name
        assert f'{{"Ref": "{name}"}}' in text, name
        assert f"`{name}`" in guide, name
    for name in source["Outputs"]:
        assert f"`{name}`" in guide, name


def sub(output: str) -> str:
    value: str = ami_template()["Outputs"][output]["Value"]["Fn::Sub"]
    return value


@pytest.mark.parametrize("output", ["StartCommand", "StateCommand", "AmiIdCommand"])
def test_a_command_of_the_outputs_exists_with_its_options(output: str) -> None:
    _, service, operation, *rest = sub(output).split()
    assert service == "imagebuilder"
    name = "".join(part.title() for part in operation.split("-"))
    shape = Session().get_service_model("imagebuilder").operation_model(name).input_shape
    options = {word.removeprefix("--") for word in rest if word.startswith("--")}
    assert options - {"region", "query", "output"} == {"image-pipeline-arn"}
    assert "imagePipelineArn" in shape.members


def test_the_amis_id_is_that_of_the_newest_which_passed_its_test() -> None:
    def image(day: int, status: str, ami: str) -> dict[str, Any]:
        return {
            "dateCreated": f"2026-11-{day:02}T04:00:00Z",
            "state": {"status": status},
            "outputResources": {"amis": [{"region": "eu-west-1", "image": ami}]},
        }

    (query,) = re.findall(r'--query "(.*?)"', sub("AmiIdCommand"))
    images = [image(2, "AVAILABLE", "ami-b"), image(1, "AVAILABLE", "ami-a"), image(3, "FAILED", "ami-c")]
    assert jmespath.search(query, {"imageSummaryList": images}) == "ami-b"
