"""Training code that forges outcome.json: what AWS Batch says is charged, at the stack's own prices."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from droptrain_core.domain.costs import cost as costs
from droptrain_core.domain.costs.budget import Account, Budget
from droptrain_core.domain.costs.cost import Eligible
from droptrain_core.domain.costs.pricing import PriceList, Refreshed, Size
from droptrain_core.domain.runs import batch_job
from droptrain_core.domain.runs.compute import Compute, StackCompute
from droptrain_core.domain.runs.run import Run
from hypothesis import given
from hypothesis import strategies as st
from support.records import JOB, JOB_ID, RUN_ID, job_detail, run

AT = "2026-11-23T00:00:00Z"
SIZES = {"g4dn.xlarge": Size(1, 4, 16), "g5.xlarge": Size(1, 4, 16), "g4dn.tiny": Size(1, 2, 8)}
ON_DEMAND = {"g4dn.tiny": 0.1, "g4dn.xlarge": 0.5, "g5.xlarge": 1.0, "p5.48xlarge": 100.0, "t3.nano": 0.005}
SPOT = {"g4dn.xlarge": {"eu-west-1a": 0.2}, "g5.xlarge": {"eu-west-1a": 0.3, "eu-west-1b": 0.4}}
# The stack's; the tiny one has no room for the run.
TYPES = ("g4dn.tiny", "g4dn.xlarge", "g5.xlarge")
SECONDS = 1800


def prices(factor: float = 1.0) -> Refreshed:
    listed = {name: usd * factor for name, usd in ON_DEMAND.items()}
    return Refreshed(listed, AT, SPOT, AT, SIZES, AT)


@pytest.fixture
def priced(stack):
    """A stack of three instance types, with a cap, whose runs say how long they may take."""
    stack.types, stack.budget = TYPES, Budget(month_usd=100.0)
    stack.prices.refresh(prices(), AT)
    stack.publish_project()
    return stack


def launch(stack, spot: str = "never", more: str = "") -> Run:
    recipe = f"timeout: 1h\nattempts: 1\nspot: {spot}\n{more}"
    stack.put("projects/penguins/train.yaml", recipe.encode())
    stack.drop()
    return stack.launch.request("penguins", "first", caller="ann", rerun=bool(stack.batch_jobs()))[0]


def end(stack, found: Run, document: Any) -> Run:
    """The run after half an hour by AWS Batch, while its code wrote that as outcome.json."""
    if document is not None:
        stack.put(f"runs/penguins/{found.run_id}/outcome.json", json.dumps(document).encode())
    start = 1795399800000
    attempt = {"startedAt": start, "stoppedAt": start + SECONDS * 1000, "container": {"exitCode": 0}}
    detail = job_detail("SUCCEEDED", jobName=found.run_id, jobId=found.batch_job_id)
    assert stack.track.event(detail | {"attempts": [attempt]}) == "applied"
    stack.notify.ended(found.run_id, "penguins")
    return stack.table.get(found.run_id)


def account(job_id: str, **instance: Any) -> dict[str, Any]:
    return {"batch_job_id": job_id, "attempt": 1, "status": "ended", "instance": instance}


def spent(stack) -> float:
    return stack.accounts.read(["2026-11"])["2026-11"].spent / 1e6


FORGERIES: dict[str, Any] = {
    "a cheap type": {"type": "t3.nano"},
    "a dear type": {"type": "p5.48xlarge"},
    "a type of the stack without room for the run": {"type": "g4dn.tiny"},
    "no type": {"type": ""},
    "a type that is none": {"type": {"usd": 0}},
    "a text of a megabyte": {"type": "x" * (1 << 20)},
}


@pytest.mark.parametrize("instance", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_instance_type_counts_as_the_dearest_that_could_serve_the_run(priced, instance) -> None:
    found = launch(priced)
    cost = end(priced, found, account(found.batch_job_id, **instance)).cost
    assert (cost.instance_type, cost.estimate_usd) == ("g5.xlarge", 0.5)
    assert spent(priced) == 0.5


def test_a_forged_lifecycle_does_not_make_an_on_demand_instance_cheap(priced) -> None:
    found = launch(priced)
    report = account(found.batch_job_id, type="g4dn.xlarge", zone="eu-west-1a", lifecycle="spot")
    assert end(priced, found, report).cost.estimate_usd == 0.25
    on_spot = launch(priced, "only")
    report = account(on_spot.batch_job_id, type="g4dn.xlarge", zone="eu-west-1a", lifecycle="on-demand")
    assert end(priced, on_spot, report).cost.estimate_usd == 0.1


def test_a_forged_zone_counts_as_the_dearest_one(priced) -> None:
    found = launch(priced, "only")
    report = account(found.batch_job_id, type="g5.xlarge", zone="eu-west-1z")
    assert end(priced, found, report).cost.estimate_usd == 0.2


def test_forged_times_and_attempts_change_no_cost(priced) -> None:
    found = launch(priced)
    report = account(found.batch_job_id, type="g4dn.xlarge")
    report |= {"started_at": "2026-11-23T02:10:00Z", "ended_at": "2026-11-23T02:10:01Z"}
    report["attempts"] = [
        {**report, "attempt": number, "ended_at": "2027-01-01T00:00:00Z"} for number in range(20)
    ]
    cost = end(priced, found, report).cost
    assert (cost.seconds, cost.estimate_usd, len(cost.attempts)) == (SECONDS, 0.25, 1)


@pytest.mark.parametrize("document", [None, [], "x", {"batch_job_id": "another", "attempt": 1}])
def test_without_a_report_of_its_own_a_run_costs_the_most_that_it_can(priced, document) -> None:
    assert end(priced, launch(priced), document).cost.estimate_usd == 0.5


def test_what_is_forged_after_the_end_is_charged_to_nobody(priced) -> None:
    """A child of the code that outlives the attempt writes before AWS Batch's event is handled."""
    found = launch(priced)
    honest = account(found.batch_job_id, type="g5.xlarge")
    priced.put(f"runs/penguins/{found.run_id}/outcome.json", json.dumps(honest).encode())
    assert end(priced, found, account(found.batch_job_id, type="t3.nano")).cost.estimate_usd == 0.5


def test_no_project_drains_the_month_by_what_it_reports(priced) -> None:
    for _ in range(3):
        found = launch(priced)
        end(priced, found, account(found.batch_job_id, type="p5.48xlarge"))
    assert spent(priced) == 1.5


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.sampled_from([*ON_DEMAND, JOB_ID]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FORGED = st.fixed_dictionaries(
    {
        "batch_job_id": st.just(JOB_ID) | JSON,
        "attempt": st.integers(0, 3) | JSON,
        "instance": JSON
        | st.fixed_dictionaries(
            {"type": st.sampled_from([*ON_DEMAND]) | JSON, "zone": JSON, "lifecycle": JSON}
        ),
        "started_at": JSON,
        "ended_at": JSON,
        "attempts": JSON,
    }
)


@given(FORGED | JSON, st.booleans())
def test_whatever_is_forged_the_cost_lies_between_the_cheapest_and_the_dearest(document, on_spot) -> None:
    listed = PriceList(ON_DEMAND, SIZES, SPOT)
    found = run() if on_spot else run(job=replace(JOB, spot="never"))
    job = batch_job.read(job_detail("SUCCEEDED", attempts=2))
    assert job
    stack = Compute(TYPES, "spot", "on-demand", "definition")
    eligible = Eligible.of(found, listed, StackCompute(stack, stack))
    cost = costs.of_run(found, job, document, eligible, datetime.now(UTC))
    assert cost
    least, most = (0.2, 0.4) if on_spot else (0.5, 1.0)
    assert cost.seconds == 120
    assert least * 120 / 3600 - 1e-5 <= cost.estimate_usd <= most * 120 / 3600 + 1e-5


def trains(stack, monkeypatch, found: Run, minutes: int) -> None:
    """AWS Batch says that the run trains since so many minutes ago."""
    detail = job_detail("RUNNING", jobName=found.run_id, jobId=found.batch_job_id)
    detail["startedAt"] = (stack.now.timestamp() - minutes * 60) * 1000
    assert stack.track.event(detail) == "applied"
    state = batch_job.read(detail)
    monkeypatch.setattr(stack.jobs, "describe", lambda job_ids: {found.batch_job_id: state})
    stack.later(minutes=3)


def test_a_run_that_spends_more_than_it_reserved_is_ended_and_its_true_cost_recorded(
    priced, monkeypatch
) -> None:
    found = launch(priced)
    assert priced.accounts.read(["2026-11"])["2026-11"] == Account(committed=1_300_000)
    trains(priced, monkeypatch, found, 30)
    assert "over_reservation" not in priced.reconcile.all()
    priced.prices.refresh(prices(3), "2026-11-23T01:00:00Z")
    assert priced.reconcile.all()["over_reservation"] == 1
    monkeypatch.undo()
    ended = priced.batch.describe_jobs(jobs=[found.batch_job_id])["jobs"][0]
    assert (ended["status"], ended["isTerminated"]) == ("FAILED", True)
    start = priced.now.timestamp() * 1000
    attempt = {"startedAt": start - 2_000_000, "stoppedAt": start, "container": {"exitCode": 143}}
    assert priced.track.event(ended | {"attempts": [attempt]}) == "applied"
    record = priced.table.get(found.run_id)
    assert (record.status, record.cause.code) == ("FAILED", "over_reservation")
    assert "its launch reserved $1.30" in record.cause.message
    priced.notify.ended(found.run_id, "penguins")
    assert record.cost.estimate_usd == pytest.approx(2000 * 3 / 3600, abs=1e-5)
    assert priced.accounts.read(["2026-11"])["2026-11"].reserved == 0
    assert spent(priced) == pytest.approx(2000 * 3 / 3600, abs=1e-5)


def test_a_run_whose_report_shows_that_it_keeps_its_reservation_trains_on(priced, monkeypatch) -> None:
    found = launch(priced)
    priced.prices.refresh(prices(1.9), "2026-11-23T01:00:00Z")
    trains(priced, monkeypatch, found, 40)
    report = account(found.batch_job_id, type="g4dn.xlarge")
    priced.put(f"runs/penguins/{found.run_id}/outcome.json", json.dumps(report).encode())
    assert "over_reservation" not in priced.reconcile.all()
    report = account(found.batch_job_id, type="g5.xlarge")
    priced.put(f"runs/penguins/{found.run_id}/outcome.json", json.dumps(report).encode())
    assert priced.reconcile.all()["over_reservation"] == 1


def test_a_run_at_its_timeout_is_left_to_its_container_for_ten_minutes_and_then_ended(
    priced, monkeypatch
) -> None:
    trains(priced, monkeypatch, launch(priced), 57)
    priced.later(seconds=40)
    assert "out_of_time" not in priced.reconcile.all()
    priced.later(minutes=8)
    assert "out_of_time" not in priced.reconcile.all()
    priced.later(minutes=2)
    assert priced.reconcile.all()["out_of_time"] == 1


def test_a_stack_without_a_cap_ends_no_run_for_its_cost(priced, monkeypatch) -> None:
    priced.budget = Budget()
    trains(priced, monkeypatch, launch(priced), 600)
    assert "over_reservation" not in priced.reconcile.all()


def test_an_account_of_another_run_is_none_of_this_one_s(priced) -> None:
    found = launch(priced)
    priced.put(f"runs/penguins/{RUN_ID}/outcome.json", json.dumps(account(found.batch_job_id)).encode())
    assert end(priced, found, None).cost.estimate_usd == 0.5
