"""Trains a project's folder on this machine, by the container's own entrypoint and without a cloud."""

import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.price_table import PriceTable
from droptrain_core.domain.costs.pricing import PriceList
from droptrain_core.domain.costs.project_reading import ProjectReading
from droptrain_core.domain.datasets.dataset import MARKER, code_prefix, data_prefix, recipe_key
from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.diagnosis import explain, of_step
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.runs.batch_job import JobState
from droptrain_core.domain.runs.compute import Compute, StackCompute
from droptrain_core.domain.runs.outcome import read as read_outcome
from droptrain_core.domain.runs.preparation import JobStep
from droptrain_core.domain.runs.run import run_prefix
from droptrain_core.launch.decide import decide
from droptrain_core.launch.draft import Asked, Where
from droptrain_core.launch.gather import Gather

from droptrain import formatting
from droptrain.download import place
from droptrain.errors import DroptrainError
from droptrain.project_folder import ProjectFolder, read_folder
from droptrain_cli import exit_codes
from droptrain_cli.launch_run import Settings
from droptrain_cli.open_shell import beside_process
from droptrain_cli.validate_project import check_before_push
from droptrain_local.batch.orphans import kill_session
from droptrain_local.bucket_of import bucket_of
from droptrain_local.container_environment import COMMAND, container_environment
from droptrain_local.render import find_root

_HERE = Compute((), "local", "local", "local")
_COMPUTE = StackCompute(_HERE, _HERE)
_BUCKET, _PROJECT, _DATASET = "droptrain-local", "project", "data"
_OUTCOME = "outcome.json"
# The data of the preparation step's attempt, whose number is added.
_RESULTS = f"prepared/{_PROJECT}/local/"
_KEPT = ("export/", "model/", "output/", "log.txt", "prepare/log.txt", "metrics.jsonl", _OUTCOME)
_ENDS_WITHIN_SECONDS = 30


class _NoPrices(PriceTable):
    """Nothing is paid here, so a run has no estimate."""

    def __init__(self) -> None:
        """Read no table."""

    def read(self, project: str, run_id: str | None = None, digest: str | None = None) -> ProjectReading:
        """A project without a past, in a region without prices."""
        del project, run_id, digest
        return ProjectReading(PriceList({}))


def train(path: Path, output: Path, settings: Settings, *, force: bool) -> int:
    """Train what is in `path`, keep what it leaves in `output`; the exit code by how it ended.

    DroptrainError if recipe, code or data can't train, or `output` has something else.
    """
    folder = read_folder(path)
    check_before_push(folder)
    _make_room(output)
    with _planned(folder, settings, force=force) as (url, s3, plan, warnings):
        prefix = run_prefix(_PROJECT, plan["run_id"])
        variables = _prepare(url, s3, plan)
        if variables is not None:
            _run(url, prefix, variables)
        _fetch(s3, prefix, output)
    return _tell(output, "prepare" if variables is None else "train", warnings)


def open_shell(path: Path, settings: Settings, *, force: bool) -> int:
    """Open a shell where the code in `path` would run, with its variables; the shell's exit code.

    DroptrainError if recipe, code or data can't train.
    """
    folder = read_folder(path)
    check_before_push(folder)
    with _planned(folder, settings, force=force) as (url, s3, plan, _):
        prefix = run_prefix(_PROJECT, plan["run_id"])
        variables = _prepare(url, s3, plan)
        if variables is None:
            raise DroptrainError("The preparation step failed; its log is above.")
        with _container(url, prefix, {**variables, "DROPTRAIN_HOLD_SCRIPT": "on"}) as process:
            code = beside_process(f"s3://{_BUCKET}/{prefix}", "--wait")
            kill_session(process.pid)
    return code


def _prepare(url: str, s3: Any, plan: Mapping[str, Any]) -> dict[str, str] | None:
    """Run the plan's preparation step; the variables of the training, None if the step failed."""
    if not plan.get("prepare"):
        return {}
    prefix, results = run_prefix(_PROJECT, plan["run_id"]), f"s3://{_BUCKET}/{_RESULTS}"
    _run(url, prefix, {"DROPTRAIN_STEP": "prepare", "DROPTRAIN_PREPARED": results})
    document = Bucket(s3, _BUCKET).outcome(_PROJECT, plan["run_id"])
    if not isinstance(document, dict) or "prepared" not in document:
        return None
    return {
        "AWS_BATCH_JOB_ID": "local-2",
        "DROPTRAIN_JOB_NUMBER": "2",
        "DROPTRAIN_PREPARED": f"{results}1/",
        "DROPTRAIN_PREPARED_SHA256": document["prepared"]["manifest_sha256"],
    }


def _run(url: str, prefix: str, variables: Mapping[str, str]) -> None:
    """Run the container's entrypoint to its end; Ctrl-C lets it save what it has."""
    with _container(url, prefix, variables) as process:
        try:
            process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_ENDS_WITHIN_SECONDS)
            raise


@contextmanager
def _planned(
    folder: ProjectFolder, settings: Settings, *, force: bool
) -> Iterator[tuple[str, Any, Mapping[str, Any], tuple[Finding, ...]]]:
    """A bucket with the folder's run: its address, a client, the run's plan, and preflight's warnings."""
    with bucket_of(_BUCKET, _files(folder), [data_prefix(_PROJECT, _DATASET) + MARKER]) as (url, s3):
        bucket = Bucket(s3, _BUCKET)
        plan, warnings = _plan(bucket, settings, force=force)
        for warning in warnings:
            click.echo(f"Warning: {formatting.finding(asdict(warning))}")
        bucket.write_plan(plan)
        yield url, s3, plan, warnings


def _files(folder: ProjectFolder) -> dict[str, Path]:
    """The files by their keys."""
    return {
        **({recipe_key(_PROJECT): folder.recipe} if folder.recipe else {}),
        **{code_prefix(_PROJECT) + name: path for name, path in folder.code.items()},
        **{data_prefix(_PROJECT, _DATASET) + name: path for name, path in folder.data.items()},
    }


def _plan(
    bucket: Bucket, settings: Settings, *, force: bool
) -> tuple[Mapping[str, Any], tuple[Finding, ...]]:
    """`run.json` as a launch writes it, and the warnings; DroptrainError if a launch would reject it."""
    gather = Gather(bucket, _NoPrices(), _COMPUTE, lambda project, names: (), lambda: datetime.now(UTC))
    overrides = {"hyperparameters": dict(settings)} if settings else {}
    try:
        how = gather.how(_PROJECT, overrides, force=force)
    except RejectedError as error:
        raise DroptrainError(error.cause.message) from error
    assert how.recipe, "the recipe was checked before"
    # Prices are a stack's.
    recipe = replace(how.recipe, max_cost_usd=None)
    found = gather.dataset(_PROJECT, _DATASET, how, recipe)
    if found.readiness.missing:
        raise DroptrainError(f"data/ lacks {', '.join(found.readiness.missing)}, which the recipe names.")
    asked = Asked("you", datetime.now(UTC))
    draft = decide(gather.snapshot(found), asked, Where(_BUCKET, _COMPUTE))
    if draft.plan is None:
        cause = draft.run.cause
        assert cause
        raise DroptrainError(f"{cause.message}. {cause.fix}")
    return draft.plan, draft.run.warnings


@contextmanager
def _container(url: str, prefix: str, variables: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The container's entrypoint in a folder of its own, while the context lasts."""
    root = find_root()
    with tempfile.TemporaryDirectory(prefix="droptrain-") as work:
        process = subprocess.Popen(
            COMMAND,
            cwd=work,
            env={
                **container_environment(root, url),
                "AWS_BATCH_JOB_ID": "local",
                "DROPTRAIN_RUN": f"s3://{_BUCKET}/{prefix}",
                **variables,
            },
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _make_room(output: Path) -> None:
    """Remove what an earlier run left in `output`."""
    if output.is_dir() and any(output.iterdir()) and not (output / _OUTCOME).is_file():
        raise DroptrainError(
            f"{output} has something that no local run left. Name another folder: --output DIR"
        )
    for name in _KEPT:
        path = output / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _fetch(s3: Any, prefix: str, output: Path) -> None:
    for page in _pages(s3, prefix):
        for item in page.get("Contents", []):
            name = item["Key"].removeprefix(prefix)
            if name.startswith(_KEPT) and not name.endswith("/"):
                target = place(output, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                s3.download_file(_BUCKET, item["Key"], str(target))


def _pages(s3: Any, prefix: str) -> Iterator[Mapping[str, Any]]:
    yield from s3.get_paginator("list_objects_v2").paginate(Bucket=_BUCKET, Prefix=prefix)


def _tell(output: Path, step: JobStep, warnings: tuple[Finding, ...]) -> int:
    outcome = output / _OUTCOME
    if not outcome.is_file():
        raise DroptrainError("The container ended without an outcome; its log is above.")
    document = json.loads(outcome.read_text("utf-8"))
    for name, value in sorted(document["metrics"].items()):
        click.echo(f"{formatting.clean(name)}: {formatting.number(value)}")
    if document["cause"] is None:
        kept = "the model, the log" if (output / "export").is_dir() else "no model, but the log"
        click.echo(f"SUCCEEDED. {output} has {kept} and the metrics.")
        return exit_codes.OK
    click.echo(f"FAILED. {output} has the log, and what else the run left.")
    job = JobState(_PROJECT, "local", 1, "FAILED")
    cause = explain(job, read_outcome(document), findings=warnings)
    assert cause, "only a job that SUCCEEDED has none"
    cause = of_step(cause, step)
    click.echo(
        f"What happened: {formatting.clean(cause.message)}\nWhat to do:    {formatting.clean(cause.fix)}"
    )
    return exit_codes.FAILED
