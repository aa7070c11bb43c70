"""A run trains for no longer than its timeout: the container ends the code, saves it, and says why."""

import json

from support.training_machine import Machine

STEPS = (
    'step=$(cat "$CHECKPOINT_DIR/step" 2>/dev/null || echo 0); echo "begins at $step"\n'
    'while sleep 0.1; do step=$((step + 1)); echo $step > "$CHECKPOINT_DIR/step"; done\n'
)


def test_code_that_trains_for_longer_is_ended_with_its_last_checkpoint(machine: Machine) -> None:
    machine.publish(STEPS, checkpoints={"interval_seconds": 600, "keep": 2})
    machine.variables["DROPTRAIN_TIMEOUT_SECONDS"] = "4"
    ended = machine.run()
    assert ended.code == 74
    outcome = machine.outcome()
    assert (outcome["cause"]["code"], outcome["left_checkpoint"]) == ("out_of_time", True)
    assert "run for all of its timeout" in outcome["cause"]["message"]
    (generation,) = machine.names("checkpoints/generations/")
    (step,) = json.loads(machine.text(generation))["files"]
    assert step["path"] == "step"


def test_code_that_ignores_term_is_killed(machine: Machine) -> None:
    machine.publish("trap '' TERM\nwhile :; do sleep 0.1; done\n")
    machine.variables["DROPTRAIN_TIMEOUT_SECONDS"] = "2"
    assert machine.run().code == 74


def test_an_attempt_gets_what_the_attempts_before_it_left(machine: Machine) -> None:
    machine.publish(STEPS)
    machine.variables["DROPTRAIN_TIMEOUT_SECONDS"] = "3600"
    earlier = {
        "batch_job_id": "job-1", "attempt": 1, "started_at": "2026-11-23T02:00:00Z",
        "ended_at": "2026-11-23T02:59:58Z",
    }  # fmt: skip
    machine.put(machine.prefix + "outcome.json", json.dumps({**earlier, "status": "ended", "exit_code": 75}))
    machine.put(machine.prefix + "lease", json.dumps({"batch_job_id": "job-1", "job_number": 1}))
    ended = machine.run(attempt=2)
    assert ended.code == 74
    assert "s of training time left" in ended.output


def test_the_attempts_of_an_earlier_batch_job_are_not_counted_twice(machine: Machine) -> None:
    machine.publish("exit 0\n")
    machine.variables |= {"DROPTRAIN_TIMEOUT_SECONDS": "3600", "DROPTRAIN_JOB_NUMBER": "2"}
    earlier = {
        "batch_job_id": "job-1", "attempt": 1, "started_at": "2026-11-23T02:00:00Z",
        "ended_at": "2026-11-23T04:00:00Z",
    }  # fmt: skip
    killed = {"batch_job_id": "job-2", "attempt": 1, "started_at": "2026-11-23T04:00:00Z"}
    machine.put(machine.prefix + "outcome.json", json.dumps({**killed, "attempts": [earlier, "x", {}]}))
    ended = machine.run(job_id="job-2", attempt=2)
    assert ended.code == 0, ended.output


def test_a_reclaim_when_the_time_is_up_is_no_reason_for_another_attempt(machine: Machine, metadata) -> None:
    machine.publish("trap 'sleep 8; exit 0' TERM\nwhile :; do sleep 0.1; done\n")
    machine.variables |= {
        "DROPTRAIN_TIMEOUT_SECONDS": "8", "AWS_EC2_METADATA_DISABLED": "",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url,
    }  # fmt: skip
    process = machine.start()
    machine.wait_for_key("outcome.json")
    metadata.reclaims = True
    assert machine.finish(process).code == 74
