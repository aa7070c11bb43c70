"""A run's life after its launch: tracked, announced, cancelled, reconciled, listed."""

import itertools
import json
import random

import pytest
from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.errors import AlreadyFinishedError, BadCursorError, NotFoundError
from droptrain_core.domain.runs.run import GpuUse
from droptrain_core.domain.runs.stopped_early import StoppedEarly
from droptrain_core.domain.runs.transitions import cancel_requested, submitted
from support.records import JOB_ID, RUN_ID, job_detail, run
from support.waiting import wait_for

ADVICE = "The GPU was busy 11 % of the time."
ACCOUNT = {"batch_job_id": JOB_ID, "attempt": 2, "metrics": {"test_accuracy": 0.9}}
ATTEMPTS = [
    {"startedAt": 1795400000000, "stoppedAt": 1795403600000, "container": {"exitCode": 143}},
    {"startedAt": 1795404000000, "stoppedAt": 1795407600000, "container": {"exitCode": 0}},
]
LIFE = [
    job_detail("RUNNABLE"),
    job_detail("STARTING"),
    job_detail("RUNNING"),
    job_detail("RUNNABLE", attempts=1),
    job_detail("RUNNING", attempts=1),
    job_detail("SUCCEEDED") | {"attempts": ATTEMPTS},
]


def claimed(stack, **changes):
    record = run(**changes)
    assert stack.table.claim(record) == "claimed"
    return record


def write_account(stack, account=ACCOUNT) -> None:
    key = f"runs/penguins/{RUN_ID}/outcome.json"
    stack.s3.put_object(Bucket="data", Key=key, Body=json.dumps(account).encode())


def shown(record):
    return (record.status, record.attempts, record.metrics, record.cost, record.cause, record.progress)


def test_every_order_of_the_same_events_leaves_the_same_record(stack) -> None:
    write_account(stack)
    orders = list(itertools.permutations(LIFE))
    seen = set()
    for number, order in enumerate(random.Random(7).sample(orders, 12)):
        name = f"penguins-first-{number:012x}"
        stack.table.claim(run(run_id=name))
        key = f"runs/penguins/{name}/outcome.json"
        stack.s3.put_object(Bucket="data", Key=key, Body=json.dumps(ACCOUNT).encode())
        for detail in (*order, *order[:2]):
            stack.track.event(detail | {"jobName": name})
        seen.add(str(shown(stack.table.get(name))))
    assert len(seen) == 1
    assert "SUCCEEDED" in seen.pop()


def test_a_record_stays_small_whatever_batch_says_and_how_often(stack) -> None:
    claimed(stack)
    reason = "Host EC2 (instance i-0abc) terminated. " * 100
    sent = [
        job_detail(status, attempts=attempts, statusReason=reason)
        for attempts in range(12)
        for status in ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
    ]
    for detail in (*sent, *random.Random(7).sample(sent, len(sent))):
        stack.track.event(detail)
    record = stack.table.get(RUN_ID)
    assert len(record.history) <= 5 * 11 + 1
    item = stack.dynamodb.get_item(TableName="runs", Key={"pk": {"S": f"RUN#{RUN_ID}"}})["Item"]
    assert len(json.dumps(item)) < 100_000, "DynamoDB takes items of 400 KB"


def test_late_events_never_move_a_running_record_back(stack) -> None:
    running = LIFE[:-1]
    for number, order in enumerate(itertools.permutations(running, 5)):
        if number % 10:
            continue
        name = f"penguins-first-{number:012x}"
        stack.table.claim(run(run_id=name))
        for detail in (*order, *order[:2]):
            stack.track.event(detail | {"jobName": name})
        record = stack.table.get(name)
        assert (record.status, len(record.attempts)) == ("RUNNING", 1)


def test_a_run_keeps_the_time_of_its_first_start(stack) -> None:
    claimed(stack)
    for attempts, started in ((0, 1795399860000), (1, 1795403600000)):
        stack.track.event(job_detail("RUNNING", attempts=attempts, startedAt=started))
        assert stack.table.get(RUN_ID).started_at == "2026-11-23T02:11:00Z"


def test_an_end_brings_metrics_and_cost(stack) -> None:
    claimed(stack, batch_job_id=JOB_ID, status="SUBMITTED", metric="test_accuracy")
    write_account(stack)
    assert [stack.track.event(detail) for detail in LIFE] == ["applied"] * len(LIFE)
    ended = stack.table.get(RUN_ID)
    assert ended.metrics == {"test_accuracy": 0.9}
    assert (ended.ranking, ended.headline) == ("penguins#test_accuracy", 0.9)
    assert (ended.cost.seconds, ended.cost.estimate_usd) == (7200, pytest.approx(2 * 0.587))
    assert [step.status for step in ended.history] == [detail["status"] for detail in LIFE]


def test_an_account_of_an_earlier_attempt_says_nothing_about_this_end(stack) -> None:
    claimed(stack, batch_job_id=JOB_ID, status="SUBMITTED")
    write_account(stack, ACCOUNT | {"attempt": 1, "cause": {"code": "script_failed", "message": "old"}})
    stack.track.event(job_detail("FAILED", attempts=2, statusReason="Essential container in task exited"))
    assert stack.table.get(RUN_ID).cause.code == "unknown"


def test_an_event_before_the_submitter_noted_the_job_is_kept(stack) -> None:
    record = claimed(stack)
    assert stack.track.event(job_detail("RUNNING")) == "applied"
    noted = stack.table.write(submitted(record, JOB_ID, "2026-11-23T02:10:05Z")).run
    assert (noted.status, noted.batch_job_id) == ("RUNNING", JOB_ID)


@pytest.mark.parametrize("detail", [
    job_detail("SUCCEEDED", jobId="another-job"), job_detail("RUNNING", jobName="nightly"),
    job_detail("RUNNING", jobName="penguins-first-ffffffffffff"),
])  # fmt: skip
def test_other_jobs_change_nothing(stack, detail) -> None:
    claimed(stack, batch_job_id=JOB_ID, status="SUBMITTED")
    assert stack.track.event(detail) in ("stale", "foreign", "unknown")
    assert stack.table.get(RUN_ID).status == "SUBMITTED"


def test_an_ended_run_is_announced_once(stack) -> None:
    claimed(stack, batch_job_id=JOB_ID, status="SUBMITTED")
    write_account(stack)
    assert stack.notify.ended(RUN_ID, "penguins").answer == "nothing"
    stack.track.event(LIFE[-1])
    assert [stack.notify.ended(RUN_ID, "penguins").answer for _ in range(2)] == ["published", "nothing"]
    (sent,) = stack.notices()
    assert sent["Subject"] == "SUCCEEDED penguins/first"
    assert sent["MessageAttributes"]["outcome"]["Value"] == "SUCCEEDED"


def test_gpu_use_and_advice_come_from_the_container_s_account_to_the_record_and_the_notice(stack) -> None:
    known = {"count": 1, "busy_percent": 11.4, "peak_memory_gib": 13.25, "seconds": 600.0}
    gpu = known | {"waiting_seconds": None}
    write_account(stack, ACCOUNT | {"gpu": gpu | {"idle": 0}, "advice": [ADVICE]})
    claimed(stack, batch_job_id=JOB_ID, status="SUBMITTED")
    stack.track.event(LIFE[-1])
    record = stack.table.get(RUN_ID)
    assert record.gpu == GpuUse(**gpu)
    assert record.advice == (ADVICE,)
    assert stack.notify.ended(RUN_ID, "penguins").answer == "published"
    (sent,) = stack.notices()
    assert f"Advice:        {ADVICE}\n" in sent["Message"]
    assert "GPU          1, busy 11 % of the time, at most 13.2 GiB in use\n" in sent["Message"]


def test_where_a_trial_was_stopped_early_comes_from_the_account_to_record_and_notice(stack) -> None:
    write_account(stack, ACCOUNT | {"stopped_early": {"step": 10, "level": 9, "compared_with": 4}})
    claimed(stack, batch_job_id=JOB_ID, status="SUBMITTED")
    stack.track.event(LIFE[-1])
    record = stack.table.get(RUN_ID)
    assert (record.status, record.stopped_early) == ("SUCCEEDED", StoppedEarly(10, 9, 4))
    assert stack.notify.ended(RUN_ID, "penguins").answer == "published"
    (sent,) = stack.notices()
    assert "Stopped early step=10, level=9, compared_with=4\n" in sent["Message"]
    assert "Best model" not in sent["Message"], "a trial that was stopped has no model to compare"


def test_a_run_that_failed_was_not_stopped_early(stack) -> None:
    write_account(stack, ACCOUNT | {"stopped_early": {"step": 10, "level": 9, "compared_with": 4}})
    claimed(stack, batch_job_id=JOB_ID, status="SUBMITTED")
    stack.track.event(LIFE[-1] | {"status": "FAILED"})
    assert stack.table.get(RUN_ID).stopped_early is None


def test_warnings_of_a_good_end_follow_those_of_the_launch_to_record_and_notice(stack) -> None:
    of_end = {"rule": "no_model", "file": "export", "message": "no model was exported", "fix": "Save it."}
    write_account(stack, ACCOUNT | {"warnings": [of_end, {"rule": "mine", "message": "x"}, 1, of_end]})
    of_launch = Finding("short_row", "warning", "a/train.csv", 2, None, "a row is short", "Fill it.")
    claimed(stack, batch_job_id=JOB_ID, status="SUBMITTED", warnings=(of_launch,))
    stack.track.event(LIFE[-1])
    stack.track.event(LIFE[-1])
    found = Finding("no_model", "warning", "export", None, None, "no model was exported", "Save it.")
    assert stack.table.get(RUN_ID).warnings == (of_launch, found)
    assert stack.notify.ended(RUN_ID, "penguins").answer == "published"
    (sent,) = stack.notices()
    assert "export: no model was exported. Save it.\n" in sent["Message"]


def test_a_failed_run_has_its_cause_and_no_warning_of_an_end(stack) -> None:
    warning = {"rule": "no_model", "file": "export", "message": "no model was exported", "fix": "Save it."}
    write_account(stack, ACCOUNT | {"warnings": [warning]})
    claimed(stack, batch_job_id=JOB_ID, status="SUBMITTED")
    stack.track.event(LIFE[-1] | {"status": "FAILED"})
    assert stack.table.get(RUN_ID).warnings == ()


def test_an_end_that_the_recipe_mutes_is_noted_and_not_told(stack) -> None:
    claimed(stack, batch_job_id=JOB_ID, status="SUBMITTED", notify=("failed",))
    stack.track.event(LIFE[-1])
    assert stack.notify.ended(RUN_ID, "penguins").answer == "muted"
    assert stack.notices() == []
    assert list(itertools.chain(*stack.table.active())) == []


def test_a_cancel_ends_the_job_and_the_run(stack) -> None:
    stack.publish_project()
    stack.drop()
    launched, _ = stack.launch.request("penguins", "first", caller="ann")
    assert stack.cancel.run(launched.run_id, "bob").cancelled_by == "bob"
    (job,) = stack.batch.describe_jobs(jobs=[launched.batch_job_id])["jobs"]
    assert (job["status"], job["statusReason"]) == ("FAILED", "Cancelled by bob.")
    stack.track.event(job)
    ended = stack.table.get(launched.run_id)
    assert (ended.status, ended.cause.message) == ("CANCELLED", "Cancelled by bob.")
    with pytest.raises(AlreadyFinishedError):
        stack.cancel.run(launched.run_id, "bob")


def test_a_cancel_of_a_claim_ends_the_job_as_soon_as_there_is_one(stack) -> None:
    record = claimed(stack)
    stack.cancel.run(RUN_ID, "bob")
    stack.submit.now(record)
    (job,) = stack.batch_jobs()
    assert job["status"] == "FAILED"


def test_a_cancelled_claim_whose_maker_died_is_cancelled_by_the_reconciler(stack) -> None:
    claimed(stack)
    stack.cancel.run(RUN_ID, "bob")
    stack.later(minutes=5)
    stack.reconcile.all()
    assert stack.table.get(RUN_ID).status == "CANCELLED"
    assert stack.batch_jobs() == []


def test_a_cancel_that_died_before_it_told_batch_is_carried_out(stack) -> None:
    stack.publish_project()
    stack.drop()
    launched, _ = stack.launch.request("penguins", "first", caller="ann")
    requested = cancel_requested(launched.run_id, "bob", "2026-11-23T02:10:05Z")
    assert stack.table.write(requested).outcome == "applied"
    stack.later(minutes=5)
    assert stack.reconcile.all()["terminated"] == 1
    (job,) = stack.batch_jobs()
    assert job["status"] == "FAILED"
    stack.later(minutes=5)
    stack.reconcile.all()
    assert stack.table.get(launched.run_id).status == "CANCELLED"


def test_cancelling_what_is_not_there_says_so(stack) -> None:
    with pytest.raises(NotFoundError):
        stack.cancel.run(RUN_ID, "bob")


def test_the_reconciler_finishes_a_claim_whose_maker_died(stack) -> None:
    claimed(stack)
    assert stack.reconcile.all()["finished"] == 0, "a young claim is its maker's"
    stack.later(minutes=5)
    assert stack.reconcile.all()["finished"] == 1
    (job,) = stack.batch_jobs()
    assert stack.table.get(RUN_ID).batch_job_id == job["jobId"]
    assert stack.reconcile.all()["finished"] == 0


def test_the_reconciler_adopts_a_job_that_was_submitted_and_not_noted(stack) -> None:
    record = claimed(stack)
    job_id = stack.jobs.submit(record, {})
    stack.later(minutes=5)
    stack.reconcile.all()
    assert len(stack.batch_jobs()) == 1
    assert stack.table.get(RUN_ID).batch_job_id == job_id


def test_the_reconciler_learns_an_end_whose_event_got_lost_and_tells_it(running_stack) -> None:
    stack = running_stack
    stack.publish_project()
    stack.drop()
    launched, _ = stack.launch.request("penguins", "first", caller="ann")
    wait_for(
        "success",
        lambda: stack.batch.describe_jobs(jobs=[launched.batch_job_id])["jobs"][0]["status"] == "SUCCEEDED",
    )
    stack.later(minutes=5)
    assert stack.reconcile.all()["applied"] == 1
    stack.later(minutes=5)
    assert stack.reconcile.all()["notified"] == 1
    assert [sent["Subject"] for sent in stack.notices()] == ["SUCCEEDED penguins/first"]
    stack.later(minutes=5)
    assert stack.reconcile.all() == {"active": 0}


def test_a_run_that_can_not_be_reconciled_does_not_keep_the_pass_from_the_others(stack, monkeypatch) -> None:
    for number in range(3):
        claimed(
            stack, run_id=f"penguins-first-{number:012x}", batch_job_id=f"gone-{number}", status="RUNNING"
        )
    stack.later(minutes=61)
    write = stack.table.write

    def write_but_the_second(transition):
        if transition.run_id.endswith("000000000001"):
            raise RuntimeError("a poisoned record")
        return write(transition)

    monkeypatch.setattr(stack.table, "write", write_but_the_second)
    assert stack.reconcile.all() == {"active": 3, "forgotten": 2, "failed": 1}


def test_an_item_that_nobody_can_read_hides_itself_alone(stack) -> None:
    claimed(stack)
    claimed(stack, run_id="penguins-first-00000000000a")
    stack.dynamodb.update_item(
        TableName="runs", Key={"pk": {"S": f"RUN#{RUN_ID}"}}, UpdateExpression="REMOVE claimed_at"
    )
    assert [found.run_id for found in stack.query.runs(limit=10).runs] == ["penguins-first-00000000000a"]
    stack.later(minutes=5)
    assert stack.reconcile.all()["finished"] == 1


def test_a_record_follows_the_job_that_holds_the_lease(stack) -> None:
    claimed(stack, batch_job_id=JOB_ID, status="SUBMITTED")
    lease = json.dumps({"schema": 1, "batch_job_id": "the-other"}).encode()
    stack.s3.put_object(Bucket="data", Key=f"runs/penguins/{RUN_ID}/lease", Body=lease)
    superseded = job_detail("FAILED", container={"exitCode": 73})
    assert stack.track.event(superseded) == "applied"
    assert stack.track.event(superseded) == "stale"
    record = stack.table.get(RUN_ID)
    assert (record.batch_job_id, record.ended) == ("the-other", False)
    assert stack.track.event(job_detail("SUCCEEDED", jobId="the-other")) == "applied"
    assert stack.table.get(RUN_ID).status == "SUCCEEDED"


def test_a_superseded_job_is_no_part_of_the_cost(stack) -> None:
    stack.publish_project()
    stack.drop()
    launched, _ = stack.launch.request("penguins", "first", caller="ann")
    lease = json.dumps({"schema": 1, "batch_job_id": "the-other"}).encode()
    stack.s3.put_object(Bucket="data", Key=f"runs/penguins/{launched.run_id}/lease", Body=lease)
    seconds = {"startedAt": 1795400000000, "stoppedAt": 1795400005000, "container": {"exitCode": 73}}
    ours = {"jobName": launched.run_id, "attempts": [seconds], "container": {"exitCode": 73}}
    stack.track.event(job_detail("FAILED", jobId=launched.batch_job_id) | ours)
    hour = {"startedAt": 1795400000000, "stoppedAt": 1795403600000, "container": {"exitCode": 0}}
    stack.track.event(
        job_detail("SUCCEEDED", jobId="the-other") | {"jobName": launched.run_id, "attempts": [hour]}
    )
    assert stack.table.get(launched.run_id).cost.seconds == 3600


def test_a_quiet_run_whose_job_says_nothing_new_costs_no_write(stack) -> None:
    stack.publish_project()
    stack.drop()
    launched, _ = stack.launch.request("penguins", "first", caller="ann")
    stack.later(minutes=5)
    assert stack.reconcile.all()["applied"] == 1  # RUNNABLE, whose event nobody delivered here
    stack.later(minutes=5)
    before = stack.table.get(launched.run_id)
    assert stack.reconcile.all() == {"active": 1}
    assert stack.table.get(launched.run_id) == before


def test_a_run_whose_job_batch_has_forgotten_fails_with_that_cause(stack) -> None:
    claimed(stack, batch_job_id="gone", status="RUNNING")
    stack.later(minutes=30)
    stack.reconcile.all()
    assert stack.table.get(RUN_ID).status == "RUNNING"
    stack.later(minutes=31)
    stack.reconcile.all()
    assert stack.table.get(RUN_ID).cause.code == "unknown_to_batch"


def test_lists_are_newest_first_and_page_without_gap_or_repeat(stack) -> None:
    for number in range(7):
        name = f"penguins-first-{number:012x}"
        order = f"2026-11-23T02:10:0{number}.000Z#{name}"
        status = "FAILED" if number % 2 else "SUCCEEDED"
        stack.table.claim(run(run_id=name, created_order=order, status=status))
    stack.table.claim(run(run_id="mice-first-000000000000", project="mice"))
    for filters, expected in (
        ({"project": "penguins"}, [6, 5, 4, 3, 2, 1, 0]),
        ({"project": "penguins", "status": "FAILED"}, [5, 3, 1]),
    ):
        found, cursor = [], None
        while True:
            page = stack.query.runs(limit=2, cursor=cursor, **filters)
            found += [int(each.run_id[-12:], 16) for each in page.runs]
            cursor = page.cursor
            if cursor is None:
                break
        assert found == expected
    assert len(stack.query.runs(limit=100).runs) == 8


def test_a_cursor_of_another_list_is_refused(stack) -> None:
    for number in range(3):
        stack.table.claim(run(run_id=f"penguins-first-{number:012x}"))
    cursor = stack.query.runs(limit=1, project="penguins").cursor
    for wrong in (cursor, "x", "e30=", "ä", "bnVsbA==", "W10=", "a" * 3000):
        with pytest.raises(BadCursorError):
            stack.query.runs(limit=1, project="mice", cursor=wrong)
