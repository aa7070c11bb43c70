"""Which part a run is in, how long each part took, and how long it usually takes."""

from typing import Any

import pytest
from droptrain_core.domain.runs import container_times, timing
from droptrain_core.domain.runs.container_times import ContainerTimes
from droptrain_core.domain.runs.run import Attempt, Run, Step
from support.records import JOB_ID, run


def at(seconds: int) -> str:
    return f"2026-11-23T02:{10 + seconds // 60:02}:{seconds % 60:02}Z"


HISTORY = (
    Step(at(0), "CLAIMED"), Step(at(1), "SUBMITTED"), Step(at(2), "RUNNABLE"), Step(at(180), "STARTING"),
    Step(at(400), "RUNNING"),
)  # fmt: skip
REPORTED = ContainerTimes(
    job_id=JOB_ID, attempt=1, instance_launched_at=at(60), image_pull_started_at=at(181),
    image_pulled_at=at(390), started_at=at(396), script_started_at=at(404), first_output_at=at(410),
    first_metric_at=at(440), script_ended_at=at(1000),
)  # fmt: skip
ENDED = Attempt(at(395), at(1020), 0, None, None)


def active(status: str, steps: int = len(HISTORY), **changes: Any) -> Run:
    return run(status=status, history=HISTORY[:steps], batch_job_id=JOB_ID, **changes)


def succeeded(run_id: str, reported: ContainerTimes | None = REPORTED, **changes: Any) -> Run:
    values = {"attempts": (ENDED,), "history": HISTORY, "batch_job_id": JOB_ID, **changes}
    return run(run_id=run_id, status="SUCCEEDED", timing=reported, **values)


def test_each_part_of_a_finished_run_has_its_time_and_its_seconds() -> None:
    ended = succeeded("p-1")
    found = timing.of_run(ended, ended.timing, (), ())
    assert [(each.name, each.at, each.seconds) for each in found.parts] == [
        ("queued", at(1), None), ("instance_launched", at(60), 59), ("instance_started", at(180), 120),
        ("image_pulled", at(390), 210), ("container_started", at(395), 5), ("fetched", at(404), 9),
        ("first_step", at(440), 36), ("trained", at(1000), 560), ("saved", at(1020), 20),
    ]  # fmt: skip
    assert found.underway is None


def test_what_is_not_reported_is_absent_and_the_next_part_says_after_what_it_counts() -> None:
    found = timing.of_run(succeeded("p-1", None), None, (), ())
    known = {each.name: (each.after, each.seconds) for each in found.parts if each.at}
    assert known == {
        "queued": (None, None), "instance_started": ("queued", 179), "saved": ("container_started", 625),
        "container_started": ("instance_started", 215),
    }  # fmt: skip


def test_an_event_that_came_late_does_not_put_a_part_behind_the_next_one() -> None:
    late = tuple(
        Step(at(400), step.status) if step.status in ("RUNNABLE", "STARTING") else step for step in HISTORY
    )
    found = timing.of_run(succeeded("p-1", history=late), REPORTED, (), ())
    times = [each.at or "" for each in found.parts]
    assert times == sorted(times)


def test_a_job_whose_events_all_came_late_was_queued_before_its_container_started() -> None:
    late = tuple(Step(at(400), step.status) for step in HISTORY[1:])
    found = timing.of_run(succeeded("p-1", None, history=late), None, (), ())
    assert [each.at for each in found.parts if each.at] == [at(395), at(395), at(395), at(1020)]


def test_an_instance_that_was_there_before_the_run_takes_no_time() -> None:
    warm = ContainerTimes(JOB_ID, 1, instance_launched_at="2026-11-23T01:00:00Z")
    parts = {each.name: each.seconds for each in timing.of_run(succeeded("p-1", warm), warm, (), ()).parts}
    assert (parts["instance_launched"], parts["instance_started"]) == (0, 179)


UP_TO_THE_SCRIPT = ContainerTimes(JOB_ID, 1, started_at=at(396), script_started_at=at(404))
UP_TO_A_METRIC = ContainerTimes(
    JOB_ID, 1, started_at=at(396), script_started_at=at(404), first_metric_at=at(440)
)
# Its instance was lost before the container ran.
QUEUED_AGAIN = run(status="RUNNABLE", history=(*HISTORY[:4], Step(at(300), "RUNNABLE")), batch_job_id=JOB_ID)


@pytest.mark.parametrize(("of", "reported", "part", "since"), [
    (run(), None, "queued", at(0)),
    (active("RUNNABLE", 3), None, "instance_started", at(1)),
    (active("STARTING", 4), None, "container_started", at(180)),
    (QUEUED_AGAIN, None, "instance_started", at(300)),
    (active("RUNNING"), None, "fetched", at(400)),
    (active("RUNNING"), UP_TO_THE_SCRIPT, "first_step", at(404)),
    (active("RUNNING"), UP_TO_A_METRIC, "trained", at(440)),
    (active("RUNNING"), REPORTED, "saved", at(1000)),
])  # fmt: skip
def test_a_run_is_in_the_part_that_is_not_over(of: Run, reported: Any, part: str, since: str) -> None:
    found = timing.of_run(of, reported, (), ())
    assert found.underway
    assert (found.underway.name, found.underway.since) == (part, since)


def test_a_report_of_another_attempt_does_not_count() -> None:
    again = (*HISTORY, Step(at(500), "RUNNABLE"), Step(at(520), "STARTING"), Step(at(530), "RUNNING"))
    second = run(status="RUNNING", history=again, batch_job_id=JOB_ID, attempts=(ENDED,))
    found = timing.of_run(second, REPORTED, (), ())
    assert found.underway
    assert (found.attempt, found.underway.name, found.underway.since) == (2, "fetched", at(530))


def test_the_usual_is_the_projects_median_or_the_stacks_where_the_project_has_few_runs() -> None:
    def saved_after(seconds: int) -> Run:
        return succeeded(f"p-{seconds}", attempts=(Attempt(at(395), at(1000 + seconds), 0, None, None),))

    own = [saved_after(each) for each in (10, 20, 90)]
    others = [saved_after(each) for each in (1, 2, 3)]
    now = active("RUNNING")
    for project, stack, expected in [
        (own, others, timing.Usual(20, 3, "project")),
        (own[:2], others, timing.Usual(2, 3, "stack")),
        (own[:1], (), timing.Usual(10, 1, "project")),
        ((), (), None),
    ]:
        found = timing.of_run(now, REPORTED, project, stack).underway
        assert found
        assert found.usual == expected


def test_a_report_that_lies_neither_fails_nor_gets_into_the_record() -> None:
    wrong = {
        "batch_job_id": JOB_ID, "attempt": 1, "started_at": "x" * 10_000, "instance": [1],
        "timing": {"script_started_at": "9999-12-31T23:59:59-14:00", "first_output_at": 3, "more": at(1)},
    }  # fmt: skip
    assert container_times.read(wrong) == ContainerTimes(JOB_ID, 1)
    for none in (None, [], {"batch_job_id": 1}, {"batch_job_id": "j" * 1000, "attempt": 1}):
        assert container_times.read(none) is None
