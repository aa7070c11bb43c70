"""Writes what the audit reads: each variant of the template as CloudFormation gets it, and its IAM policies.

    python -m audit.render FOLDER

Templates go to FOLDER/templates/REGION/VARIANT.json, policies to FOLDER/policies/VARIANT/ROLE.NAME.json.
In policies, references are the ARNs that they would be: linters of policies know no references.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from audit.variants import VARIANTS
from samtranslator.translator.arn_generator import ArnGenerator
from support.rendered import ACCOUNT, STACK, rendered

# What a reference in a policy comes to, whether Ref or Arn; another type in a policy is a KeyError.
_ARNS = {
    "AWS::ApiGatewayV2::Api": "{id}",
    "AWS::Batch::JobDefinition": "arn:{partition}:batch:{region}:{account}:job-definition/{id}:1",
    "AWS::Batch::JobQueue": "arn:{partition}:batch:{region}:{account}:job-queue/{id}",
    "AWS::DynamoDB::Table": "arn:{partition}:dynamodb:{region}:{account}:table/{id}",
    "AWS::ECR::Repository": "arn:{partition}:ecr:{region}:{account}:repository/{id}",
    "AWS::Events::ApiDestination": "arn:{partition}:events:{region}:{account}:api-destination/{id}/5a1c",
    "AWS::Lambda::Function": "arn:{partition}:lambda:{region}:{account}:function:{id}",
    "AWS::IAM::Role": "arn:{partition}:iam::{account}:role/{id}",
    "AWS::Logs::LogGroup": "arn:{partition}:logs:{region}:{account}:log-group:{id}:*",
    "AWS::S3::Bucket": "arn:{partition}:s3:::{id}",
    "AWS::Scheduler::ScheduleGroup": "{id}",
    "AWS::SNS::Topic": "arn:{partition}:sns:{region}:{account}:{id}",
    "AWS::SQS::Queue": "arn:{partition}:sqs:{region}:{account}:{id}",
}
_PLACEHOLDER = re.compile(r"\$\{([^}.]+)(?:\.[^}]+)?\}")


def policies(template: Mapping[str, Any], region: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every identity policy of a rendered template, by role and name, with ARNs in place of references."""
    arn = _Arns(template["Resources"], region)
    for name, resource in template["Resources"].items():
        given = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            for policy in given.get("Policies", []):
                yield f"{name}.{policy['PolicyName']}", arn(policy["PolicyDocument"])
        elif resource["Type"] in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
            yield name, arn(given["PolicyDocument"])


class _Arns:
    """Puts ARNs in place of references."""

    def __init__(self, resources: Mapping[str, Any], region: str) -> None:
        self._types = {name: resource["Type"] for name, resource in resources.items()}
        partition = ArnGenerator.get_partition_name(region)
        self._place = {"partition": partition, "region": region, "account": ACCOUNT}

    def __call__(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self(item) for item in node]
        if not isinstance(node, Mapping):
            return node
        match node:
            case {"Ref": name}:
                return self._arn(name)
            case {"Fn::GetAtt": [name, *_]}:
                return self._arn(name)
            case {"Fn::Select": [index, items]}:
                return self(items)[index]
            case {"Fn::Split": [at, text]}:
                return self(text).split(at)
            case {"Fn::Sub": [text, given]}:
                return self._sub(text, {name: self(value) for name, value in given.items()})
            case {"Fn::Sub": text}:
                return self._sub(text, {})
        return {key: self(value) for key, value in node.items()}

    def _arn(self, name: str) -> str:
        return _ARNS[self._types[name]].format(id=f"{STACK}-{name}-1A2B3C4D5E6F", **self._place)

    def _sub(self, text: str, given: Mapping[str, str]) -> str:
        return _PLACEHOLDER.sub(lambda match: given.get(match[1]) or self._arn(match[1]), text)


def main(folder: Path) -> None:
    for variant, (region, parameters) in VARIANTS.items():
        template = rendered(region, **parameters)
        _write(folder / "templates" / region / f"{variant}.json", template)
        for name, policy in policies(template, region):
            _write(folder / "policies" / variant / f"{name}.json", policy)


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
