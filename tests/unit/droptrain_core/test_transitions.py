"""Which transitions of a run are legal in which status; docs/architecture.md draws the same."""

import inspect
import re
from dataclasses import replace
from pathlib import Path

import pytest
from droptrain_core.aws.transition_writes import compiled
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.runs import batch_job, transitions
from droptrain_core.domain.runs.run import STATUSES, TERMINAL, EarlierJob, NextJob, Run
from droptrain_core.domain.runs.transitions import Transition
from support.records import job_detail, run

AT = "2026-11-23T02:10:00Z"
CAUSE = Cause("one", "message", "fix")
PAGE = Path(__file__).parents[3] / "docs" / "architecture.md"
ACTIVE = tuple(status for status in STATUSES if status not in TERMINAL)
WITH_A_JOB = tuple(status for status in ACTIVE if status != "CLAIMED")

LEGAL = {
    "held": ("CLAIMED",),
    "submitted": ("CLAIMED",),
    "observed": ACTIVE,
    "next_job": WITH_A_JOB,
    "returned": ("CLAIMED",),
    "awaited": ACTIVE,
    "waits": ("CLAIMED",),
    "woken": ("CLAIMED",),
    "followed": WITH_A_JOB,
    "cancel_requested": ACTIVE,
    "ended": ACTIVE,
    "promoted": ("SUCCEEDED",),
    "notified": TERMINAL,
    "described": STATUSES,
    "rerun": STATUSES,
}

SECOND = NextJob(3600, "why", on_spot=False, is_retry=False, earlier=(EarlierJob("job-1", True, False),))


def a_run(status: str) -> Run:
    has_job = status not in ("CLAIMED", "REJECTED")
    return run(
        status=status, batch_job_id="job-1" if has_job else None, progress="01.00.0" if has_job else ""
    )


def transition(name: str, record: Run) -> Transition:
    state = batch_job.read(
        job_detail("RUNNING", attempts=1, jobName=record.run_id, jobId=record.batch_job_id or "job-1")
    )
    assert state
    return {
        "held": lambda: transitions.held(record, AT),
        "submitted": lambda: transitions.submitted(record, "job-1", AT),
        "observed": lambda: transitions.observed(state, AT),
        "next_job": lambda: transitions.next_job(record, SECOND, None, AT),
        "returned": lambda: transitions.returned(record, SECOND, AT),
        "awaited": lambda: transitions.awaited(record.run_id, "penguins-second-0123456789ab"),
        "waits": lambda: transitions.waits(record, "penguins-second-0123456789ab"),
        "woken": lambda: transitions.woken(record, "why", AT),
        "followed": lambda: transitions.followed(state, "job-2", AT),
        "cancel_requested": lambda: transitions.cancel_requested(record.run_id, "ann", AT),
        "ended": lambda: transitions.ended(record, "FAILED", CAUSE, AT),
        "promoted": lambda: transitions.promoted(record.run_id, AT, by_gate=True),
        "notified": lambda: transitions.notified(record, AT),
        "described": lambda: transitions.described(record.run_id, {"note": "why"}),
        "rerun": lambda: transitions.rerun(record),
    }[name]()


@pytest.mark.parametrize("name", LEGAL)
@pytest.mark.parametrize("status", STATUSES)
def test_a_transition_is_legal_in_these_statuses_only(name: str, status: str) -> None:
    record = a_run(status)
    assert transition(name, record).holds(record) == (status in LEGAL[name])


def test_every_transition_of_the_page_is_in_the_table() -> None:
    made = [
        name
        for name, each in inspect.getmembers(transitions, inspect.isfunction)
        if each.__module__ == transitions.__name__
    ]
    assert sorted(made) == sorted(LEGAL)


def test_the_table_in_the_docs_names_them_all() -> None:
    table = re.findall(r"^\| `(\w+)` \| ([A-Z, ]+) \|", PAGE.read_text("utf-8"), flags=re.M)
    assert {name: tuple(statuses.split(", ")) for name, statuses in table} == LEGAL


def test_the_diagram_of_states_has_every_status_and_no_other() -> None:
    [diagram] = re.findall(r"^stateDiagram-v2\n(.*?)^```", PAGE.read_text("utf-8"), flags=re.M | re.S)
    assert set(re.findall(r"\b[A-Z]{4,}\b", diagram)) == set(STATUSES)


@pytest.mark.parametrize("change", [
    {"batch_job_id": "job-2"}, {"progress": "01.01.9"}, {"cancelled_by": "ann"},
    {"claimed_at": "2027-01-01T00:00:00Z"}, {"updated_at": "2027-01-01T00:00:00Z"},
    {"notified_at": AT}, {"reruns": 7},
])  # fmt: skip
def test_what_another_process_has_changed_holds_up_what_depends_on_it(change: dict[str, object]) -> None:
    held_up = set()
    for name in LEGAL:
        for status in ("CLAIMED", "RUNNING", "SUCCEEDED"):
            before = a_run(status)
            if not transition(name, before).holds(replace(before, **change)):
                held_up |= {name} if transition(name, before).holds(before) else set()
    (field,) = change
    assert (
        held_up
        == {
            "batch_job_id": {"held", "submitted", "observed", "next_job", "returned", "followed"},
            "progress": {"observed"},
            "cancelled_by": {"next_job"},
            "claimed_at": {"held", "returned"},
            "updated_at": {"ended"},
            "notified_at": {"notified"},
            "reruns": {"rerun"},
        }[field]
    )


def test_a_start_is_kept_once() -> None:
    record = replace(a_run("STARTING"), started_at="2026-11-23T02:00:00Z")
    state = batch_job.read(
        job_detail("RUNNING", jobName=record.run_id, jobId="job-1", startedAt=1_795_399_800_000)
    )
    assert state
    change = transitions.observed(state, AT)
    assert change.applied_to(record).started_at == "2026-11-23T02:00:00Z"
    assert "#started_at = if_not_exists(#started_at, " in compiled(change).update


def test_every_name_and_value_of_an_update_is_used() -> None:
    for name in LEGAL:
        change = compiled(transition(name, a_run("RUNNING")))
        words = f"{change.update} {change.condition}"
        assert all(re.search(rf"{re.escape(each)}\b", words) for each in (*change.names, *change.values))
