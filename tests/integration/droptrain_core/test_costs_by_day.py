"""What a month cost, by day and project, in parts that each read a bounded number of runs."""

import pytest
from droptrain_core import cursors
from droptrain_core.domain.costs.daily import DayCost
from droptrain_core.domain.costs.estimate import Estimate
from droptrain_core.domain.errors import BadCursorError
from droptrain_core.domain.runs.run import Cost
from support.core_stack import Stack
from support.records import run


def claim(stack: Stack, number: int, day: str, **changes) -> None:
    run_id = f"penguins-first-{number:012x}"
    order = f"{day}T02:{number:02d}:00.000Z#{run_id}"
    stack.table.claim(run(run_id=run_id, created_order=order, **changes))


def cost(usd: float) -> Cost:
    return Cost(usd, "g4dn.xlarge", 0.5, 3600, "Spot", "2026-11-23")


def estimate(usd: float) -> Estimate:
    return Estimate((), None, None, usd, 0.5, "Spot", "2026-11-23")


def test_costs_are_summed_by_day_and_project_of_the_launch(stack) -> None:
    claim(stack, 1, "2026-10-31", status="SUCCEEDED", cost=cost(9))
    claim(stack, 2, "2026-11-01", status="SUCCEEDED", cost=cost(0.25), estimate=estimate(2))
    claim(stack, 3, "2026-11-01", status="FAILED", cost=cost(0.5))
    claim(stack, 4, "2026-11-01", project="whales", status="CANCELLED")
    claim(stack, 5, "2026-11-02", status="RUNNING", estimate=estimate(2))
    listing = stack.costs.by_day()
    assert listing.month == "2026-11"
    assert listing.cursor is None
    assert listing.days == (
        DayCost("2026-11-02", "penguins", 1, 0.0, 1, 2.0),
        DayCost("2026-11-01", "penguins", 2, 0.75, 0, 0.0),
        DayCost("2026-11-01", "whales", 1, 0.0, 0, 0.0),
    )
    assert [each.cost_usd for each in stack.costs.by_day("2026-10").days] == [9.0]


def test_a_month_with_many_runs_comes_in_parts_that_add_up(stack) -> None:
    for number in range(12):
        claim(stack, number, "2026-11-02", status="SUCCEEDED", cost=cost(1))
    calls = []

    def read_two_at_once(params, **_) -> None:  # DynamoDB ends a page at 1 MB
        calls.append(params)
        params["Limit"] = 2

    stack.dynamodb.meta.events.register("before-parameter-build.dynamodb.Query", read_two_at_once)
    first = stack.costs.by_day()
    assert len(calls) == 4
    second = stack.costs.by_day(cursor=first.cursor)
    assert [each.runs for each in (*first.days, *second.days)] == [8, 4]
    assert second.cursor is None


@pytest.mark.parametrize(
    "position",
    [
        {"pk": {"S": "x"}},
        {"pk": {"S": "x"}, "kind": {"S": "dataset"}, "created_order": {"S": "2026-11-02"}},
        {"pk": {"S": "x"}, "kind": {"S": "run"}, "created_order": {"S": "2026-10-02"}},
        {"pk": {"S": "x"}, "kind": {"S": "run"}, "created_order": {"S": "2026-11-02"}, "more": {"S": "x"}},
        7,
    ],
)
def test_a_cursor_of_another_list_is_refused(stack, position) -> None:
    with pytest.raises(BadCursorError):
        stack.costs.by_day("2026-11", cursors.encode(position))
