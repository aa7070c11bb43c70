"""The container reports when each part of an attempt was over."""

import json

from support.waiting import wait_for

TRAINS = """
echo "loading"
sleep 2
echo '{"step": 1, "loss": 0.5}' >> "$METRICS_FILE"
sleep 2
"""
PARTS = ["script_started_at", "first_output_at", "first_metric_at", "script_ended_at"]


def test_the_outcome_names_the_time_of_each_part(machine, metadata, container_agent) -> None:
    machine.variables |= {
        "ECS_CONTAINER_METADATA_URI_V4": container_agent + "/v4/id",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url, "AWS_EC2_METADATA_DISABLED": "false",
    }  # fmt: skip
    machine.publish(TRAINS)
    assert machine.run().code == 0
    found = machine.outcome()
    timing = found["timing"]
    assert timing["image_pull_started_at"] == "2026-11-23T02:09:00Z"
    assert timing["image_pulled_at"] == "2026-11-23T02:12:30Z"
    assert found["instance"]["launched_at"] == "2026-11-23T02:07:00Z"
    times = [found["started_at"], *(timing[part] for part in PARTS), found["ended_at"]]
    assert times == sorted(times)
    assert timing["first_output_at"] < timing["first_metric_at"] < timing["script_ended_at"]


def test_a_running_attempt_says_how_far_it_is(machine) -> None:
    machine.publish('echo "loading"\nwhile [ ! -e "$CHECKPOINT_DIR/go" ]; do sleep 0.1; done\n')
    machine.start()
    wait_for("timing.json", lambda: "timing.json" in machine.names())
    found = json.loads(machine.text("timing.json"))
    assert (found["batch_job_id"], found["attempt"], found["status"]) == ("job-1", 1, "running")
    assert "script_started_at" in found["timing"]
    assert "script_ended_at" not in found["timing"]
