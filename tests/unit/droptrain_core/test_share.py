"""The share of a job queue that a project's Batch jobs count to."""

import re

from droptrain_core.domain.runs import share


def test_a_share_identifier_has_letters_and_digits_only() -> None:
    for project in ("penguins", "my-project", "a", "a" * 40, "0-"):
        assert re.fullmatch("[A-Za-z0-9]{1,255}", share.of_project(project))


def test_projects_whose_names_differ_by_a_hyphen_have_different_shares() -> None:
    names = ["ab", "a-b", "a--b", "ab-"]
    assert len({share.of_project(name) for name in names}) == len(names)


def test_the_closest_share_has_the_same_first_digits() -> None:
    assert share.closest("ab12", {"a000", "ab99", "ff12"}) == "ab99"
    assert share.closest("ab12", {"b000", "c000"}) == "b000"


def test_a_share_that_is_active_or_has_no_others_beside_it_has_no_closest_one() -> None:
    assert share.closest("ab12", {"ab12", "ab11"}) is None
    assert share.closest("ab12", set()) is None
