"""No cap is passed, nothing is held for a run that has ended, and a refusal is a run that says why."""

import pytest
from droptrain_core.domain.costs.budget import RUNNING, Account, Budget
from droptrain_core.domain.runs.run import Run

# The recipe's default, four hours at $0.587 an hour, and 18 minutes until the run is ended.
WORST = 2_524_100


@pytest.fixture
def stack(stack):
    stack.budget = Budget(month_usd=6.0)
    return stack


def launch(stack, dataset: str) -> Run:
    stack.drop(dataset)
    return stack.launch.request("penguins", dataset, caller="ann")[0]


def account(stack, name: str = "2026-11") -> Account:
    return stack.accounts.read([name])[name]


def end(stack, run: Run) -> None:
    stack.cancel.run(run.run_id, "ann")
    stack.later(minutes=5)
    stack.reconcile.all()
    stack.later(minutes=5)
    stack.reconcile.all()


def test_a_launch_reserves_its_worst_case_and_an_end_gives_it_back(stack) -> None:
    stack.publish_project()
    run = launch(stack, "first")
    assert account(stack) == Account(committed=WORST)
    end(stack, run)
    assert stack.table.get(run.run_id).notified_at
    assert account(stack) == Account(committed=0, spent=0)


def test_what_was_spent_stays_spent(running_stack) -> None:
    running_stack.budget = Budget(month_usd=100.0, project_usd={"penguins": 50.0})
    running_stack.publish_project()
    run = launch(running_stack, "first")
    running_stack.later(minutes=5)
    while not running_stack.table.get(run.run_id).notified_at:
        running_stack.later(minutes=5)
        running_stack.reconcile.all()
    ended = running_stack.table.get(run.run_id)
    spent = round(ended.cost.estimate_usd * 1e6)
    assert account(running_stack) == account(running_stack, "2026-11#penguins") == Account(spent, spent)


def test_a_run_that_does_not_fit_is_rejected_with_the_numbers_and_can_be_launched_later(stack) -> None:
    stack.publish_project()
    first, second, third = (launch(stack, name) for name in ("first", "second", "third"))
    assert third.status == "REJECTED"
    assert third.cause.code == "over_budget"
    assert "$0.95 of the stack's $6.00 for 2026-11 are left" in third.cause.message
    assert f"droptrain rerun {third.run_id}" in third.cause.fix
    assert account(stack).committed == 2 * WORST
    end(stack, first)
    again, new = stack.launch.repeat(third.run_id, caller="ann")
    assert (new, again.status) == (True, "SUBMITTED")
    assert {first.status, second.status} == {"SUBMITTED"}


def test_a_dropped_dataset_that_does_not_fit_is_a_rejected_run_with_a_notice(stack) -> None:
    stack.budget = Budget(month_usd=2.4)
    stack.publish_project()
    answers = [stack.launch.upload(*event).answer for event in stack.drop()]
    assert answers == ["rejected", "repeated"]
    [run] = stack.query.runs(limit=10).runs
    stack.notify.ended(run.run_id, run.project)
    assert "REJECTED penguins/first (over_budget)" in [notice["Subject"] for notice in stack.notices()]
    assert stack.batch_jobs() == []


def test_the_first_run_of_a_month_may_not_pass_the_cap_either(stack) -> None:
    stack.budget = Budget(month_usd=2.4)
    stack.publish_project()
    assert launch(stack, "first").status == "REJECTED"
    assert account(stack) == Account(refused=True)


def test_a_launch_that_saw_room_which_others_took_meanwhile_is_rejected(stack, monkeypatch) -> None:
    stack.publish_project()
    seen = [{"2026-11": Account()}] * 3
    read = type(stack.accounts).read
    monkeypatch.setattr(
        type(stack.accounts), "read", lambda accounts, names: seen.pop() if seen else read(accounts, names)
    )
    launched = [launch(stack, name).status for name in ("first", "second", "third")]
    assert launched == ["SUBMITTED", "SUBMITTED", "REJECTED"]
    assert account(stack).committed == 2 * WORST


def test_the_month_rolls_over_and_a_run_is_settled_where_it_was_reserved(stack) -> None:
    stack.publish_project()
    stack.now = stack.now.replace(day=30, hour=23, minute=50)
    run = launch(stack, "first")
    stack.later(minutes=20)
    launch(stack, "second")
    assert (account(stack).committed, account(stack, "2026-12").committed) == (WORST, WORST)
    end(stack, run)
    assert (account(stack).committed, account(stack, "2026-12").committed) == (0, WORST)


def test_no_more_runs_at_the_same_time_than_the_owner_says(stack) -> None:
    stack.budget = Budget(runs_at_once=1)
    stack.publish_project()
    first, second = launch(stack, "first"), launch(stack, "second")
    assert (first.status, second.status) == ("SUBMITTED", "REJECTED")
    assert second.cause.message == "1 of at most 1 runs are active."
    end(stack, first)
    assert account(stack, RUNNING).committed == 0
    assert launch(stack, "third").status == "SUBMITTED"


def test_a_project_has_its_own_cap(stack) -> None:
    stack.budget = Budget(month_usd=1000.0, project_usd={"penguins": 3.0})
    stack.publish_project()
    assert launch(stack, "first").status == "SUBMITTED"
    refused = launch(stack, "second")
    assert "ProjectBudgetsUsd" in refused.cause.fix
    assert account(stack).committed == WORST


def test_a_job_that_batch_refuses_gives_its_reservation_back(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"timeout: 30s\n")
    stack.drop()
    run = stack.launch.request("penguins", "first", caller="ann")[0]
    assert run.status == "REJECTED"
    stack.notify.ended(run.run_id, run.project)
    assert account(stack).committed == 0


def test_people_are_told_once_a_month_of_each_level_and_only_of_the_highest(stack) -> None:
    stack.publish_project()

    def spend(percent: int, month: str = "2026-11") -> list[int]:
        stack.dynamodb.update_item(
            TableName="runs", Key={"pk": {"S": f"BUDGET#{month}"}},
            UpdateExpression="SET held = :usd, spent = :usd",
            ExpressionAttributeValues={":usd": {"N": str(percent * 60_000)}},
        )  # fmt: skip
        stack.reconcile.all()
        stack.reconcile.all()
        return [event["detail"]["level_percent"] for event in stack.events_on_bus()]

    assert spend(49) == []
    assert spend(50) == [50]
    assert spend(79) == []
    assert spend(100) == [100]
    assert account(stack).notified == (50, 80, 100)
    stack.now = stack.now.replace(day=30, hour=23, minute=50)
    stack.later(minutes=20)
    assert spend(85, "2026-12") == [80]


def test_people_are_told_once_when_the_budget_has_no_room(stack) -> None:
    stack.budget = Budget(month_usd=2.4)
    stack.publish_project()
    launch(stack, "first")
    stack.reconcile.all()
    stack.reconcile.all()
    notices = [notice for notice in stack.notices() if notice["Subject"].startswith("BUDGET")]
    assert [notice["Subject"] for notice in notices] == ["BUDGET 100 % of $2.40 for 2026-11"]
    assert "$0.00 of $2.40 are spent" in notices[0]["Message"]


def test_a_refusal_in_a_month_s_last_minutes_is_told_of_in_the_next_month(stack) -> None:
    stack.budget = Budget(month_usd=2.4)
    stack.publish_project()
    stack.now = stack.now.replace(day=30, hour=23, minute=58)
    stack.reconcile.all()
    stack.later(minutes=1)
    assert launch(stack, "first").status == "REJECTED"
    for _ in range(3):
        stack.later(minutes=5)
        stack.reconcile.all()
    (notice,) = [each for each in stack.notices() if each["Subject"].startswith("BUDGET")]
    assert notice["Subject"] == "BUDGET 100 % of $2.40 for 2026-11"
    assert "The budget for 2026-11 had no room: runs were rejected." in notice["Message"]
    assert "This month has its own budget" in notice["Message"]


@pytest.mark.parametrize("level", [50, 80, 100])
def test_a_level_that_a_run_of_last_month_reaches_in_this_one_is_told_of(stack, level) -> None:
    stack.now = stack.now.replace(month=12, day=20)
    stack.dynamodb.update_item(
        TableName="runs", Key={"pk": {"S": "BUDGET#2026-11"}}, UpdateExpression="SET spent = :usd",
        ExpressionAttributeValues={":usd": {"N": str(level * 60_000)}},
    )  # fmt: skip
    for _ in range(2):
        stack.reconcile.all()
    (notice,) = [each for each in stack.notices() if each["Subject"].startswith("BUDGET")]
    assert notice["Subject"] == f"BUDGET {level} % of $6.00 for 2026-11"
