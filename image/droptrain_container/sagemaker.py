"""What SageMaker's script mode shows to a script: SM_ variables and the files below input/config.

Names and forms: environment.py of sagemaker-training-toolkit, training.py of its TensorFlow sibling, and the
SageMaker guide ("How Amazon SageMaker Provides Training Information"). docs/variables.md compares them.
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
_GROUP = "homogeneousCluster"  # SageMaker's name for the only group
_INSTANCE_TYPE = "local"  # the toolkit's, where nobody says
_FRAMEWORK = "sagemaker_tensorflow_container.training:main"
_LOG_LEVEL = 20  # logging.INFO
_CHANNEL = {
    "TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None",
}  # fmt: skip

_MODEL_DIR = "model_dir"
# As argparse, click and absl's flags declare it. A variable of this name is common in code that takes no such
# argument.
_DECLARES_MODEL_DIR = re.compile(rb"""["']--model_dir\b|\bDEFINE_\w+\(\s*(?:name\s*=\s*)?["']model_dir["']""")

# What the toolkit sets as SM_ and the name in capitals.
_OF_THE_TOOLKIT = (
    "current_host", "current_instance_type", "current_instance_group", "current_instance_group_hosts",
    "distribution_instance_groups", "framework_module", "hosts", "input_config_dir", "input_data_config",
    "input_dir", "instance_groups", "instance_groups_dict", "is_hetero", "log_level", "model_dir",
    "module_dir", "module_name", "network_interface_name", "num_cpus", "num_gpus", "num_neurons",
    "output_data_dir", "output_dir", "output_intermediate_dir", "resource_config", "user_entry_point",
)  # fmt: skip


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
    plan: Plan,
    layout: Layout,
    *,
    job_name: str,
    code_uri: str,
    gpus: int,
    words: Sequence[str],
    region: str,
) -> dict[str, str]:
    """The dialect's variables; `words` are the script's arguments, `gpus` how many it can see."""
    about = _about(plan, layout, job_name=job_name, code_uri=code_uri, gpus=gpus)
    channels = {f"SM_CHANNEL_{name.upper()}": str(layout.channel(name)) for name in plan.channels}
    hyperparameters = {f"SM_HP_{name.upper()}": value for name, value in plan.hyperparameters.items()}
    values = {
        "SM_CHANNELS": sorted(plan.channels),
        "SM_HPS": about["hyperparameters"],
        "SM_FRAMEWORK_PARAMS": about["additional_framework_parameters"],
        "SM_USER_ARGS": list(words),
        "SM_TRAINING_ENV": about,
        "SAGEMAKER_JOB_NAME": job_name,
        "SAGEMAKER_REGION": region,
        "CURRENT_HOST": HOST,
        "TRAINING_JOB_NAME": job_name,
        **{f"SM_{name.upper()}": about[name] for name in _OF_THE_TOOLKIT},
        **hyperparameters,
    }
    return {**channels, **{name: _text(value) for name, value in values.items()}}


def write_config(plan: Plan, layout: Layout) -> None:
    """Write hyperparameters.json (all texts, as there), inputdataconfig.json and resourceconfig.json."""
    documents: dict[str, Any] = {
        "hyperparameters": {name: _text(value) for name, value in plan.hyperparameters.items()},
        "inputdataconfig": _input_data_config(plan),
        "resourceconfig": _resource_config(),
    }
    layout.config.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        (layout.config / f"{name}.json").write_text(_text(document), "utf-8")


def _about(plan: Plan, layout: Layout, *, job_name: str, code_uri: str, gpus: int) -> dict[str, Any]:
    return {
        "additional_framework_parameters": {},
        "channel_input_dirs": {name: str(layout.channel(name)) for name in plan.channels},
        "current_host": HOST,
        "current_instance_group": _GROUP,
        "current_instance_group_hosts": [HOST],
        "current_instance_type": _INSTANCE_TYPE,
        "distribution_hosts": [],
        "distribution_instance_groups": [],
        "framework_module": _FRAMEWORK,
        "hosts": [HOST],
        "hyperparameters": dict(plan.hyperparameters),
        "input_config_dir": str(layout.config),
        "input_data_config": _input_data_config(plan),
        "input_dir": str(layout.input),
        "instance_groups": [_GROUP],
        "instance_groups_dict": {_GROUP: _instance_group()},
        "is_hetero": False,
        "is_master": True,
        "job_name": job_name,
        "log_level": _LOG_LEVEL,
        "master_hostname": HOST,
        "model_dir": str(layout.model),
        "module_dir": code_uri,
        "module_name": plan.entrypoint.removesuffix(".py").replace("/", "."),
        "network_interface_name": _INTERFACE,
        "num_cpus": _cpus(),
        "num_gpus": gpus,
        "num_neurons": 0,
        "output_data_dir": str(layout.output_data),
        "output_dir": str(layout.output),
        "output_intermediate_dir": str(layout.output / "intermediate"),
        "resource_config": _resource_config(),
        "user_entry_point": plan.entrypoint,
    }


def _input_data_config(plan: Plan) -> dict[str, Any]:
    return dict.fromkeys(sorted(plan.channels), _CHANNEL)


def _resource_config() -> dict[str, Any]:
    return {
        "current_group_name": _GROUP,
        "current_host": HOST,
        "current_instance_type": _INSTANCE_TYPE,
        "hosts": [HOST],
        "instance_groups": [_instance_group()],
        "network_interface_name": _INTERFACE,
    }


def _instance_group() -> dict[str, Any]:
    return {"hosts": [HOST], "instance_group_name": _GROUP, "instance_type": _INSTANCE_TYPE}


def _cpus() -> int:
    """CPUs that this process may use; all of the machine's where the system doesn't say (macOS)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
