"""The script's environment: the job's own, the recipe's, and the variables that the contract promises."""

import re
from collections.abc import Mapping
from pathlib import Path

from droptrain_container.plan import Plan

# The channels that have a variable of their own.
CHANNEL_VARIABLES: Mapping[str, str] = {"training": "TRAINING_DATA", "testing": "TEST_DATA"}
_NOT_IN_A_NAME = re.compile(r"[^A-Z0-9_]")


def of_script(
    inherited: Mapping[str, str],
    plan: Plan,
    *,
    run_uri: str,
    code_uri: str,
    input_uris: Mapping[str, str],
    checkpoint_dir: Path,
    metrics_file: Path,
) -> dict[str, str]:
    """The environment that the script runs in; where names meet, the contract's wins, then the recipe's."""
    hyperparameters = {hyperparameter_variable(name): text for name, text in plan.hyperparameters.items()}
    inputs = {
        name: input_uris[channel] for channel, name in CHANNEL_VARIABLES.items() if channel in input_uris
    }
    return {
        **inherited,
        **plan.environment,
        **hyperparameters,
        **inputs,
        "RUN_SCRIPT": f"{code_uri}/{plan.entrypoint}",
        "SCRIPT_DIR": code_uri,
        "MODEL_DIR": f"{run_uri}model",
        "EXPORT_PATH": f"{run_uri}export",
        "CHECKPOINT_DIR": str(checkpoint_dir),
        "METRICS_FILE": str(metrics_file),
        "PYTHONUNBUFFERED": "1",
    }


def hyperparameter_variable(name: str) -> str:
    """HP_ and the name in capitals; what a shell's variable can't hold becomes an underscore."""
    return "HP_" + _NOT_IN_A_NAME.sub("_", name.upper())
