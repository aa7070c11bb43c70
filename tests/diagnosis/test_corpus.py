"""The rules against the labelled cases, and docs/diagnosis.md against both."""

import re

import pytest
from diagnosis import corpus, page
from droptrain_core.domain.diagnosis import kinds
from droptrain_core.domain.diagnosis.table import RULES
from hypothesis import given
from hypothesis import strategies as st
from support.template import template

HOLDOUT = [case for case in corpus.cases() if case["file"] == corpus.HOLDOUT]
WRITTEN_WITH_THE_RULES = [case for case in corpus.cases() if case["file"] != corpus.HOLDOUT]


@pytest.mark.parametrize("case", WRITTEN_WITH_THE_RULES, ids=lambda case: case["name"])
def test_the_rules_find_the_cause(case: corpus.Case) -> None:
    cause = corpus.diagnose(case)
    assert (cause.code if cause else None) == case["code"]
    if cause:
        assert case.get("says", "") in cause.message


@pytest.mark.parametrize("case", corpus.cases(), ids=lambda case: case["name"])
def test_evidence_is_bounded_and_plain(case: corpus.Case) -> None:
    cause = corpus.diagnose(case)
    if cause:
        assert len(cause.evidence) <= 5
        assert all(0 < len(line) <= 300 and line.isprintable() for line in cause.evidence)
        assert len(cause.message) <= 1024


def test_there_are_at_least_300_cases_from_public_sources() -> None:
    names = [case["name"] for case in corpus.cases()]
    assert len(set(names)) == len(names)
    public = [case for case in corpus.cases() if case["file"] != corpus.OWN]
    assert len(public) >= 300
    assert all(case["source"].startswith("https://") for case in public)


def test_at_most_two_percent_of_the_holdout_get_a_wrong_cause() -> None:
    assert len(HOLDOUT) >= 60
    assert sum(corpus.judge(case) == "wrong" for case in HOLDOUT) <= 0.02 * len(HOLDOUT)


def test_a_source_is_either_in_the_holdout_or_known_to_the_rules() -> None:
    known = {rule.source for rule in RULES}
    assert not known & {case["source"] for case in HOLDOUT}


def test_cases_name_no_folder_of_the_machine_that_they_were_written_on() -> None:
    for path in corpus.FOLDER.iterdir():
        assert not re.search(r"(^|[^a-zA-Z0-9_.])/(work|farm|root)/", path.read_text("utf-8"), re.MULTILINE)


def test_every_cause_has_a_case() -> None:
    labels = {case["code"] for case in corpus.cases()}
    assert {rule.kind.code for rule in RULES} <= labels


def test_every_cause_says_what_happened_and_what_to_do() -> None:
    for kind in page.kinds_of_causes():
        assert "{detail}" in kind.message or kind.message.endswith(".")
        assert kind.fix[0].isupper()
        assert kind.fix.endswith((".", ")."))


def test_the_log_group_that_a_fix_names_is_the_template_s() -> None:
    job = template()["Resources"]["TrainingJobDefinition"]["Properties"]["ContainerProperties"]
    assert job["LogConfiguration"]["Options"]["awslogs-group"] in kinds.LOGS_DENIED.fix


def test_every_rule_names_a_source() -> None:
    assert all(rule.source.startswith(("https://", "docs/")) for rule in RULES)


def test_the_page_is_that_of_the_rules() -> None:
    assert page.PAGE.read_text("utf-8") == page.text(), "write it anew: make docs"


_FRAGMENT = st.sampled_from([
    "Traceback (most recent call last):",
    '  File "train.py", line 3, in <module>', "    x = y", "", "ValueError: no",
    "During handling of the above exception, another exception occurred:", "Killed", "{detail}",
    "\x1b[31mError\x1b[0m", "[rank0]: x", 'File "',
    "ImportError: Traceback (most recent call last):", "    ValueError: in", "ValueError: in user code:",
    "MemoryError", "  [Previous line repeated 3 more times]", "\u202eevil", "Epoch 1/2",
])  # fmt: skip


@given(tail=st.lists(_FRAGMENT | st.text(max_size=40), max_size=30), exit_code=st.integers(0, 255))
def test_whatever_a_script_prints_there_is_a_bounded_cause(tail: list[str], exit_code: int) -> None:
    cause = corpus.diagnose({"tail": "\n".join(tail), "exit": exit_code})
    assert cause
    assert len(cause.evidence) <= 5
    assert all(0 < len(line) <= 300 for line in cause.evidence)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e]", "".join((cause.message, *cause.evidence)))
