"""A container that trains: what the script sees, and what the run is left with."""

import hashlib
import json

import pytest
from support.training_machine import CODE

SCRIPT = """
echo "words: $(cat lib/words.txt)"
aws s3 cp --only-show-errors "$TRAINING_DATA" train.csv
aws s3 cp --only-show-errors "$SCRIPT_DIR/lib/words.txt" words.txt
python -c 'import os; print(os.environ["HP_LEARNING_RATE"], os.environ["HP_WARM"], os.environ["COLOUR"])'
echo '{"step": 1, "loss": 0.5, "test_accuracy": 0.5}' >> "$METRICS_FILE"
echo 'not json' >> "$METRICS_FILE"
echo '{"step": 2, "test_accuracy": 0.75, "note": "text", "bad": NaN}' >> "$METRICS_FILE"
echo "problem" >&2
aws s3 cp --only-show-errors train.csv "$EXPORT_PATH/model.csv"
"""


def test_a_script_runs_with_its_code_data_and_parameters(machine) -> None:
    machine.publish(
        SCRIPT,
        hyperparameters={"learning-rate": 0.01, "warm": True},
        environment={"COLOUR": "blue", "MODEL_DIR": "elsewhere"},
    )
    ended = machine.run()
    assert (ended.code, ended.errors) == (0, "")
    assert "words: hello" in ended.output
    assert "0.01 true blue" in ended.output
    assert machine.text("export/model.csv") == "a,b\n1,2\n"
    assert "problem" in machine.text("log.txt")
    outcome = machine.outcome()
    assert outcome["metrics"] == {"loss": 0.5, "test_accuracy": 0.75}
    assert (outcome["exit_code"], outcome["script_exit_code"], outcome["cause"]) == (0, 0, None)
    assert (outcome["batch_job_id"], outcome["attempt"], outcome["instance"]) == ("job-1", 1, None)
    assert json.loads(machine.text("lease"))["batch_job_id"] == "job-1"
    assert machine.text("metrics.jsonl").count("\n") == 3
    assert machine.names("pinned/") == []


@pytest.mark.parametrize("path", ["/v4/id", "/v4/other"])
def test_the_outcome_names_the_image_that_the_container_agent_tells_of(
    machine, container_agent, path
) -> None:
    machine.publish("true")
    machine.variables["ECS_CONTAINER_METADATA_URI_V4"] = container_agent + path
    plan = machine.text("run.json")
    assert machine.run().code == 0
    found = {"name": "repository/training:latest", "digest": "sha256:0abc"} if path == "/v4/id" else None
    assert machine.outcome()["image"] == found
    assert machine.run(attempt=2).code == 0
    assert [attempt["image"] for attempt in machine.outcome()["attempts"]] == [found]
    assert machine.text("run.json") == plan, "a plan is never changed"


@pytest.mark.parametrize("is_the_plan", [True, False])
def test_a_plan_that_is_not_the_job_s_is_not_used(machine, is_the_plan: bool) -> None:
    machine.publish('echo "trained with $HP_RATE"; exit 3\n', hyperparameters={"rate": 1})
    machine.variables["DROPTRAIN_PLAN_SHA256"] = hashlib.sha256(machine.text("run.json").encode()).hexdigest()
    if not is_the_plan:
        machine.publish(
            "", code=[machine.put(CODE + "run.sh", "echo planted\n")], hyperparameters={"rate": 2}
        )
    ended = machine.run()
    cause = machine.outcome()["cause"]
    if is_the_plan:
        assert (ended.code, cause["code"]) == (3, "script_failed")
        assert "trained with 1" in ended.output
    else:
        assert (ended.code, cause["code"]) == (78, "plan_changed")
        assert "was changed after the launch" in cause["message"]
        assert "planted" not in ended.output
        assert machine.names("lease") == []


def test_a_digest_of_the_plan_that_is_none_is_refused(machine) -> None:
    machine.publish("exit 0\n")
    machine.variables["DROPTRAIN_PLAN_SHA256"] = "abc"
    ended = machine.run()
    assert ended.code == 78
    assert "DROPTRAIN_PLAN_SHA256 has to be a SHA-256" in ended.output
