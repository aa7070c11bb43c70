"""A preparation step on the laptop cloud: before the training, once for all runs that need its data."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from support.laptop_user import User
from support.waiting import wait_for

RECIPE = """
entrypoint: train.py
timeout: 1h
prepare: {entrypoint: prepare.py, resources: {vcpus: 4, memory_gib: 8}, timeout: 30m}
"""
PREPARES = """
import os, pathlib
source = pathlib.Path(os.environ["SM_CHANNEL_TRAINING"]) / "train.csv"
target = pathlib.Path(os.environ["PREPARED_DIR"])
assert str(target) == os.environ["SM_OUTPUT_DATA_DIR"]
(target / "rows").mkdir()
(target / "rows" / "train.txt").write_text(str(len(source.read_text().splitlines()) - 1))
print("prepared the rows")
"""
TRAINS = """
import os, pathlib
rows = pathlib.Path(os.environ["SM_CHANNEL_PREPARED"]) / "rows" / "train.txt"
assert os.environ["PREPARED_DATA"].startswith("s3://"), os.environ["PREPARED_DATA"]
assert os.environ["SM_CHANNELS"] == '["prepared"]', os.environ["SM_CHANNELS"]
assert "SM_CHANNEL_TRAINING" not in os.environ and "TRAINING_DATA" not in os.environ
(pathlib.Path(os.environ["SM_MODEL_DIR"]) / "model.txt").write_text(rows.read_text())
print("trained on", rows.read_text(), "rows")
"""
MANY = """
import os
os.chdir(os.environ["PREPARED_DIR"])
for number in range(10001): open(str(number), "w")
"""
WAITS = """
import os, pathlib, time
done = pathlib.Path(os.environ["CHECKPOINT_DIR"]) / "tried"
if not done.exists():
    done.write_text("1")
    print("waiting", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def project(user: User) -> User:
    """A user whose project has a step and a training."""
    publish(user)
    return user


def publish(user: User, prepares: str = PREPARES, trains: str = TRAINS, recipe: str = RECIPE) -> None:
    user.put(f"projects/{user.project}/code/prepare.py", prepares)
    user.put(f"projects/{user.project}/code/train.py", trains)
    user.put(f"projects/{user.project}/train.yaml", recipe)


def jobs(user: User) -> list[tuple[str, str]]:
    """(queue, job name) of the project's Batch jobs, by their names."""
    batch = user.cloud.client("batch")
    statuses = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
    found = []
    for queue in batch.describe_job_queues()["jobQueues"]:
        name = queue["jobQueueName"].removeprefix("droptrain-")
        for status in statuses:
            for job in batch.list_jobs(jobQueue=queue["jobQueueArn"], jobStatus=status)["jobSummaryList"]:
                if job["jobName"].startswith(user.project):
                    found.append((name, job["jobName"]))
    return sorted(found, key=lambda job: job[1])


def ended(user: User, run_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        run = user.call("GET", f"/runs/{run_id}")[1]
        return run if run["status"] in ("SUCCEEDED", "FAILED", "CANCELLED") else None

    return wait_for(f"the end of {run_id}", look)


def log(user: User, run: dict[str, Any], step: str = "") -> str:
    _, page = user.call("GET", f"/runs/{run['run_id']}/logs" + (f"?step={step}" if step else ""))
    return "\n".join(line["text"] for line in page["lines"])


def again(user: User, **settings: Any) -> dict[str, Any]:
    body = {"project": user.project, "dataset": "first", "rerun": True, **settings}
    status, run = user.call("POST", "/runs", body)
    assert status == 202, run
    return run


def test_the_data_are_prepared_on_a_cpu_instance_and_later_runs_use_them(project: User) -> None:
    project.drop(train="a,b\n1,2\n3,4\n", test="a,b\n3,4\n")
    run = project.run_with("SUCCEEDED", "FAILED", "REJECTED")
    assert run["status"] == "SUCCEEDED", run["cause"]
    assert jobs(project) == [("CpuSpotJobQueue", run["run_id"]), ("SpotJobQueue", f"{run['run_id']}-2")]
    assert project.text(f"runs/{project.project}/{run['run_id']}/export/model.txt") == "2"
    assert [attempt["step"] for attempt in run["attempts"]] == ["prepare", "train"]
    assert [each["step"] for each in run["cost"]["attempts"]] == ["prepare", "train"]
    prepared = run["prepared"]
    assert (prepared["run_id"], prepared["files"], prepared["bytes"]) == (run["run_id"], 1, 1)
    manifest = json.loads(project.text(prepared["folder"] + "manifest.json"))
    assert [file["path"] for file in manifest["files"]] == ["rows/train.txt"]
    assert "prepared the rows" in log(project, run, "prepare")
    assert "prepared the rows" not in log(project, run, "train")
    assert "trained on 2 rows" in log(project, run, "train")
    notice = project.notice()
    assert "Prepared" in notice["Message"]

    second = ended(project, again(project)["run_id"])
    assert (second["status"], second["prepared"]) == ("SUCCEEDED", prepared)
    assert any(
        step["note"].startswith(f"Prepared data of {run['run_id']} reused") for step in second["history"]
    )
    assert ("SpotJobQueue", second["run_id"]) in jobs(project)
    assert [attempt["step"] for attempt in second["attempts"]] == ["train"]

    third = ended(project, again(project, prepare_again=True)["run_id"])
    assert (third["status"], third["prepared"]["run_id"]) == ("SUCCEEDED", third["run_id"])


def test_two_runs_at_once_prepare_once(project: User) -> None:
    publish(project, PREPARES + "import time; time.sleep(3)\n")
    project.drop()
    first = project.run_with("SUBMITTED", "RUNNABLE", "STARTING", "RUNNING")
    second = again(project)
    assert (second["status"], second["waits_for"]) == ("CLAIMED", first["run_id"])
    runs = [ended(project, run["run_id"]) for run in (first, second)]
    assert [run["status"] for run in runs] == ["SUCCEEDED", "SUCCEEDED"]
    assert runs[0]["prepared"] == runs[1]["prepared"]
    assert len([queue for queue, _ in jobs(project) if queue.startswith("Cpu")]) == 1


def test_a_step_that_fails_starts_no_gpu_job_and_the_cause_names_the_step(project: User) -> None:
    publish(project, "raise ValueError('there are no rows')\n")
    project.drop()
    run = project.run_with("FAILED", "SUCCEEDED", "REJECTED")
    assert run["cause"]["message"].startswith("In the preparation step: ")
    assert "there are no rows" in run["cause"]["message"]
    assert jobs(project) == [("CpuSpotJobQueue", run["run_id"])]
    assert "there are no rows" in log(project, run, "prepare")


@pytest.mark.parametrize(("code", "script"), [
    ("nothing_prepared", "print('nothing')\n"),
    ("too_many_prepared", MANY),
    ("inputs_written", PREPARES + "source.write_text('a')\n"),
])  # fmt: skip
def test_data_that_no_training_can_use_fail_the_run_with_their_cause(
    project: User, code: str, script: str
) -> None:
    publish(project, script)
    project.drop()
    run = project.run_with("FAILED", "SUCCEEDED", "REJECTED")
    assert (run["status"], run["cause"]["code"]) == ("FAILED", code)
    assert [queue for queue, _ in jobs(project)] == ["CpuSpotJobQueue"]


def test_a_reclaim_in_the_step_resumes_it_from_its_own_checkpoint(project: User) -> None:
    publish(project, WAITS + PREPARES, recipe=RECIPE + "checkpoints: {interval: 1s}\n")
    project.drop()
    run = project.run_with("RUNNING")
    wait_for("the step's output", lambda: "waiting" in log(project, run))
    project.cloud.engine.reclaim(run["batch_job_id"])
    run = project.run_with("SUCCEEDED", "FAILED")
    assert run["status"] == "SUCCEEDED", run["cause"]
    assert [attempt["step"] for attempt in run["attempts"]] == ["prepare", "prepare", "train"]
    folder = f"runs/{project.project}/{run['run_id']}/prepare/checkpoints/generations/"
    listed = project.cloud.client("s3").list_objects_v2(Bucket=project.cloud.ready.bucket, Prefix=folder)
    assert listed["KeyCount"]


def test_a_cancel_in_the_step_ends_the_run_and_a_waiting_one_prepares_the_data(project: User) -> None:
    publish(project, WAITS + PREPARES)
    project.drop()
    first = project.run_with("RUNNING")
    second = again(project)
    assert second["waits_for"] == first["run_id"]
    publish(project)  # the second run keeps the code that it was launched with
    project.call("POST", f"/runs/{first['run_id']}/cancel")
    assert ended(project, first["run_id"])["status"] == "CANCELLED"
    goes_on = wait_for(
        "the second run's own step",
        lambda: (run := project.call("GET", f"/runs/{second['run_id']}")[1])["batch_job_id"] and run,
    )
    assert (goes_on["waits_for"], goes_on["step"]) == (None, "prepare")
    project.call("POST", f"/runs/{second['run_id']}/cancel")
    assert ended(project, second["run_id"])["status"] == "CANCELLED"


def test_the_reconciler_wakes_a_run_whose_event_was_lost(project: User) -> None:
    publish(project, WAITS + PREPARES)
    project.drop()
    first = project.run_with("RUNNING")
    second = again(project)
    item = {"TableName": project.cloud.ready.table, "Key": {"pk": {"S": f"RUN#{first['run_id']}"}}}
    # The end of the first run then wakes nobody.
    project.cloud.client("dynamodb").update_item(**item, UpdateExpression="REMOVE awaited_by")
    project.call("POST", f"/runs/{first['run_id']}/cancel")
    ended(project, first["run_id"])
    for name in ("claimed_at", "updated_at"):
        project.age(f"RUN#{second['run_id']}", name, timedelta(minutes=5))
    project.cloud.invoke("ReconcileRunsFunction", {})
    run = project.call("GET", f"/runs/{second['run_id']}")[1]
    assert run["batch_job_id"]
    project.call("POST", f"/runs/{second['run_id']}/cancel")


def test_many_launches_at_the_same_moment_prepare_once(project: User) -> None:
    project.drop()
    project.run_with("SUBMITTED", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED")
    publish(project, PREPARES + "print('other code')\n")
    threads = [threading.Thread(target=again, args=(project,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    def all_ended() -> list[dict[str, Any]] | None:
        runs = project.runs()
        ends = [run for run in runs if run["status"] in ("SUCCEEDED", "FAILED")]
        return ends if len(ends) == len(runs) == 4 else None

    runs = wait_for("four ends", all_ended)
    assert {run["status"] for run in runs} == {"SUCCEEDED"}
    assert len([queue for queue, _ in jobs(project) if queue.startswith("Cpu")]) == 2
