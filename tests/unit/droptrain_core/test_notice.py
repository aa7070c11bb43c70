from dataclasses import replace

import pytest
from droptrain_core.domain.costs.estimate import Estimate
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.notices import notice
from droptrain_core.domain.notices.console_links import Console
from droptrain_core.domain.notices.notice import ModelChanges, Places
from droptrain_core.domain.runs.model_pointer import Replaced, Standing
from droptrain_core.domain.runs.preparation import JobRequest, Preparation, Prepared
from droptrain_core.domain.runs.run import Attempt, AttemptCost, Cost, GpuUse, Step
from support.records import RUN_ID, run

ATTEMPT = Attempt("2026-11-23T02:11:00Z", "2026-11-23T02:41:00Z", 0, None, "s")


COST = (
    "about $0.2630, an estimate: 1800 s of g4dn.xlarge at the on-demand list price; Spot costs less "
    "(prices of 2025-11-30)"
)


def test_a_failed_step_tells_its_own_time_and_log() -> None:
    step = Preparation("ab" * 32, JobRequest("prepare.py", 0, 4, 8192, 3, 1800, "auto"))
    ended = run(
        status="FAILED", started_at="2026-11-23T02:11:00Z", stopped_at="2026-11-23T02:41:00Z",
        preparation=step, attempts=(ATTEMPT,), cause=Cause("script_failed", "It failed.", "Correct it."),
    )  # fmt: skip
    text = notice.of_end(ended, Places("bucket")).text
    assert "  Preparing    30 min 0 s\n" in text
    assert "Trained" not in text
    assert f"  Log          s3://bucket/runs/penguins/{RUN_ID}/prepare/log.txt\n" in text


def test_the_metrics_of_the_step_are_told_with_its_time() -> None:
    data = Prepared(RUN_ID, "prepared/p/d/", "ab" * 32, 3, 900, 840, "2026-11-23T02:10:00Z", {"rows": 12.0})
    text = notice.of_end(run(status="SUCCEEDED", prepared=data), Places("bucket")).text
    assert "  Prepared     3 files in 14 min 0 s, about $0.0000 of the cost; rows 12\n" in text


def test_a_success_tells_metrics_cost_and_where_the_model_is() -> None:
    ended = run(
        status="SUCCEEDED", started_at="2026-11-23T02:11:00Z", stopped_at="2026-11-23T02:41:00Z",
        metric="test_accuracy", metrics={"loss": 0.25, "test_accuracy": 0.9876}, attempts=(ATTEMPT,),
        cost=Cost(0.263, "g4dn.xlarge", 0.526, 1800, "on-demand list price; Spot costs less", "2025-11-30"),
    )  # fmt: skip
    end_notice = notice.of_end(ended, Places("bucket"))
    assert end_notice.subject == "SUCCEEDED penguins/first test_accuracy=0.9876"
    assert (
        end_notice.text
        == f"""penguins / first: SUCCEEDED

Metrics
  test_accuracy            0.9876
  loss                     0.25

Facts
  Run          {RUN_ID}
  Launched     2026-11-23T02:10:00Z by upload
  Waited       1 min 0 s
  Trained      30 min 0 s
  Cost         {COST}
  Model        s3://bucket/runs/penguins/{RUN_ID}/export/
  Log          s3://bucket/runs/penguins/{RUN_ID}/log.txt
  Input        s3://bucket/projects/penguins/data/first/train.csv (v1)
  Input        s3://bucket/projects/penguins/data/first/test.csv (v1)

Next
  droptrain get {RUN_ID}    downloads the model
  droptrain logs {RUN_ID}   shows the training's log
  droptrain rerun {RUN_ID}  trains its dataset again
"""
    )


def test_the_cost_stands_beside_the_estimate_and_what_was_reclaimed_apart() -> None:
    attempts = tuple(
        AttemptCost(1, number, "g4dn.xlarge", "a", "spot", 1800, 0.3, "spot", 0.15, reclaimed=number < 2)
        for number in (1, 2)
    )
    cost = Cost(
        0.3, "g4dn.xlarge", 0.3, 3600, "Spot price of the zone", "2026-11-23T00:00:00Z", 0.15, attempts
    )
    estimate = Estimate((), 1800, 0.15, 42.264, 0.587, "basis", "2025-11-30")
    text = notice.of_end(run(status="SUCCEEDED", cost=cost, estimate=estimate), Places("bucket")).text
    assert (
        "  Cost         about $0.3000, an estimate: 3600 s in 2 attempts at the Spot price of the zone "
        "(prices of 2026-11-23); $0.1500 of it, 30 min 0 s, is for attempts that Spot reclaimed\n"
        "  Estimate     $0.1500 expected, at worst $42.26\n"
    ) in text
    first = replace(estimate, expected_seconds=None, expected_usd=None)
    text = notice.of_end(run(status="SUCCEEDED", estimate=first), Places("bucket")).text
    assert "  Estimate     at worst $42.26\n" in text


def test_waiting_starting_and_training_are_told_apart() -> None:
    at = {"started_at": "2026-11-23T02:15:00Z", "stopped_at": "2026-11-23T04:00:00Z"}
    steps = (Step("2026-11-23T02:10:01Z", "RUNNABLE"), Step("2026-11-23T02:12:00Z", "STARTING"))
    tries = (
        Attempt(at["started_at"], "2026-11-23T02:45:00Z", 75, None, "s"),
        Attempt("2026-11-23T03:40:00Z", at["stopped_at"], 0, None, "s"),
    )
    text = notice.of_end(run(status="SUCCEEDED", history=steps, attempts=tries, **at), Places("bucket")).text
    assert "  Waited       2 min 0 s\n  Started      in 3 min 0 s\n  Trained      50 min 0 s\n" in text, (
        "what lies between two attempts is no training"
    )
    text = notice.of_end(run(status="SUCCEEDED", history=steps[:1], **at), Places("bucket")).text
    assert "  Waited       5 min 0 s\n  Trained      1 h 45 min\n" in text


def test_gpu_use_and_advice_are_told() -> None:
    ended = run(
        status="SUCCEEDED", gpu=GpuUse(2, 11.4, 13.25, 41.6, 600.0), metrics={"loss": 1.0},
        advice=("The GPU was busy 11 % of the time: see docs/gpu.md.", "Second."),
    )  # fmt: skip
    text = notice.of_end(ended, Places("bucket")).text
    assert "SUCCEEDED\n\nAdvice:        The GPU was busy 11 %" in text
    assert "docs/gpu.md.\nAdvice:        Second.\n\nMetrics\n" in text
    assert "  GPU          2, busy 11 % of the time, at most 13.2 GiB in use, first used after 42 s\n" in text


def test_of_a_gpu_only_what_is_known_is_told() -> None:
    ended = run(status="FAILED", gpu=GpuUse(1, None, None, None, None))
    assert "  GPU          1\n" in notice.of_end(ended, Places("bucket")).text


def test_a_failure_tells_what_happened_and_what_to_do() -> None:
    ended = run(
        status="FAILED", cause=Cause("script_failed", "run.sh ended with exit code 3", "Read the log.")
    )
    end_notice = notice.of_end(ended, Places("bucket"))
    assert end_notice.subject == "FAILED penguins/first (script_failed)"
    assert "What happened: run.sh ended with exit code 3\nWhat to do:    Read the log.\n" in end_notice.text
    assert "Model" not in end_notice.text


@pytest.mark.parametrize(("helps", "after"), [(False, ", after your correction"), (True, ""), (None, "")])
def test_a_notice_suggests_a_rerun_only_after_a_correction_if_retrying_unchanged_can_not_help(
    helps: bool | None, after: str
) -> None:
    ended = run(status="FAILED", cause=Cause("script_raised", "m", "f", retry_helps=helps))
    text = notice.of_end(ended, Places("bucket")).text
    assert f"droptrain rerun {RUN_ID}  trains its dataset again{after}\n" in text


def test_a_subject_is_what_sns_takes() -> None:
    """SNS takes fewer than 100 characters in a subject, all of them printable ASCII."""
    long = run(status="REJECTED", project="größe\n" * 30, cause=Cause("bad_name", "m", "f"))
    subject = notice.of_end(long, Places("bucket")).subject
    assert len(subject) == 99
    assert subject.isascii()
    assert subject.isprintable()


def test_where_there_is_a_console_the_notice_leads_there() -> None:
    ended = run(
        status="FAILED",
        started_at="2026-11-23T02:11:00Z",
        batch_job_id="job-1",
        log_stream="droptrain/default/a1",
    )
    text = notice.of_end(ended, Places("data", Console("eu-west-1"))).text
    root = "https://eu-west-1.console.aws.amazon.com"
    assert f"  Batch job    {root}/batch/home?region=eu-west-1#jobs/detail/job-1\n" in text
    assert (
        f"  Log          {root}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/"
        "$252Faws$252Fbatch$252Fjob/log-events/droptrain$252Fdefault$252Fa1\n"
    ) in text
    assert f"  Files        {root}/s3/buckets/data?region=eu-west-1&prefix=runs/penguins/{RUN_ID}/\n" in text
    assert "Links" not in notice.of_end(ended, Places("data")).text


def test_other_partitions_have_other_consoles() -> None:
    assert (
        Console("cn-north-1", "aws-cn").job("j").startswith("https://cn-north-1.console.amazonaws.cn/batch/")
    )


def test_a_success_counts_the_reclaims_that_it_survived() -> None:
    reclaimed = Attempt(
        ATTEMPT.started_at, ATTEMPT.stopped_at, 143, "Host EC2 (instance i-0) terminated.", "s"
    )
    ended = run(status="SUCCEEDED", attempts=(reclaimed, reclaimed, ATTEMPT))
    end_notice = notice.of_end(ended, Places("bucket"))
    assert "  Reclaims     2 survived\n" in end_notice.text
    assert end_notice.event
    assert end_notice.event.reclaims == 2


def test_a_chat_gets_the_same_message_as_a_card() -> None:
    ended = run(
        status="FAILED", started_at="2026-11-23T02:11:00Z",
        metrics={"loss": 1.0},
        cause=Cause("script_failed", "raise ValueError('<!channel> @here')", "Correct it."),
    )  # fmt: skip
    card = notice.of_end(ended, Places("bucket")).chat
    assert card["content"]["title"] == "FAILED penguins/first (script_failed)"
    said = card["content"]["description"]
    assert said.startswith(
        "*What happened:* raise ValueError('‹!channel› @\u200bhere')\n\n*Metrics*\nloss: 1\n"
    )
    assert card["content"]["nextSteps"] == [
        "Correct it.",
        f"`droptrain logs {RUN_ID}` shows the training's log",
        f"`droptrain rerun {RUN_ID}` trains its dataset again",
    ]
    assert card["content"]["keywords"] == ["penguins", "first", "FAILED"]
    assert card["metadata"] == {
        "threadId": RUN_ID, "summary": "penguins / first: FAILED", "eventType": "Run Finished",
        "additionalContext": {"outcome": "FAILED", "project": "penguins"},
    }  # fmt: skip


def test_a_chat_gets_no_more_than_fits() -> None:
    cause = Cause("script_failed", "x" * 9000, "y" * 9000)
    content = notice.of_end(run(status="FAILED", cause=cause), Places("bucket")).chat["content"]
    assert len(content["description"]) == 3000
    assert max(map(len, content["nextSteps"])) == 500


def test_a_test_notice_is_for_people_alone() -> None:
    made = notice.of_test("droptrain", "2026-11-23T02:10:00Z")
    assert (made.subject, made.event, made.chat["metadata"]["eventType"]) == (
        "TEST of droptrain",
        None,
        "Test",
    )


def test_a_first_best_without_a_value_to_compare_is_told_plainly() -> None:
    ended = run(status="SUCCEEDED", metric="accuracy", metric_goal="maximize", metrics={"accuracy": 0.5})
    standing = Standing(moved=True, other=Replaced("penguins-first-000000000001", None))
    text = notice.of_end(ended, Places("b"), ModelChanges({"best": standing})).text
    assert "Best model:    new best: accuracy 0.5 against penguins-first-000000000001.\n" in text


def test_a_failure_tells_its_evidence_and_whether_to_try_again() -> None:
    shown = ('File "train.py", line 7, in <module>', "ValueError: no column species")
    said = "train.py, line 7: ValueError: no column species"
    cause = Cause("script_raised", said, "Correct the code there.", shown, retry_helps=False)
    assert (
        "What happened: train.py, line 7: ValueError: no column species\n"
        'Evidence:      File "train.py", line 7, in <module>\n'
        "What to do:    Correct the code there.\n"
        "Retry:         Retrying unchanged won't help.\n"
    ) in notice.of_end(run(status="FAILED", cause=cause), Places("bucket")).text
