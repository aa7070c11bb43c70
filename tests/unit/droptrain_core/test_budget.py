from datetime import UTC, datetime

import pytest
from droptrain_core.domain import diagnosis
from droptrain_core.domain.costs.budget import (
    RUNNING,
    Account,
    Budget,
    Capped,
    NoPriceError,
    charge,
    levels_reached,
    over,
    read_budget,
    refusal,
)
from droptrain_core.domain.runs.preparation import JobRequest
from droptrain_core.domain.runs.run import Cost, Reservation
from support.records import run

NOW = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
JOB = JobRequest("run.sh", 1, 4, 14336, attempts=3, timeout_seconds=86400, spot="auto")
COST = Cost(1.5, "g4dn.xlarge", 0.526, 10266, "on-demand", "2025-11-30")


def test_the_parameters_of_the_stack() -> None:
    budget = read_budget("100", "penguins=20,whales=7.5", "4")
    assert budget == Budget(100.0, {"penguins": 20.0, "whales": 7.5}, 4)


def test_zero_means_no_cap() -> None:
    assert read_budget("0", "", "0").reservations("penguins", None, NOW) == ()


def test_a_run_holds_its_worst_case_of_each_cap() -> None:
    holds = read_budget("100", "penguins=20", "4").reservations("penguins", 6.3120001, NOW)
    assert holds == (
        Reservation("2026-11", 6_312_001, 100_000_000),
        Reservation("2026-11#penguins", 6_312_001, 20_000_000),
        Reservation(RUNNING, 1, 4),
    )


def test_the_month_is_that_of_utc() -> None:
    evening = datetime.fromisoformat("2026-11-30T20:00:00-08:00")
    (reservation,) = Budget(100.0).reservations("penguins", 1.0, evening)
    assert reservation.account == "2026-12"


def test_a_cap_can_not_be_kept_without_a_price() -> None:
    with pytest.raises(NoPriceError):
        Budget(100.0).reservations("penguins", None, NOW)


def test_what_fits_exactly_is_launched() -> None:
    holds = (Reservation("2026-11", 40, 100),)
    assert over(holds, {"2026-11": Account(committed=60)}) is None
    assert over(holds, {"2026-11": Account(committed=61)}) == holds[0]


def test_an_end_is_charged_with_its_cost() -> None:
    assert charge(run(status="SUCCEEDED", cost=COST), Reservation("2026-11", 9_000_000, 1)) == 1_500_000


def test_an_end_that_cost_more_than_was_reserved_is_charged_with_its_cost() -> None:
    assert charge(run(status="FAILED", cost=COST), Reservation("2026-11", 1_000_000, 1)) == 1_500_000


def test_an_end_that_nobody_can_price_is_charged_in_full() -> None:
    assert charge(run(status="FAILED", cost=None), Reservation("2026-11", 9_000_000, 1)) == 9_000_000


def test_a_run_whose_job_batch_has_forgotten_is_charged_in_full_whatever_an_earlier_job_cost() -> None:
    forgotten = run(status="FAILED", cost=COST, cause=diagnosis.unknown_to_batch("job"))
    assert charge(forgotten, Reservation("2026-11", 9_000_000, 1)) == 9_000_000


@pytest.mark.parametrize("status", ["REJECTED", "CANCELLED"])
def test_what_never_started_costs_nothing(status: str) -> None:
    assert charge(run(status=status, cost=None, started_at=None), Reservation("2026-11", 9_000_000, 1)) == 0


def test_a_refusal_says_the_numbers_and_what_would_make_it_fit() -> None:
    asked = run(job=JOB)
    account = Account(committed=60_000_000, spent=12_000_000)
    cause = refusal(Reservation("2026-11", 80_000_000, 100_000_000), account, asked, NOW)
    assert cause.code == "over_budget"
    assert cause.message == (
        "The run may cost up to $80.00 (24h on the most expensive eligible instance type), and "
        "$40.00 of the stack's $100.00 for 2026-11 are left: $12.00 are spent, $48.00 reserved by active "
        "runs."
    )
    assert cause.fix == (
        "Set `timeout: 11h` or `max_cost_usd: 40.0` in train.yaml; wait until runs have ended, which frees "
        "the rest of their reservations; wait for 2026-12-01; or raise the stack's parameter "
        f"MonthlyBudgetUsd. Then: droptrain rerun {asked.run_id}"
    )


def test_a_refusal_by_a_project_s_cap_names_the_project() -> None:
    asked = run(job=JOB)
    cause = refusal(
        Reservation("2026-12#penguins", 9, 9), Account(committed=9, spent=9), asked, NOW.replace(month=12)
    )
    assert "the project penguins's $0.00 for 2026-12" in cause.message
    assert cause.fix.startswith("Wait for 2027-01-01; or raise the stack's parameter ProjectBudgetsUsd.")


def test_too_many_runs() -> None:
    cause = refusal(Reservation(RUNNING, 1, 4), Account(committed=4), run(), NOW)
    assert (cause.code, cause.message) == ("too_many_runs", "4 of at most 4 runs are active.")


@pytest.mark.parametrize(
    ("account", "levels"),
    [
        (Account(committed=99_000_000, spent=49_000_000), ()),
        (Account(spent=50_000_000), (50,)),
        (Account(spent=85_000_000, notified=(50,)), (80,)),
        (Account(spent=100_000_000, notified=(50, 80)), (100,)),
        (Account(spent=10_000_000, refused=True), (100,)),
        (Account(spent=10_000_000, refused=True, notified=(100,)), ()),
    ],
)
def test_each_level_is_reached_once(account: Account, levels: tuple[int, ...]) -> None:
    assert levels_reached(Capped(100_000_000, account)) == levels
