"""What SageMaker's script mode shows to a script: SM_ variables and the files below input/config.

Names and forms: ENVIRONMENT_VARIABLES.md of sagemaker-training-toolkit, and "How Amazon SageMaker Provides
Training Information" in the SageMaker guide.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from droptrain_container.layout import Layout
from droptrain_container.plan import Plan, Scalar

HOST = "algo-1"
_INTERFACE = "eth0"
_LOG_LEVEL = 20  # logging.INFO
_CHANNEL = {
    "TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None",
}  # fmt: skip

_MODEL_DIR = "model_dir"
# As argparse, click and absl's flags declare it. A variable of this name is common in code that takes no such
# argument.
_DECLARES_MODEL_DIR = re.compile(rb"""["']--model_dir\b|\bDEFINE_\w+\(\s*(?:name\s*=\s*)?["']model_dir["']""")


def with_model_dir(
    hyperparameters: Mapping[str, Scalar], layout: Layout, code: Iterable[Path]
) -> dict[str, Scalar]:
    """The hyperparameters, with `model_dir` of SageMaker's TensorFlow estimator for code that takes it.

    There it is a folder of S3 that outlives the instance, so here it is the folder of `--job-dir`.
    """
    if _MODEL_DIR in hyperparameters or not any(
        path.suffix == ".py" and _DECLARES_MODEL_DIR.search(path.read_bytes()) for path in code
    ):
        return dict(hyperparameters)
    return {**hyperparameters, _MODEL_DIR: str(layout.job_dir)}


def arguments(hyperparameters: Mapping[str, Scalar]) -> list[str]:
    """Hyperparameters as a command line, sorted by name: `--name value`, or `-n value` for one letter."""
    words: list[str] = []
    for name, value in sorted(hyperparameters.items()):
        words += [f"--{name}" if len(name) > 1 else f"-{name}", str(value)]
    return words


def variables(
    plan: Plan, layout: Layout, *, job_name: str, code_uri: str, gpus: int, words: Sequence[str]
) -> dict[str, str]:
    """The SM_ variables; `words` are the script's arguments, `gpus` how many it can see."""
    about = _about(plan, layout, job_name=job_name, code_uri=code_uri, gpus=gpus)
    channels = {f"SM_CHANNEL_{name.upper()}": str(layout.channel(name)) for name in plan.inputs}
    hyperparameters = {f"SM_HP_{name.upper()}": str(value) for name, value in plan.hyperparameters.items()}
    values = {
        "SM_CHANNELS": sorted(plan.inputs),
        "SM_HPS": about["hyperparameters"],
        "SM_USER_ARGS": list(words),
        "SM_USER_ENTRY_POINT": plan.entrypoint,
        "SM_TRAINING_ENV": about,
        "SM_OUTPUT_INTERMEDIATE_DIR": str(layout.output / "intermediate"),
        "TRAINING_JOB_NAME": job_name,
        **{
            f"SM_{name.upper()}": about[name]
            for name in (
                "current_host", "hosts", "num_gpus", "num_cpus", "log_level", "network_interface_name",
                "input_dir", "input_config_dir", "input_data_config", "resource_config", "model_dir",
                "module_dir", "module_name", "output_dir", "output_data_dir",
            )
        },
    }  # fmt: skip
    return {**channels, **hyperparameters, **{name: _text(value) for name, value in values.items()}}


def write_config(plan: Plan, layout: Layout) -> None:
    """Write hyperparameters.json (all texts, as there), inputdataconfig.json and resourceconfig.json."""
    documents: dict[str, Any] = {
        "hyperparameters": {name: str(value) for name, value in plan.hyperparameters.items()},
        "inputdataconfig": _input_data_config(plan),
        "resourceconfig": _resource_config(),
    }
    layout.config.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        (layout.config / f"{name}.json").write_text(_text(document), "utf-8")


def _about(plan: Plan, layout: Layout, *, job_name: str, code_uri: str, gpus: int) -> dict[str, Any]:
    return {
        "channel_input_dirs": {name: str(layout.channel(name)) for name in plan.inputs},
        "current_host": HOST,
        "hosts": [HOST],
        "hyperparameters": dict(plan.hyperparameters),
        "input_config_dir": str(layout.config),
        "input_data_config": _input_data_config(plan),
        "input_dir": str(layout.input),
        "job_name": job_name,
        "log_level": _LOG_LEVEL,
        "model_dir": str(layout.model),
        "module_dir": code_uri,
        "module_name": plan.entrypoint.removesuffix(".py").replace("/", "."),
        "network_interface_name": _INTERFACE,
        "num_cpus": _cpus(),
        "num_gpus": gpus,
        "output_data_dir": str(layout.output_data),
        "output_dir": str(layout.output),
        "resource_config": _resource_config(),
    }


def _input_data_config(plan: Plan) -> dict[str, Any]:
    return dict.fromkeys(sorted(plan.inputs), _CHANNEL)


def _resource_config() -> dict[str, Any]:
    return {"current_host": HOST, "hosts": [HOST], "network_interface_name": _INTERFACE}


def _cpus() -> int:
    """CPUs that this process may use; all of the machine's where the system doesn't say (macOS)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
