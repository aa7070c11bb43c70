"""A training that Spot interrupts goes on at the right step and ends as well as one that was left alone."""

import json
import re
import signal

import pytest
from support.training_machine import CODE, DATA, REPOSITORY, wait_for_line

EXAMPLE = REPOSITORY / "examples" / "penguins"
EPOCHS = 8

pytestmark = [pytest.mark.tensorflow, pytest.mark.timeout(110)]


def publish(machine) -> None:
    def put(key: str, path: str) -> dict:
        return machine.put(key, (EXAMPLE / path).read_bytes())

    code = [put(CODE + name, f"code/{name}") for name in ("run.sh", "train.py")]
    inputs = [
        {"channel": channel, **put(f"{DATA}{name}.csv", f"data/{name}.csv")}
        for channel, name in (("training", "train"), ("testing", "test"))
    ]
    often = {"interval_seconds": 1, "keep": 2}
    machine.publish("", inputs, code=code, hyperparameters={"epochs": EPOCHS}, checkpoints=often)


def results(machine) -> dict[str, float]:
    """The last value of each metric, and of the container's own series."""
    lines = map(json.loads, machine.text("metrics.jsonl").splitlines())
    return {name: value for line in lines for name, value in line.items()}


def test_an_interrupted_training_ends_as_one_that_was_left_alone(machine, metadata) -> None:
    publish(machine)
    assert machine.run().code == 0
    alone = results(machine)

    machine.run_id += "-2"
    publish(machine)
    machine.variables["AWS_EC2_METADATA_DISABLED"] = ""
    machine.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata.url
    process = machine.start(attempt=1)
    wait_for_line(process, "epoch  3/")
    metadata.reclaims = True
    process.send_signal(signal.SIGTERM)  # as the instance is drained, so that no epoch is over meanwhile
    first = machine.finish(process)
    assert first.code == 75
    metadata.reclaims = False
    second = machine.run(attempt=2)
    assert second.code == 0, second.output
    interrupted = results(machine)

    went_on = re.search(r"resuming after epoch (\d+)", second.output)
    assert went_on
    assert int(went_on[1]) >= 3
    epochs = [int(number) for number in re.findall(r"^epoch +(\d+)/", machine.text("log.txt"), re.MULTILINE)]
    assert sorted(set(epochs)) == list(range(1, EPOCHS + 1))
    assert len(epochs) <= EPOCHS + 1, "an epoch may be trained again only if its checkpoint wasn't there yet"
    assert abs(interrupted["test_accuracy"] - alone["test_accuracy"]) <= 0.06
    assert abs(interrupted["test_loss"] - alone["test_loss"]) <= 0.1
