import subprocess
import sys

import pytest
from droptrain_core.aws import run_record
from droptrain_core.domain import diagnosis
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.runs import batch_job, outcome
from droptrain_core.domain.runs.run import GpuUse
from droptrain_core.domain.runs.stopped_early import StoppedEarly
from support.records import JOB_ID, job_detail, run

LIMIT = "Canceled by JobStateTimeLimit action due to reason:"


def explain(account: object = None, **changes: object) -> str | None:
    job = batch_job.read(job_detail(str(changes.pop("status", "FAILED")), **changes))
    assert job
    cause = diagnosis.explain(job, outcome.read(account))
    return f"{cause.code}: {cause.message} {cause.fix}" if cause else None


def container(**changes: object) -> dict:
    return {"container": changes}


def test_a_success_has_no_cause() -> None:
    assert explain(status="SUCCEEDED") is None


@pytest.mark.parametrize(("changes", "said"), [
    ({"isTerminated": True, "statusReason": "Cancelled by ann."}, "cancelled: Cancelled by ann."),
    ({"statusReason": "Job attempt duration exceeded timeout", **container(exitCode=137)}, "timeout: "),
    (container(reason="OutOfMemoryError: Container killed due to memory usage"), "out_of_memory: "),
    ({"statusReason": "Host EC2 (instance i-1) terminated.", "attempts": 3}, "reclaimed: Spot reclaimed the "
     "instance on each of 3 attempts"),
    (container(exitCode=75), "reclaimed: "),
    ({"statusReason": "Task failed to start", **container(reason="CannotPullContainerError: no such image")},
     "image_missing: The image isn't in its registry (CannotPullContainerError: no such image)."),
    ({"statusReason": "Task failed to start", **container(reason="InternalError: try later")},
     "container_not_started: The instance couldn't start the container (Task failed to start; InternalError: "
     "try later)."),
    ({"isCancelled": True, "statusReason": f"{LIMIT} MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"},
     "does_not_fit: No instance type"),
    ({"isCancelled": True, "statusReason": f"{LIMIT} MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"},
     "does_not_fit: The job requests more vCPUs"),
    ({"isCancelled": True, "statusReason": f"{LIMIT} CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"},
     "no_capacity: AWS had no instance"),
    (container(exitCode=3), "unknown: The Batch job ended with exit code 3."),
])  # fmt: skip
def test_batch_s_own_words_are_explained(changes: dict, said: str) -> None:
    assert said in str(explain(**changes))


@pytest.mark.parametrize("said", [
    "Job attempt duration exceeded timeout", f"{LIMIT} CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
])  # fmt: skip
def test_what_batch_stops_by_itself_has_failed_and_was_not_cancelled(said: str) -> None:
    job = batch_job.read(job_detail("FAILED", isTerminated=True, isCancelled=True, statusReason=said))
    assert job
    assert job.status == "FAILED"


def test_the_container_s_own_account_names_the_cause() -> None:
    account = {
        "batch_job_id": JOB_ID,
        "attempt": 1,
        "cause": {
            "code": "script_failed",
            "message": "The script ended with exit code 3.",
            "log_tail": ["epoch 1", "ValueError: no column species", "", "[droptrain] Saved.", 7],
        },
    }
    said = explain(account, **container(exitCode=3))
    assert said == (
        "script_failed: The script ended with exit code 3. Its last line: ValueError: no column species "
        "Read the end of the log, correct the code, push it, launch again."
    )


def test_the_last_line_is_not_said_twice() -> None:
    account = {
        "batch_job_id": JOB_ID,
        "attempt": 1,
        "cause": {
            "code": "script_failed",
            "message": "The script ended with exit code 1. ValueError: no column species (train.py, line 7)",
            "log_tail": ["ValueError: no column species"],
        },
    }
    assert "Its last line" not in (explain(account, **container(exitCode=1)) or "")


def test_a_timeout_goes_before_what_the_container_believed() -> None:
    account = {"batch_job_id": JOB_ID, "attempt": 1, "cause": {"code": "terminated", "message": "TERM"}}
    said = explain(account, statusReason="Job attempt duration exceeded timeout")
    assert str(said).startswith("timeout: ")


@pytest.mark.parametrize("document", [None, [], "x", {}, {"batch_job_id": 7}])
def test_what_is_not_an_account_is_none(document: object) -> None:
    assert outcome.read(document) is None


def test_an_account_keeps_only_what_is_right() -> None:
    account = outcome.read({
        "batch_job_id": "j", "attempt": "x", "script_exit_code": True, "cause": "boom", "instance": None,
        "metrics": {"good": 0.5, "nan": float("nan"), "text": "1", "flag": True, "big": 10**400,
                    "tiny": 1e-300, "whole": 3, "none": 0, "": 1},
    })  # fmt: skip
    assert account == outcome.Outcome("j", 0, metrics={"good": 0.5, "whole": 3.0, "none": 0.0})


def test_an_account_s_gpu_and_advice_are_bounded() -> None:
    account = outcome.read({
        "batch_job_id": "j", "advice": ["Use\n\ttf.data.", 7, "", *["x" * 2000] * 100],
        "gpu": {"count": 2, "busy_percent": 11.4, "peak_memory_gib": "much", "waiting_seconds": float("nan"),
                "seconds": 600, "idle": 1, "more": 3},
    })  # fmt: skip
    assert account
    assert account.gpu == GpuUse(2, 11.4, None, None, 600.0)
    assert account.advice == ("Use tf.data.", "x" * 300, "x" * 300)


@pytest.mark.parametrize("gpu", [None, [], "x", {}, {"count": True}, {"count": 0}, {"count": 10**9}])
@pytest.mark.parametrize("advice", [None, {}, "x" * 10, [[]], [None]])
def test_what_is_no_gpu_use_and_no_advice_is_left_out(gpu: object, advice: object) -> None:
    account = outcome.read({"batch_job_id": "j", "gpu": gpu, "advice": advice})
    assert account == outcome.Outcome("j", 0)


def test_where_a_trial_was_stopped_is_kept_if_all_of_it_is_a_number() -> None:
    stopped = {"step": 9.5, "level": 9, "compared_with": 4}
    account = outcome.read({"batch_job_id": "j", "stopped_early": stopped | {"more": 1}})
    assert account
    assert account.stopped_early == StoppedEarly(9, 9, 4)
    for wrong in ({"step": True}, {"level": None}, {"compared_with": -1}, {"level": 10**60}, {"step": "9"}):
        assert outcome.read({"batch_job_id": "j", "stopped_early": stopped | wrong}) == outcome.Outcome(
            "j", 0
        )


def test_an_account_of_a_thousand_metrics_is_cut() -> None:
    account = outcome.read({"batch_job_id": "j", "metrics": {str(number): number for number in range(1000)}})
    assert account
    assert len(account.metrics) == 50


def test_a_record_keeps_the_evidence_and_an_older_one_without_it_reads() -> None:
    cause = Cause("timeout", "m", "f", ("one", "two"), retry_helps=False)
    item = run_record.to_item(run(status="FAILED", cause=cause))
    assert run_record.from_item(item).cause == cause
    for name in ("evidence", "retry_helps"):
        del item["cause"]["M"][name]
    assert run_record.from_item(item).cause == Cause("timeout", "m", "f")


def test_the_rules_are_not_loaded_where_no_run_failed() -> None:
    """Functions start without them: only a run that failed needs them."""
    code = (
        "import sys, droptrain_core.track; print([name for name in sys.modules if name.endswith('_rules')])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    assert said.strip() == "[]"


def test_the_tail_is_the_script_s_own_and_plain() -> None:
    tail = ["x" * 5000, *["old"] * 300, "\x1b[31mred\x1b[0m\x07", "[droptrain] Saved.", 7, ""]
    account = outcome.read({"batch_job_id": "j", "cause": {"log_tail": tail}})
    assert account
    assert len(account.log_tail) < 200
    assert account.log_tail[-1] == "red"
