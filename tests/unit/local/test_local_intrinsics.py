"""Intrinsic functions are computed as CloudFormation computes them."""

import pytest

from droptrain_local.errors import TemplateError
from droptrain_local.intrinsics import Intrinsics, pseudo_parameters, references

VALUES = {**pseudo_parameters("stack"), "Bucket": "data", "Types": ["a", "b"], "Empty": ""}
CONDITIONS = {
    "IsEmpty": {"Fn::Equals": [{"Ref": "Empty"}, ""]},
    "IsNot": {"Fn::Not": [{"Condition": "IsEmpty"}]},
    "Both": {"Fn::And": [{"Condition": "IsEmpty"}, {"Condition": "IsNot"}]},
    "Either": {"Fn::Or": [{"Condition": "IsEmpty"}, {"Condition": "IsNot"}]},
}
INTRINSICS = Intrinsics(
    VALUES, lambda name, attribute: f"{name}/{attribute}", CONDITIONS, {"Map": {"x": {"y": 1}}}
)


@pytest.mark.parametrize(("node", "value"), [
    ({"Ref": "Bucket"}, "data"),
    ({"Ref": "AWS::Region"}, "eu-west-1"),
    ({"Fn::GetAtt": ["Bucket", "Arn"]}, "Bucket/Arn"),
    ({"Fn::GetAtt": "Nested.Outputs.Name"}, "Nested/Outputs.Name"),
    ({"Fn::Sub": "s3://${Bucket}/${Bucket.Arn}/${!kept}"}, "s3://data/Bucket/Arn/${kept}"),
    ({"Fn::Sub": ["${Own}-${Bucket}", {"Own": {"Ref": "AWS::AccountId"}}]}, "123456789012-data"),
    ({"Fn::Join": ["-", ["a", {"Ref": "Bucket"}]]}, "a-data"),
    ({"Fn::Select": ["1", {"Ref": "Types"}]}, "b"),
    ({"Fn::Select": [0, {"Fn::Split": [":", "x:y"]}]}, "x"),
    ({"Fn::FindInMap": ["Map", "x", "y"]}, 1),
    ({"Fn::Base64": "hi"}, "aGk="),
    ({"Fn::If": ["IsEmpty", "yes", "no"]}, "yes"),
    ({"Fn::If": ["Both", "yes", "no"]}, "no"),
    ({"Fn::If": ["Either", "yes", "no"]}, "yes"),
    ({"Condition": {"Like": {"a": {"Ref": "Bucket"}}}}, {"Condition": {"Like": {"a": "data"}}}),
    ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, 2]}, {"b": [2]}),
])  # fmt: skip
def test_an_intrinsic_function_becomes_its_value(node, value) -> None:
    assert INTRINSICS.resolve(node) == value


@pytest.mark.parametrize(("node", "named"), [
    ({"Fn::Cidr": ["10.0.0.0/16", 6, 8]}, "Fn::Cidr"),
    ({"Ref": "Nobody"}, "Nobody"),
    ({"Fn::If": ["Never", 1, 2]}, "Never"),
])  # fmt: skip
def test_what_is_not_known_is_an_error_that_names_it(node, named) -> None:
    with pytest.raises(TemplateError, match=named):
        INTRINSICS.resolve(node)


def test_references_are_found_in_every_form() -> None:
    node = [
        {"Ref": "A"},
        {"Fn::GetAtt": "B.Arn"},
        {"x": {"Fn::GetAtt": ["C", "Arn"]}},
        {"Fn::Sub": "${D.Arn}${E}${!F}"},
    ]
    assert references(node) == {"A", "B", "C", "D", "E"}
