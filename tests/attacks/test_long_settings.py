"""Settings so long that no program could be started with them: refused where they are read, in bytes.

Linux takes 128 KiB for one argument or variable, and a quarter of the stack, 2 MiB, for all (execve(2)).
"""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from droptrain_container import plan, sagemaker, variables
from droptrain_container.layout import Layout
from droptrain_core.aws.job_queue import JobQueue
from droptrain_core.domain.datasets.dataset import Input
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes import recipe as recipes
from droptrain_core.domain.runs import identity
from droptrain_core.domain.runs.compute import Compute, StackCompute
from droptrain_core.domain.runs.job_request import job_request, script_environment
from support.records import object_version, run

SUBMIT_BYTES = 30 * 1024  # of SubmitJob's payload
CHANNELS = {f"channel_{number:02}_{'x' * 19}": f"{number:02}" + "*" * 198 for number in range(20)}


def starts(hyperparameters: dict[str, Any], environment: dict[str, str], root: Path) -> None:
    """Start a program with the arguments and variables that a script of this recipe gets."""
    inputs = [
        {"channel": name, "key": f"projects/{'p' * 40}/data/{'d' * 40}/{'f' * 200}", "version_id": "v"}
        for name in CHANNELS
    ]
    document = {
        "schema": 1, "bucket": "b", "project": "p" * 40, "entrypoint": "x" * 196 + ".py", "code": [],
        "inputs": inputs, "hyperparameters": hyperparameters, "environment": environment,
        "checkpoints": {"interval_seconds": 30, "keep": 3}, "resources": {"gpus": 1},
    }  # fmt: skip
    read = plan.read(json.dumps(document).encode(), "b")
    words = sagemaker.arguments(read.hyperparameters)
    uri = f"s3://{'b' * 63}/runs/{'p' * 40}/{'r' * 100}/"
    said = variables.of_script(
        {"PATH": "/usr/bin:/bin"}, read, run_uri=uri, code_uri=f"{uri}code", input_uris={},
        layout=Layout(root), gpus=1, words=words,
    )  # fmt: skip
    subprocess.run(["true", *words], env=said, check=True)


def fill(text: str, length: int) -> dict[str, str]:
    """As many hyperparameters of `length` letters as all together may have."""
    one = len(json.dumps({"x0000": text * length}))
    return {f"x{number:04}": text * length for number in range(64 * 1024 // one)}


@pytest.mark.parametrize(("text", "length"), [
    ("x", 1000), ("é", 1000), ("💥", 1000), ('"', 1000), ("\n", 1000), ("\x01", 1000), ("x", 0), ("é", 3),
])  # fmt: skip
def test_the_most_that_a_recipe_may_say_starts(tmp_path: Path, text: str, length: int) -> None:
    most = fill(text, length)
    recipe = recipes.parse({"hyperparameters": most, "inputs": CHANNELS})
    environment = {f"E{number:03}": "💥" * 4000 for number in range(4)}
    starts(dict(recipe.hyperparameters), environment, tmp_path)
    beyond = {**most, **{f"y{number}": "é" * 1000 for number in range(12)}}
    with pytest.raises(
        RejectedError, match=r"hyperparameters: take \d+ bytes as JSON.* can have 65536\. Put"
    ):
        recipes.parse({"hyperparameters": beyond})


def test_what_is_refused_would_not_have_started(tmp_path: Path) -> None:
    """60 KB of a letter beyond ASCII, in values of fewer than 1,000 letters: 180 KB of JSON."""
    long = {f"n{number}": "é" * 1000 for number in range(30)}
    with pytest.raises(OSError, match="Argument list too long"):
        starts(long, {}, tmp_path)
    with pytest.raises(RejectedError):
        recipes.parse({"hyperparameters": long})


def test_overrides_are_refused_with_what_they_are_laid_over(stack) -> None:
    stack.publish_project()
    half = {f"n{number}": "é" * 900 for number in range(10)}
    stack.put("projects/penguins/train.yaml", json.dumps({"hyperparameters": half}).encode())
    stack.drop()
    overrides = {"hyperparameters": {f"m{number}": "é" * 900 for number in range(10)}}
    with pytest.raises(RejectedError, match="hyperparameters: take 108"):
        stack.launch.request("penguins", "first", caller="ann", overrides=overrides)
    assert stack.query.runs(limit=10).runs == ()


def test_no_setting_makes_a_submission_larger_than_batch_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Batch job names the run's folder; what the recipe says lies in run.json."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    project, dataset = "p" * 40, "d" * 40
    run_id = identity.identify(project, dataset, [], {}, 0)
    folder = f"projects/{project}/data/{dataset}/"
    inputs = tuple(
        Input(channel, object_version(folder + "\x01" * (1024 - len(folder))))
        for channel in ("training", "testing")
    )
    most = recipes.parse({
        "entrypoint": "\x01" * 197 + ".sh", "hyperparameters": fill("é", 1000),
        "environment": {f"e{number}": "x" * 4000 for number in range(15)},
    })  # fmt: skip
    job = job_request(most, most.entrypoint or "", 3600, inputs)
    largest = replace(run(), run_id=run_id, project=project, dataset=dataset, job=job, inputs=inputs)
    client = boto3.client("batch", region_name="eu-west-1")
    sent: list[bytes] = []

    def note(request: Any, **_: Any) -> Any:
        sent.append(request.body)
        raise InterruptedError

    client.meta.events.register("before-send.batch.SubmitJob", note)
    queue = f"arn:aws:batch:eu-west-1:123456789012:job-queue/{'q' * 128}"
    with pytest.raises(InterruptedError):
        compute = Compute((), queue, queue, queue)
        JobQueue(client, client, StackCompute(compute, compute), "s" * 256).submit(
            largest, script_environment(largest, "b" * 63)
        )
    assert len(sent[0]) < SUBMIT_BYTES
