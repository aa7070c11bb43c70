"""A run's preparation step: what its result depends on, and the result, which later runs use again."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Literal

from droptrain_core.domain.datasets.dataset import Input, ObjectVersion, digest
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.recipes.values import Recipe, Secret

JobStep = Literal["prepare", "train"]


@frozen
class JobRequest:
    """The request of one step of a run to AWS Batch; memory in MiB, times in seconds.

    `timeout_seconds` is the time of the whole step; for a later Batch job, what is left of it. `data` has the
    plain dialect's data variables: variable, and key or folder in the bucket.
    """

    script: str
    gpus: int
    vcpus: int
    memory_mib: int
    attempts: int
    timeout_seconds: int
    spot: str
    data: Mapping[str, str] = field(default_factory=dict)


@frozen
class Preparation:
    """A run's preparation step; `digest` is over everything that its result depends on.

    `anew`: nothing that was prepared before the run's launch is used.
    """

    digest: str
    job: JobRequest
    inputs_in_training: bool = False
    anew: bool = False


@frozen
class Prepared:
    """Prepared data: the run that prepared them, their folder in the bucket, the digest of their manifest.

    `seconds` is how long the preparation took, over all its attempts; `metrics` are the step's own.
    """

    run_id: str
    folder: str
    manifest_sha256: str
    files: int
    bytes: int
    seconds: int
    at: str
    metrics: Mapping[str, float] = field(default_factory=dict)


def digest_of(recipe: Recipe, code: Iterable[ObjectVersion], inputs: Iterable[Input]) -> str:
    """One digest over the step's code, arguments, settings and image, and the versions of its inputs.

    Packages are named by files of the code. Hyperparameters aren't part of it: the step gets none.
    """
    assert recipe.prepare is not None
    settings = {
        "entrypoint": recipe.prepare.entrypoint,
        "args": recipe.prepare.args,
        "environment": {name: _text(value) for name, value in recipe.environment.items()},
        "csv": dict(recipe.csv),
        "image": "cpu",
    }
    of_code = sorted(item.identity for item in code)
    of_inputs = sorted(f"{item.channel}\0{item.object.identity}" for item in inputs)
    return digest(json.dumps(settings, sort_keys=True), *of_code, "", *of_inputs)


def prepared_prefix(project: str, digest: str) -> str:
    """The folder of the results with this digest in the bucket."""
    return f"prepared/{project}/{digest}/"


def _text(value: str | Secret | None) -> Any:
    return {"secret": value.arn} if isinstance(value, Secret) else value
