"""The script's environment: the job's own, the recipe's, and the variables of all three dialects."""

import os
import re
from collections.abc import Mapping, Sequence

from droptrain_container import command, sagemaker, vertex
from droptrain_container.layout import Layout
from droptrain_container.plan import Plan, text

# The channels that have a variable of their own.
CHANNEL_VARIABLES: Mapping[str, str] = {"training": "TRAINING_DATA", "testing": "TEST_DATA"}
_NOT_IN_A_NAME = re.compile(r"[^A-Z0-9_]")


def of_script(  # noqa: PLR0913  one parameter for each source of variables
    inherited: Mapping[str, str],
    plan: Plan,
    *,
    run_uri: str,
    code_uri: str,
    input_uris: Mapping[str, str],
    layout: Layout,
    gpus: int,
    words: Sequence[str],
    secrets: Mapping[str, str] | None = None,
    of_step: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The environment that the script runs in; where names meet, the contract's wins, then the recipe's.

    A variable that the recipe removes isn't there, whatever else would set it.

    `gpus` is how many it can see, `words` are its arguments, `secrets` the values of the plan's secrets;
    `of_step` are the variables of the prepared data and of the model to continue from.
    """
    job_name = run_uri.rstrip("/").rpartition("/")[2]
    hyperparameters = {
        hyperparameter_variable(name): text(value) for name, value in plan.hyperparameters.items()
    }
    inputs = {
        name: input_uris[channel] for channel, name in CHANNEL_VARIABLES.items() if channel in input_uris
    }
    everything = {
        **inherited,
        **plan.environment,
        **(secrets or {}),
        **vertex.variables(plan, layout, job_name=job_name),
        **sagemaker.variables(
            plan,
            layout,
            job_name=job_name,
            code_uri=code_uri,
            gpus=gpus,
            words=words,
            region=inherited.get("AWS_DEFAULT_REGION") or inherited.get("AWS_REGION", ""),
        ),
        **hyperparameters,
        **inputs,
        "RUN_SCRIPT": f"{code_uri}/{command.file_of(plan.entrypoint)}",
        "SCRIPT_DIR": code_uri,
        "MODEL_DIR": f"{run_uri}model",
        "EXPORT_PATH": f"{run_uri}export",
        **(of_step or {}),
        "CHECKPOINT_DIR": str(layout.checkpoints),
        "METRICS_FILE": str(layout.metrics_file),
        "DROPTRAIN_RECLAIM": str(layout.reclaim_file),
        "PYTHONUNBUFFERED": "1",
    }
    if command.is_file(plan):
        # Modules of the code are found from its subfolders too, as in SageMaker.
        found = (str(layout.code), everything.get("PYTHONPATH"))
        everything["PYTHONPATH"] = os.pathsep.join(filter(None, found))
    return {name: value for name, value in everything.items() if name not in plan.removed}


def hyperparameter_variable(name: str) -> str:
    """HP_ and the name in capitals; what a shell's variable can't hold becomes an underscore."""
    return "HP_" + _NOT_IN_A_NAME.sub("_", name.upper())
