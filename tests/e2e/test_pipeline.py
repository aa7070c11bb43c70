"""The whole flow on the laptop cloud: what people drop, and what they get."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.waiting import wait_for

from droptrain_local.batch import Fault

SCRIPT = """
echo "training on $TRAINING_DATA"
aws s3 cp "$TRAINING_DATA" - | cat > model.txt
echo '{"step": 1, "test_accuracy": 0.75}' >> "$METRICS_FILE"
aws s3 cp model.txt "$EXPORT_PATH/model.txt"
"""


def test_two_dropped_files_become_a_model_and_a_notice(user) -> None:
    user.publish(SCRIPT, "hyperparameters: {epochs: 2}\nmetric: {name: test_accuracy}\n")
    user.drop()
    run = user.run_with("SUCCEEDED")
    assert run["metrics"] == {"test_accuracy": 0.75}
    assert run["cost"]["instance_type"] == "g5.2xlarge"
    assert run["estimate"]["offers"][0]["on_demand_usd_per_hour"] > 0
    assert {offer["spot_usd_per_hour"] for offer in run["estimate"]["offers"]} == {None}, (
        "unknown on a laptop"
    )
    assert run["estimate"]["worst_usd"] > run["cost"]["estimate_usd"]
    assert [attempt["exit_code"] for attempt in run["attempts"]] == [0]
    folder = f"runs/{user.project}/{run['run_id']}/"
    assert user.text(folder + "export/model.txt") == "a,b\n1,2\n"
    log = user.text(folder + "log.txt")
    assert f"training on s3://{user.cloud.ready.bucket}/projects/{user.project}/data/first/train.csv" in log
    notice = user.notice()
    assert notice["Subject"] == f"SUCCEEDED {user.project}/first test_accuracy=0.75"
    assert run["links"]["export"] in notice["Message"]
    assert len(user.runs()) == 1


def test_a_script_that_fails_is_told_with_its_exit_code(user) -> None:
    user.publish("echo 'ValueError: no column species' >&2\nexit 3\n")
    user.drop()
    run = user.run_with("FAILED")
    assert run["cause"]["code"] == "script_failed"
    assert "exit code 3" in run["cause"]["message"]
    assert len(run["attempts"]) == 1, "only a reclaim is tried again"
    message = user.notice()["Message"]
    assert "The script ended with exit code 3. ValueError: no column species\n" in message
    assert message.count("no column species") == 1, "once is enough"
    assert "no column species" in user.text(f"runs/{user.project}/{run['run_id']}/log.txt")


def test_a_reclaimed_training_goes_on_where_it_was(user) -> None:
    user.publish(
        'if [ -e "$CHECKPOINT_DIR/step" ]; then echo "resumed at $(cat "$CHECKPOINT_DIR/step")"; exit 0; fi\n'
        'echo 41 > "$CHECKPOINT_DIR/step"; echo waiting; trap "exit 143" TERM; sleep 600 & wait\n',
        "checkpoints: {interval: 1s}\n",
    )
    user.drop()
    run = user.run_with("RUNNING")
    wait_for(
        "checkpoint", lambda: keys(user, f"runs/{user.project}/{run['run_id']}/checkpoints/generations/")
    )
    user.cloud.engine.reclaim(run["batch_job_id"])
    ended = user.run_with("SUCCEEDED", "FAILED")
    assert ended["status"] == "SUCCEEDED", ended["cause"]
    assert len(ended["attempts"]) == 2
    assert ended["attempts"][0]["reason"].startswith("Host EC2 (instance i-")
    assert "resumed at 41" in user.text(f"runs/{user.project}/{run['run_id']}/log.txt")
    assert "Attempts" in user.notice()["Message"]


def test_a_cancelled_run_ends_and_is_told(user) -> None:
    user.publish("trap 'exit 143' TERM; sleep 600 & wait\n")
    user.drop()
    run_id = user.run_with("RUNNING")["run_id"]
    status, _ = user.call("POST", f"/runs/{run_id}/cancel")
    assert status == 202
    run = user.run_with("CANCELLED")
    assert "user/laptop" in run["cause"]["message"]
    assert user.notice()["Subject"] == f"CANCELLED {user.project}/first (cancelled)"
    status, problem = user.call("POST", f"/runs/{run_id}/cancel")
    assert (status, problem["type"]) == (409, "urn:droptrain:problem:already-finished")


def test_a_throttle_of_batch_waits_in_the_queue_and_loses_nothing(user) -> None:
    user.publish("exit 0\n")
    user.cloud.engine.inject(Fault("SubmitJob", code="TooManyRequestsException", times=2))
    user.drop()
    run = user.run_with("SUCCEEDED", "REJECTED", "FAILED")
    assert run["status"] == "SUCCEEDED", run["cause"]
    jobs = user.cloud.client("batch").list_jobs(
        jobQueue=user.cloud.ready.job_queue_arn,
        filters=[{"name": "JOB_NAME", "values": [run["run_id"]]}],
    )["jobSummaryList"]
    assert len(jobs) == 1
    assert len(user.runs()) == 1


@pytest.mark.parametrize(("recipe", "code", "fix"), [
    ("epochs: 10\n", "bad_recipe", "there is no field 'epochs'"),
    ("timeout: [\n", "bad_recipe", "train.yaml: line 2"),
    ("entrypoint: start.sh\n", "code_missing", "aws s3 cp --recursive"),
])  # fmt: skip
def test_a_drop_that_can_not_train_is_rejected_and_told(user, recipe, code, fix) -> None:
    user.publish("exit 0\n", recipe)
    user.drop()
    run = user.run_with("REJECTED")
    assert run["cause"]["code"] == code
    notice = user.notice()
    assert notice["Subject"] == f"REJECTED {user.project}/first ({code})"
    assert fix in notice["Message"]


def test_an_empty_csv_is_rejected_and_told(user) -> None:
    user.publish("exit 0\n")
    user.drop(train="a\n1\n", test="")
    assert user.run_with("REJECTED")["cause"]["code"] == "empty_input"
    assert "test.csv is empty (0 bytes)" in user.notice()["Message"]


def test_a_badly_named_csv_is_rejected_and_told(user) -> None:
    user.put(f"projects/{user.project}/data/My Data/train.csv", "a\n1\n")
    notice = user.notice()
    assert notice["Subject"].startswith(f"REJECTED {user.project}/My Data")
    assert "'My Data' can't be a dataset's name" in notice["Message"]


def test_files_named_in_any_script_are_trained_on(user) -> None:
    user.publish(
        'aws s3 cp "$TRAINING_DATA" - >/dev/null && echo "read $TRAINING_DATA"\n',
        "inputs: {training: '*.csv'}",
    )
    user.put(f"projects/{user.project}/data/first/größe + 100%.csv", "a\n1\n")
    run = user.run_with("SUCCEEDED", "FAILED")
    assert run["status"] == "SUCCEEDED", run["cause"]
    assert "größe + 100%.csv" in user.text(f"runs/{user.project}/{run['run_id']}/log.txt")


def test_the_api_launches_finds_and_refuses(user) -> None:
    ask = {"project": user.project, "dataset": "first"}
    assert user.call("POST", "/runs", ask)[0] == 404
    user.publish("exit 0\n")
    user.drop()
    first = user.run_with("SUCCEEDED")
    assert user.call("POST", "/runs", ask) == (200, user.call("GET", f"/runs/{first['run_id']}")[1])
    again = [
        user.call("POST", "/runs", ask | {"rerun": True}, **{"idempotency-key": user.project})
        for _ in range(2)
    ]
    assert [status for status, _ in again] == [202, 200]
    assert again[0][1]["run_id"] == again[1][1]["run_id"] != first["run_id"]
    assert user.call("POST", "/runs", b"{")[0] == 400
    assert user.call("POST", "/runs", ask | {"epochs": 1})[0] == 422
    assert user.call("GET", "/runs/nothing-here-000000000000")[0] == 404
    assert user.call("GET", "/runs", secret="wrong")[0] == 403


def test_the_aws_command_works_against_it(user, tmp_path: Path) -> None:
    user.publish("exit 0\n")
    for name in ("train", "test"):
        (tmp_path / f"{name}.csv").write_text("a\n1\n")
    aws = Path(sys.executable).parent / "aws"
    environment = {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-west-1",
        "PATH": "/usr/bin:/bin",
    }  # fmt: skip

    def run_aws(endpoint: str, *arguments: str) -> str:
        command = [aws, "--endpoint-url", endpoint, *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    ready = user.cloud.ready
    target = f"s3://{ready.bucket}/projects/{user.project}/data/first/"
    run_aws(ready.endpoint_url, "s3", "cp", "--recursive", str(tmp_path), target)
    run = user.run_with("SUCCEEDED")
    jobs = run_aws(ready.batch_endpoint_url, "batch", "describe-jobs", "--jobs", run["batch_job_id"])
    assert json.loads(jobs)["jobs"][0]["jobName"] == run["run_id"]
    items = run_aws(ready.endpoint_url, "dynamodb", "scan", "--table-name", ready.table)
    assert run["run_id"] in items


def keys(user, prefix: str) -> list[str]:
    answer = user.cloud.client("s3").list_objects_v2(Bucket=user.cloud.ready.bucket, Prefix=prefix)
    return [item["Key"] for item in answer.get("Contents", [])]
