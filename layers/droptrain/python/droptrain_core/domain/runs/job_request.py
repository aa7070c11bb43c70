"""What a run asks of AWS Batch: its resources and time, and the environment of its jobs."""

from collections.abc import Iterable
from itertools import takewhile

from droptrain_core.domain.datasets.dataset import Input, code_prefix
from droptrain_core.domain.recipes.values import Recipe, file_of
from droptrain_core.domain.runs.preparation import JobRequest, prepared_prefix
from droptrain_core.domain.runs.run import Run, run_prefix


def job_request(recipe: Recipe, script: str, timeout_seconds: int, inputs: Iterable[Input]) -> JobRequest:
    """The request of `recipe` to AWS Batch, to train on `inputs`."""
    resources = recipe.resources
    return JobRequest(
        script=script,
        gpus=resources.gpus,
        vcpus=resources.vcpus,
        memory_mib=resources.memory_gib * 1024,
        attempts=recipe.attempts,
        timeout_seconds=timeout_seconds,
        spot=recipe.spot,
        data=_data_variables(inputs),
    )


def prepare_request(recipe: Recipe, inputs: Iterable[Input]) -> JobRequest:
    """The request of the recipe's preparation step, on `inputs`."""
    prepare = recipe.prepare
    assert prepare is not None
    return JobRequest(
        script=prepare.entrypoint,
        gpus=0,
        vcpus=prepare.resources.vcpus,
        memory_mib=prepare.resources.memory_gib * 1024,
        attempts=recipe.attempts,
        timeout_seconds=prepare.timeout_seconds,
        spot=recipe.spot,
        data=_data_variables(inputs),
    )


def script_environment(run: Run, bucket: str) -> dict[str, str]:
    """The Batch job's environment: the run's folder and the plain dialect's S3 URIs."""
    job = run.job_now
    assert job is not None
    root = f"s3://{bucket}/"
    folder = root + run_prefix(run.project, run.run_id)
    code = root + code_prefix(run.project)
    return {
        "DROPTRAIN_RUN": folder,
        "DROPTRAIN_JOB_NUMBER": str(run.job_number),
        "DROPTRAIN_TIMEOUT_SECONDS": str(job.timeout_seconds),
        **({"DROPTRAIN_PLAN_SHA256": run.plan_sha256} if run.plan_sha256 else {}),
        **(_of_prepared_data(run, root) if run.preparation else {}),
        "RUN_SCRIPT": code + file_of(job.script),
        "SCRIPT_DIR": code.rstrip("/"),
        "MODEL_DIR": folder + "model",
        "EXPORT_PATH": folder + "export",
        **{name: root + path for name, path in job.data.items()},
    }


def result_folder(run: Run, job_number: int, attempt: int) -> str:
    """The folder of the data that this attempt of the run's preparation step leaves, in the bucket."""
    return f"{_results(run, job_number)}{attempt}/"


def _of_prepared_data(run: Run, root: str) -> dict[str, str]:
    """Where the step puts the folder of each attempt; where the training finds the data, and their digest."""
    if run.is_preparing:
        return {"DROPTRAIN_STEP": "prepare", "DROPTRAIN_PREPARED": root + _results(run, run.job_number)}
    assert run.prepared is not None
    return {
        "DROPTRAIN_PREPARED": root + run.prepared.folder,
        "DROPTRAIN_PREPARED_SHA256": run.prepared.manifest_sha256,
    }


def _results(run: Run, job_number: int) -> str:
    assert run.preparation is not None
    return f"{prepared_prefix(run.project, run.preparation.digest)}{run.run_id}/{job_number}-"


def _data_variables(inputs: Iterable[Input]) -> dict[str, str]:
    channels: dict[str, list[str]] = {}
    for item in inputs:
        channels.setdefault(item.channel, []).append(item.object.key)
    return {
        name: keys[0] if len(keys) == 1 else _shared_folder(keys)
        for name, channel in (("TRAINING_DATA", "training"), ("TEST_DATA", "testing"))
        if (keys := channels.get(channel))
    }


def _shared_folder(keys: list[str]) -> str:
    first, last = min(keys).split("/")[:-1], max(keys).split("/")[:-1]
    return "/".join(
        left for left, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    )
