"""Policies are evaluated as IAM's documentation says."""

from typing import Any

import pytest

from droptrain_local.permissions.policy import Need, UnknownElementError, allows

BUCKET = "arn:aws:s3:::data"
READ: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/projects/*.csv"}


def may(*statements: dict[str, Any], action: str = "s3:GetObject", resource: str, **context: str) -> bool:
    keys = {name.replace("_", ":"): (value,) for name, value in context.items()}
    return allows([{"Statement": list(statements)}], Need(action, resource, keys))


def test_what_no_statement_allows_is_denied() -> None:
    assert may(READ, resource=f"{BUCKET}/projects/a/b.csv")
    assert not may(READ, resource=f"{BUCKET}/projects/a/b.txt")
    assert not may(READ, resource=f"{BUCKET}/projects/a.csv/more")
    assert not may(READ, action="s3:PutObject", resource=f"{BUCKET}/projects/a.csv")
    assert not may(resource=BUCKET)


def test_a_deny_beats_every_allow() -> None:
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": f"{BUCKET}/projects/secret*"}
    assert not may(READ, deny, resource=f"{BUCKET}/projects/secret.csv")
    assert may(READ, deny, resource=f"{BUCKET}/projects/open.csv")


def test_actions_match_in_any_case_and_resources_do_not() -> None:
    assert may(READ, action="S3:getobject", resource=f"{BUCKET}/projects/a.csv")
    assert not may(READ, resource=f"{BUCKET}/Projects/a.csv")


def test_only_stars_and_question_marks_are_wildcards() -> None:
    literal = {**READ, "Resource": f"{BUCKET}/a.b[c]"}
    assert may(literal, resource=f"{BUCKET}/a.b[c]")
    assert not may(literal, resource=f"{BUCKET}/axb[c]")
    one = {**READ, "Resource": f"{BUCKET}/?"}
    assert may(one, resource=f"{BUCKET}/a")
    assert not may(one, resource=f"{BUCKET}/ab")


def test_a_wildcard_stays_in_its_part_of_an_arn() -> None:
    wide = {**READ, "Resource": "arn:aws:*:data"}
    assert not may(wide, resource="arn:aws:s3:eu-west-1:1:data")
    last = {**READ, "Resource": "arn:aws:batch:*:*:job-definition/train:*"}
    assert may(last, resource="arn:aws:batch:eu-west-1:1:job-definition/train:7")


def test_every_condition_has_to_hold() -> None:
    listing: dict[str, Any] = {
        "Effect": "Allow", "Action": "s3:ListBucket", "Resource": BUCKET,
        "Condition": {"StringLike": {"s3:prefix": ["projects/*", "runs/*"]}},
    }  # fmt: skip
    allowed = {"action": "s3:ListBucket", "resource": BUCKET}
    assert may(listing, **allowed, s3_prefix="runs/a")
    assert not may(listing, **allowed, s3_prefix="other/")
    assert not may(listing, **allowed), "a key that the request lacks"
    both = {**listing, "Condition": {**listing["Condition"], "StringEquals": {"s3:delimiter": "/"}}}
    assert not may(both, **allowed, s3_prefix="runs/a")
    assert may(both, **allowed, s3_prefix="runs/a", s3_delimiter="/")


def test_for_all_values_holds_where_the_request_lacks_the_key() -> None:
    prices: dict[str, Any] = {
        "Effect": "Allow", "Action": "dynamodb:UpdateItem", "Resource": "*",
        "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["PRICES"]}},
    }  # fmt: skip

    def may_update(*keys: str) -> bool:
        return allows(
            [{"Statement": prices}], Need("dynamodb:UpdateItem", "t", {"dynamodb:LeadingKeys": keys})
        )

    assert may_update("PRICES")
    assert not may_update("PRICES", "RUN#1")
    assert may_update()
    prices["Condition"]["Null"] = {"dynamodb:LeadingKeys": "false"}
    assert may_update("PRICES")
    assert not may_update(), "unless it is asked for"


def test_what_is_not_evaluated_is_an_error_and_no_answer() -> None:
    with pytest.raises(UnknownElementError, match="NotResource"):
        may({"Effect": "Allow", "Action": "*", "NotResource": BUCKET}, resource=BUCKET)
    with pytest.raises(UnknownElementError, match="IpAddress"):
        may(
            {**READ, "Condition": {"IpAddress": {"aws:SourceIp": "::/0"}}},
            resource=f"{BUCKET}/projects/a.csv",
        )
