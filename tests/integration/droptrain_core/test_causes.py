"""The cause of a failed run uses what its record knows: how its instance was bought, what preflight found."""

import json

from droptrain_core.domain.runs.run import Run
from support.records import job_detail

LOST = "Host EC2 (instance i-0abc) terminated."
NOT_UTF_8 = """\
Traceback (most recent call last):
  File "/opt/ml/code/train.py", line 9, in <module>
    frame = pd.read_csv(os.path.join(os.environ["SM_CHANNEL_TRAINING"], "train.csv"))
UnicodeDecodeError: 'utf-8' codec can't decode byte 0xe9 in position 20: invalid continuation byte
"""


def launched(stack, recipe: bytes, training: bytes = b"a,b\n1,2\n3,4\n") -> Run:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", recipe)
    for name in ("train.csv", "test.csv"):
        stack.put(f"projects/penguins/data/first/{name}", training)
    return stack.launch.request("penguins", "first", caller="ann")[0]


def fail(stack, run: Run, job_id: str, name: str, **changes) -> Run:
    stack.track.event(job_detail("FAILED", jobName=name, jobId=job_id, **changes))
    return stack.table.get(run.run_id)


def leave_log(stack, run: Run, log: str) -> None:
    cause = {"code": "script_failed", "message": "The script ended with 1.", "log_tail": log.splitlines()}
    account = {"batch_job_id": run.batch_job_id, "attempt": 1, "script_exit_code": 1, "cause": cause}
    stack.put(f"runs/{run.project}/{run.run_id}/outcome.json", json.dumps(account).encode())


def test_an_on_demand_run_that_loses_its_instance_was_not_reclaimed_by_spot(stack) -> None:
    run = launched(stack, b"spot: never\n")
    ended = fail(stack, run, run.batch_job_id, run.run_id, statusReason=LOST)
    assert (ended.status, ended.cause.code, ended.cause.retry_helps) == ("FAILED", "instance_lost", True)
    assert "Spot" not in ended.cause.message + ended.cause.fix


def test_a_fallback_that_loses_its_instance_was_not_reclaimed_by_spot(stack) -> None:
    run = launched(stack, b"timeout: 1h\n")
    now = fail(stack, run, run.batch_job_id, run.run_id, attempts=3, statusReason=LOST)
    assert (now.status, now.job_number) == ("SUBMITTED", 2)
    ended = fail(stack, now, now.batch_job_id, now.job_name, statusReason=LOST)
    assert (ended.status, ended.cause.code) == ("FAILED", "instance_lost")


def test_a_file_that_the_code_cannot_read_is_named_with_what_preflight_found(stack) -> None:
    run = launched(stack, b"spot: only\n", "name,size\nCafé,1\nThé,2\n".encode("latin-1"))
    leave_log(stack, run, NOT_UTF_8)
    ended = fail(stack, run, run.batch_job_id, run.run_id, attempts=1, container={"exitCode": 1})
    assert ended.cause.code == "bad_data"
    assert "train.py, line 9: UnicodeDecodeError" in ended.cause.message
    assert "Preflight warned: train.csv" in ended.cause.message
    assert "isn't UTF-8" in ended.cause.message
    assert "Correct the file" in ended.cause.fix
