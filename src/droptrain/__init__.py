"""Trains models from Python: drop data into a project, follow its run, fetch the model.

    import droptrain

    penguins = droptrain.project("penguins")
    run = penguins.drop(train="train.csv", test="test.csv").wait()
    print(run.status, run.metrics, run.cost)
    model = run.download("model/")

The stack is the one that DROPTRAIN_STACK names, else the laptop cloud that runs here.
"""

import os
from typing import TYPE_CHECKING, Any

from droptrain.errors import ApiError, DroptrainError, RunFailedError, StackError, UnreachableError

if TYPE_CHECKING:
    from droptrain.projects import Project
    from droptrain.run_list import RunList
    from droptrain.runs import Run
    from droptrain.sweeps import Sweep

__all__ = [
    "ApiError",
    "DroptrainError",
    "Project",
    "Run",
    "RunFailedError",
    "RunList",
    "StackError",
    "Sweep",
    "UnreachableError",
    "project",
    "run",
]
_LATER = {
    "Project": "droptrain.projects", "Run": "droptrain.runs", "RunList": "droptrain.run_list",
    "Sweep": "droptrain.sweeps",
}  # fmt: skip


def project(
    name: str, *, stack: str | None = None, region: str | None = None, profile: str | None = None
) -> "Project":
    """The project of that name, which need not have anything yet.

    `stack` is a CloudFormation stack's name, by default that of DROPTRAIN_STACK, else the laptop cloud;
    `region` and `profile` are the AWS CLI's by default. StackError if there is no such stack.
    """
    from droptrain.projects import Project

    return Project(_stack(stack, region, profile), name)


def run(
    name: str = "latest", *, stack: str | None = None, region: str | None = None, profile: str | None = None
) -> "Run":
    """The run that `name` means: an id or its beginning, a project (its latest run), or `latest` of all.

    DroptrainError if that isn't one run; the stack is found as by `project`.
    """
    from droptrain.runs import Run

    return Run.find(_stack(stack, region, profile), name)


def _stack(name: str | None, region: str | None, profile: str | None) -> Any:
    from droptrain.aws_errors import explaining
    from droptrain.stack import find_stack

    with explaining():
        return find_stack(name or os.environ.get("DROPTRAIN_STACK"), region=region, profile=profile)


def __getattr__(name: str) -> Any:
    """The classes, once somebody asks for them: `import droptrain` loads no AWS client."""
    if name not in _LATER:
        raise AttributeError(f"module 'droptrain' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LATER[name]), name)
