"""evaluateOnExit and attempts, as AWS Batch documents them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from droptrain_local.batch.retry import Condition, RetryStrategy, glob_matches, read_strategy

TEXTS = st.text(alphabet="abc .:*", max_size=6)
PATTERNS = st.none() | TEXTS
CONDITIONS = st.builds(Condition, st.booleans(), PATTERNS, PATTERNS, PATTERNS)
RECLAIM = "Host EC2 (instance i-0123456789abcdef0) terminated."
ENDED = "Essential container in task exited"
RECLAIM_ONLY = read_strategy(
    {
        "attempts": 3,
        "evaluateOnExit": [
            {"onStatusReason": "Host EC2*", "action": "RETRY"},
            {"onExitCode": "75", "action": "retry"},
            {"onReason": "*", "action": "exit"},
        ],
    }
)


def allows(strategy, made=1, status_reason=ENDED, reason="", exit_code=1):
    return strategy.allows_another(made, status_reason=status_reason, reason=reason, exit_code=exit_code)


@pytest.mark.parametrize(
    ("said", "again"),
    [
        ({"status_reason": RECLAIM, "exit_code": None}, True),
        ({"exit_code": 75}, True),
        ({"exit_code": 1}, False),
        ({"exit_code": 750}, False),
        ({"reason": "OutOfMemoryError: Container killed", "exit_code": 137}, False),
        ({"status_reason": "host ec2 gone"}, False),
    ],
)
def test_only_reclaims_are_retried_where_the_strategy_says_so(said, again):
    assert allows(RECLAIM_ONLY, **said) is again


def test_without_conditions_every_failure_is_retried_until_the_attempts_are_used_up():
    assert [allows(RetryStrategy(attempts=3), made=made) for made in (1, 2, 3)] == [True, True, False]
    assert not allows(RetryStrategy())


@given(st.lists(CONDITIONS, max_size=5), TEXTS, TEXTS, st.none() | st.integers(0, 255))
def test_the_first_condition_that_matches_decides_and_none_means_retry(conditions, status, reason, code):
    matching = [item.retry for item in conditions if item.matches(status, reason, code)]
    strategy = RetryStrategy(attempts=2, conditions=tuple(conditions))
    assert allows(strategy, 1, status, reason, code) is (matching[0] if matching else True)
    assert not allows(strategy, 2, status, reason, code)


@given(CONDITIONS, TEXTS, TEXTS, st.none() | st.integers(0, 255))
def test_a_conditions_fields_must_all_match(condition, status, reason, code):
    each = (
        Condition(True, on_status_reason=condition.on_status_reason),
        Condition(True, on_reason=condition.on_reason),
        Condition(True, on_exit_code=condition.on_exit_code),
    )
    assert condition.matches(status, reason, code) is all(one.matches(status, reason, code) for one in each)


@given(TEXTS, TEXTS)
def test_an_asterisk_at_the_end_stands_for_any_rest(start, rest):
    assert glob_matches(start + "*", start + rest)


@given(TEXTS, TEXTS)
def test_a_pattern_without_it_matches_the_whole_text_only(pattern, text):
    if not pattern.endswith("*"):
        assert glob_matches(pattern, text) is (pattern == text)
