"""The template keeps within the limits of CloudFormation, IAM and Lambda, with the longest of names."""

import json
import tomllib
from collections import Counter
from typing import Any

import pytest
from audit.render import policies
from audit.variants import VARIANTS
from support.rendered import STACK, rendered, translated
from support.template import ROOT, template

# CloudFormation allows a stack's name 128 characters.
LONGEST_NAME = "s" * 128


def length(value: Any) -> int:
    """Of JSON without spaces, the stack's name at its longest; in bytes."""
    return len(json.dumps(value, separators=(",", ":")).replace(STACK, LONGEST_NAME).encode())


@pytest.mark.parametrize("variant", VARIANTS)
def test_policies_fit_into_iam_s_limits(variant: str) -> None:
    """10,240 characters for the inline policies of a role, 6,144 for a managed policy; spaces don't count."""
    region, parameters = VARIANTS[variant]
    stack = rendered(region, **parameters)
    sizes: Counter[str] = Counter()
    for name, policy in policies(stack, region):
        sizes[name.split(".")[0]] += length(policy)
    assert len(sizes) >= 10
    for name, size in sizes.items():
        is_role = stack["Resources"][name]["Type"] == "AWS::IAM::Role"
        assert size < (10_240 if is_role else 6_144), name


# The most characters of an ARN or a URL besides the name, and of a name. None: the names that CloudFormation
# makes are shorter than the service allows.
REFERENCES = {
    "AWS::DynamoDB::Table": (0, None),
    "AWS::S3::Bucket": (0, 63),
    "AWS::SQS::Queue": (60, 80),
    "AWS::Batch::JobQueue": (58, 128),
    "AWS::Batch::JobDefinition": (63, 128 + len(":99999")),
    "AWS::SNS::Topic": (48, None),
    "AWS::ECR::Repository": (0, None),
    "AWS::IAM::Role": (0, 64),
    "AWS::Scheduler::ScheduleGroup": (0, 64),
}


def reference_length(reference: Any) -> int:
    """The characters of a reference to a resource, at most.

    CloudFormation names a resource by the stack, the logical id and a suffix.
    """
    [(function, value)] = reference.items()
    logical_id = value if function == "Ref" else value[0]
    rest, name = REFERENCES[template()["Resources"][logical_id]["Type"]]
    if function == "Fn::GetAtt" and value[1].endswith("Name"):
        rest = 0
    return rest + (name or len(f"{LONGEST_NAME}-{logical_id}-1A2B3C4D5E6F7"))


def test_the_environment_of_a_function_fits_into_4_kb_whatever_the_parameters_say() -> None:
    longest = {
        "ProjectBudgetsUsd": "x" * template()["Parameters"]["ProjectBudgetsUsd"]["MaxLength"],
        "Paused": "x" * 200,
        "InstanceTypes": ",".join(["g6e.12xlarge"] * 40),
        "CpuInstanceTypes": ",".join(["m7i.12xlarge"] * 12),
    }
    functions = [
        it for it in rendered(**longest)["Resources"].values() if it["Type"] == "AWS::Lambda::Function"
    ]
    assert functions
    for function in functions:
        variables = function["Properties"]["Environment"]["Variables"]
        references = [value for value in variables.values() if not isinstance(value, str)]
        texts = {name: value for name, value in variables.items() if isinstance(value, str)}
        assert length(texts) + sum(map(reference_length, references)) < 4096


def test_the_template_fits_into_cloudformation_s_limits() -> None:
    plain = translated()
    assert len(json.dumps(plain, indent=2).encode()) < 1_000_000
    # Above 51,200 bytes a template can't be handed over but in a bucket.
    deploy = tomllib.loads((ROOT / "samconfig.toml").read_text("utf-8"))["default"]["deploy"]["parameters"]
    assert deploy["resolve_s3"] is True
    assert len(plain["Resources"]) < 500
    assert len(plain["Parameters"]) <= 200
    assert len(plain["Outputs"]) <= 200
    assert len(plain["Description"].encode()) <= 1024
    for name, parameter in plain["Parameters"].items():
        assert len(parameter["Description"]) <= 4000, name
    for name, output in plain["Outputs"].items():
        assert len(output["Description"].encode()) <= 1024, name


def test_no_description_is_longer_than_its_service_allows() -> None:
    """cfn-lint knows most; not these (IAM: 1,000; Lambda: 256; EventBridge: 512; alarms: 1,024)."""
    limits = {
        "AWS::IAM::Role": ("Description", 1000),
        "AWS::IAM::ManagedPolicy": ("Description", 1000),
        "AWS::Lambda::Function": ("Description", 256),
        "AWS::Events::Rule": ("Description", 512),
        "AWS::CloudWatch::Alarm": ("AlarmDescription", 1024),
    }
    for name, resource in translated()["Resources"].items():
        key, most = limits.get(resource["Type"], ("", 0))
        assert len(resource["Properties"].get(key, "")) <= most or not key, name
