"""`run.json`: everything that the container needs to train exactly one run, and to repeat it."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from droptrain_core.domain.datasets.dataset import ObjectVersion, code_prefix
from droptrain_core.domain.recipes.jobs import gets_code
from droptrain_core.domain.recipes.values import Prepare, Recipe, Secret
from droptrain_core.domain.runs.identity import identify
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.runs.warm_start import StartingModel

MAX_BYTES = 16 * 1024 * 1024
# At a launch: a repeat's plan also names the run that it repeats.
MAX_LAUNCHED_BYTES = MAX_BYTES - 1024


def plan_of(
    run: Run,
    recipe: Recipe,
    code: Collection[ObjectVersion],
    bucket: str,
    overrides: Mapping[str, Any],
    rerun: int,
    job_definition: str,
    start: StartingModel | None = None,
) -> dict[str, Any]:
    """`run.json`: everything that the container needs to train exactly this run, and to repeat it."""
    assert run.job is not None
    return {
        "schema": 1,
        "run_id": run.run_id,
        "project": run.project,
        "dataset": run.dataset,
        "bucket": bucket,
        "inputs": [{"channel": item.channel, **asdict(item.object)} for item in run.inputs],
        "recipe": asdict(run.recipe) if run.recipe else None,
        "code": [asdict(item) for item in code],
        "entrypoint": run.job.script,
        "args": list(recipe.args),
        "hyperparameters": dict(recipe.hyperparameters),
        "environment": {
            name: {"secret": value.arn} if isinstance(value, Secret) else value
            for name, value in recipe.environment.items()
        },
        "checkpoints": asdict(recipe.checkpoints),
        "resources": {"gpus": run.job.gpus, "vcpus": run.job.vcpus, "memory_mib": run.job.memory_mib},
        "spot": run.job.spot,
        "attempts": run.job.attempts,
        "timeout_seconds": run.job.timeout_seconds,
        "metric": asdict(recipe.metric) if recipe.metric else None,
        "metric_definitions": [asdict(each) for each in recipe.metric_definitions],
        "csv": dict(recipe.csv),
        "job_definition": job_definition,
        "overrides": dict(overrides),
        "rerun": rerun,
        **({"warm_start": _warm_start_of(start)} if start and start.pinned else {}),
        **({"prepare": _prepare_of(recipe.prepare, run.project, code)} if recipe.prepare else {}),
    }


def _prepare_of(prepare: Prepare, project: str, code: Iterable[ObjectVersion]) -> dict[str, Any]:
    """The preparation step; `code` are the paths of the code files that it gets, None for all."""
    resources = prepare.resources
    paths = [item.key.removeprefix(code_prefix(project)) for item in code]
    return {
        "entrypoint": prepare.entrypoint,
        "args": list(prepare.args),
        "code": [path for path in paths if gets_code(prepare, path)] if prepare.code else None,
        "resources": {"vcpus": resources.vcpus, "memory_mib": resources.memory_gib * 1024},
        "timeout_seconds": prepare.timeout_seconds,
        "inputs_in_training": prepare.inputs_in_training,
    }


def _warm_start_of(start: StartingModel) -> dict[str, Any]:
    """The model that the training continues from: the paths of its files are relative to `folder`."""
    files = [asdict(item) for item in start.files]
    return {"run_id": start.run_id, "folder": start.folder, "files": files}


def plan_bytes(plan: Mapping[str, Any]) -> bytes:
    """The content of `run.json`."""
    return json.dumps(plan, indent=1, sort_keys=True).encode()


def plan_digest(plan: Mapping[str, Any]) -> str:
    """SHA-256 of `run.json`, hex: the record and the Batch job have it, because jobs may write to `runs/`."""
    return hashlib.sha256(plan_bytes(plan)).hexdigest()


def trial_plan(
    plan: Mapping[str, Any],
    run_id: str,
    parameters: Mapping[str, Any],
    early_stop: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """`run.json` of a sweep's trial: the sweep's `plan` with the trial's parameters."""
    overrides = plan["overrides"]
    return {
        **plan,
        "run_id": run_id,
        "hyperparameters": {**plan["hyperparameters"], **parameters},
        "overrides": {
            **overrides, "hyperparameters": {**overrides.get("hyperparameters", {}), **parameters},
        },
        **({"early_stop": early_stop} if early_stop else {}),
    }  # fmt: skip


def repeat_plan(plan: Mapping[str, Any], rerun: int) -> tuple[str, dict[str, Any]]:
    """(run id, `run.json`) of the `rerun`-th repetition of `plan`, with exactly its inputs and settings."""
    files = [*plan["inputs"], *plan["code"], *([plan["recipe"]] if plan["recipe"] else [])]
    files += plan.get("warm_start", {}).get("files", [])
    versions = [ObjectVersion(file["key"], file["version_id"], 0, file["etag"]) for file in files]
    run_id = identify(
        plan["project"], plan["dataset"], versions, plan["overrides"], rerun, plan.get("scheduled_at")
    )
    # A repeat of a sweep's trial is an ordinary run.
    kept = {name: value for name, value in plan.items() if name != "early_stop"}
    return run_id, {**kept, "run_id": run_id, "rerun": rerun, "from_run": plan["run_id"]}
