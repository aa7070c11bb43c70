"""People name runs, write notes about them and tag them; what the run does is not disturbed."""

from dataclasses import replace

import pytest
from droptrain_core.domain.errors import Cause, NotFoundError
from droptrain_core.domain.runs import transitions
from droptrain_core.domain.runs.identity import order_key
from droptrain_core.domain.runs.run import Run
from support.core_stack import Stack
from support.records import JOB_ID, RUN_ID, job_detail, run

WORDS = {"name": "wide net", "note": "Twice the units.\nSee Monday's run.", "tags": ["wide", "best", "wide"]}
LOST = Cause("unknown_to_batch", "AWS Batch has forgotten the job.", "Launch it again.")


def claimed(stack: Stack, run_id: str = RUN_ID) -> Run:
    stack.later(seconds=1)
    record = run(run_id=run_id, created_order=order_key(stack.now, run_id))
    assert stack.table.claim(record) == "claimed"
    return record


def test_a_run_is_found_with_its_name_its_note_and_its_tags(stack: Stack) -> None:
    claimed(stack)
    written = stack.describe.run(RUN_ID, WORDS)
    assert (written.name, written.note, written.tags) == ("wide net", WORDS["note"], ("best", "wide"))
    assert stack.query.run(RUN_ID) == written


def test_what_is_left_out_stays_and_what_is_empty_is_removed(stack: Stack) -> None:
    claimed(stack)
    stack.describe.run(RUN_ID, WORDS)
    assert stack.describe.run(RUN_ID, {"name": None}).note == WORDS["note"]
    left = stack.describe.run(RUN_ID, {"note": " ", "tags": []})
    assert (left.name, left.note, left.tags) == (None, None, ())


def test_the_same_words_twice_leave_the_same_record(stack: Stack) -> None:
    claimed(stack)
    assert stack.describe.run(RUN_ID, WORDS) == stack.describe.run(RUN_ID, WORDS)


def test_words_that_come_in_between_hold_up_no_change_of_the_run(stack: Stack) -> None:
    record = claimed(stack)
    changes = (
        transitions.submitted(record, JOB_ID, record.updated_at),
        transitions.cancel_requested(RUN_ID, "ann", record.updated_at),
    )
    for number, change in enumerate(changes):
        stack.describe.run(RUN_ID, {"note": f"note {number}"})
        assert stack.table.write(change).outcome == "applied"
    seen = stack.query.run(RUN_ID)
    stack.describe.run(RUN_ID, WORDS)
    ended = stack.table.write(transitions.ended(seen, "CANCELLED", LOST, seen.updated_at))
    assert ended.outcome == "applied"
    assert ended.run
    assert ended.run.note == WORDS["note"]


def test_a_run_that_has_ended_is_described_and_its_notice_sent_once(stack: Stack) -> None:
    claimed(stack)
    stack.track.event(job_detail("FAILED"))
    stack.describe.run(RUN_ID, WORDS)
    stack.notify.ended(RUN_ID, "penguins")
    assert len(stack.notices()) == 1
    stack.describe.run(RUN_ID, {"note": "It failed on Monday, too."})
    stack.notify.ended(RUN_ID, "penguins")
    assert stack.notices() == []


def test_invisible_characters_are_removed_before_they_are_stored(stack: Stack) -> None:
    claimed(stack)
    found = stack.describe.run(RUN_ID, {"name": "\u202ewide\u200b net", "note": "one\r\ntwo\x1b[31m three"})
    assert (found.name, found.note) == ("wide  net", "one\ntwo three")


def test_a_run_that_is_not_there_can_not_be_described(stack: Stack) -> None:
    with pytest.raises(NotFoundError):
        stack.describe.run("penguins-first-000000000000", WORDS)
    assert stack.query.runs(limit=5).runs == ()


def test_runs_are_filtered_by_a_tag(stack: Stack) -> None:
    first, _second, third = (claimed(stack, f"penguins-first-{number:012x}").run_id for number in range(3))
    stack.describe.run(first, {"tags": ["best"]})
    stack.describe.run(third, {"tags": ["best-of-week"]})
    found = [each.run_id for each in stack.query.runs(project="penguins", tag="best", limit=5).runs]
    assert found == [first]
    assert stack.query.runs(tag="best", status="RUNNING", limit=5).runs == ()


def test_the_longest_words_leave_room_in_the_item(stack: Stack) -> None:
    record = claimed(stack)
    longest = {"name": "n" * 100, "note": "€" * 2000, "tags": [f"{n:02}{'t' * 38}" for n in range(20)]}
    assert replace(stack.describe.run(RUN_ID, longest), name=None, note=None, tags=()) == record
