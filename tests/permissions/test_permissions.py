"""Every role may do what it is recorded to do, and nothing that isn't needed."""

from collections import Counter
from typing import Any

import pytest
from permissions import page
from permissions.calls import Call, recorded
from permissions.exceptions import UNCALLED
from permissions.rendered import Grant, grants, statements

from droptrain_local.permissions.policy import allows, as_list

CALLS = recorded()


def meeting(call: Call, of: list[Grant]) -> list[Grant]:
    """The grants that a call may be made by."""
    own = statements()[call.principal]
    return [it for it in of if it.principal == call.principal and it.concerns(own, call.need)]


@pytest.fixture(scope="module")
def granted() -> list[Grant]:
    return list(grants())


@pytest.fixture(scope="module")
def needed(granted: list[Grant]) -> set[Grant]:
    """The grants without which a recorded call would be refused."""
    by_call = [meeting(call, granted) for call in CALLS]
    return {found[0] for found in by_call if len(found) == 1}


def test_every_recorded_call_is_allowed() -> None:
    refused = [call for call in CALLS if not allows([{"Statement": statements()[call.principal]}], call.need)]
    assert refused == []


def test_without_any_one_grant_a_recorded_call_would_be_refused(
    granted: list[Grant], needed: set[Grant]
) -> None:
    idle = [
        grant
        for grant in granted
        if grant not in needed
        and not any(it.covers(grant.principal, grant.action, grant.resource) for it in UNCALLED)
    ]
    assert idle == [], "take them out of template.yaml, or name who calls them in exceptions.py"


def test_an_exception_is_granted_and_no_recorded_call_needs_it(
    granted: list[Grant], needed: set[Grant]
) -> None:
    for exception in UNCALLED:
        for principal in exception.principals:
            for action in exception.actions:
                of = [
                    it
                    for it in granted
                    if it.principal == principal
                    and it.action == action
                    and exception.covers(principal, action, it.resource)
                ]
                assert of, f"{principal} isn't granted {action}: take it out of exceptions.py"
                assert not needed.intersection(of), (
                    f"{principal} calls {action}: take it out of exceptions.py"
                )


def test_nothing_is_granted_twice(granted: list[Grant]) -> None:
    counted = Counter((it.principal, it.action, it.resource) for it in granted)
    assert [grant for grant, times in counted.items() if times > 1] == []


def test_every_principal_is_seen_or_aws_itself() -> None:
    seen = {call.principal for call in CALLS} | {name for it in UNCALLED for name in it.principals}
    assert seen == set(statements())


def test_the_page_shows_every_grant_and_what_needs_it() -> None:
    assert page.PAGE.read_text("utf-8") == page.text(), "make docs"


def test_an_exception_has_a_document_of_aws() -> None:
    assert all(it.source.startswith("https://docs.aws.amazon.com/") for it in UNCALLED)


def wide(statement: dict[str, Any]) -> list[str]:
    return as_list(statement["Action"]) if "*" in as_list(statement["Resource"]) else []
