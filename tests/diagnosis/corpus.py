"""The labelled cases in `cases/`, as Batch jobs with the accounts that their containers would leave.

Keys of a case: `name`, `code` (the right cause, null for none), `source` (where the form of the message was
seen), `says` (what the message has to hold); `status`, `reason`, `container`, `exit`, `attempts`,
`cancelled`, `terminated`: what AWS Batch says; `lifecycle`: how the job's instance was bought; `waiting`: the
job is RUNNABLE; `account`, `message`: what the container names; `tail`: the end of the script's log.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from droptrain_core.domain import diagnosis
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.runs import batch_job, outcome
from support.records import JOB_ID, job_detail

Case = Mapping[str, Any]
Verdict = Literal["right", "wrong", "unknown"]
FOLDER = Path(__file__).parent / "cases"
# Cases that come from no public source, and so don't count.
OWN = "own.yaml"
HOLDOUT = "holdout.yaml"
# Answers that say what failed and name no cause: they leave the search for it to the user.
_NO_CAUSE = {
    "unknown", "script_failed", "script_raised", "crashed", "container_not_started", "image_not_pulled",
}  # fmt: skip


def cases() -> list[Case]:
    """Every case, by file and in its order; `file` is the file's name."""
    files = sorted(FOLDER.glob("*.yaml"))
    return [{**case, "file": path.name} for path in files for case in yaml.safe_load(path.read_text("utf-8"))]


def judge(case: Case) -> Verdict:
    """Whether the rules find the right cause and say what they have to, name another one, or name none."""
    cause = diagnose(case)
    if cause is None:
        return "right" if case["code"] is None else "wrong"
    if cause.code == case["code"] and case.get("says", "") in cause.message:
        return "right"
    return "unknown" if cause.code in _NO_CAUSE else "wrong"


def diagnose(case: Case) -> Cause | None:
    """What the rules say of a case."""
    if case.get("waiting"):
        return diagnosis.no_instance(case["reason"])
    attempts = case.get("attempts", 1)
    exit_code = case.get("exit", 1 if "tail" in case else None)
    job = batch_job.read(
        job_detail(
            case.get("status", "FAILED"),
            attempts=attempts,
            statusReason=case.get("reason", "Essential container in task exited"),
            isCancelled=case.get("cancelled", False),
            isTerminated=case.get("terminated", False),
            container={"exitCode": exit_code, "reason": case.get("container")},
        )
    )
    assert job
    return diagnosis.explain(job, outcome.read(_account(case, attempts, exit_code)), case.get("lifecycle"))


def _account(case: Case, attempts: int, exit_code: int | None) -> dict[str, Any] | None:
    if "tail" not in case and "account" not in case:
        return None
    named = case.get("account", "script_failed")
    said = case.get("message", f"The script ended with exit code {exit_code}.")
    return {
        "batch_job_id": JOB_ID,
        "attempt": attempts,
        "script_exit_code": exit_code if named == "script_failed" else None,
        "cause": {"code": named, "message": said, "log_tail": case.get("tail", "").splitlines()},
    }
