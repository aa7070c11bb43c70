"""Opens a shell beside a running training: on AWS by ECS Exec, on a laptop as another process."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from droptrain_core.domain.runs.run import run_prefix

from droptrain.api import Api
from droptrain.errors import DroptrainError
from droptrain.find_run import find_run
from droptrain.stack import Stack
from droptrain_local.render import find_root

_MODULE = "droptrain_container.shell"
_PLUGIN = "session-manager-plugin"
_PLUGIN_DOCS = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
# ECS splits the command at blanks and knows no quotes that every agent reads alike.
_COMMAND = f"/opt/droptrain/venv/bin/python3 -I -m {_MODULE}"


def open_shell(stack: Stack, name: str) -> NoReturn:
    """Open a shell beside the run that `name` means, and exit as it exits.

    DroptrainError if the run doesn't run, or can't be entered.
    """
    run = find_run(Api(stack), name)
    if run["status"] != "RUNNING":
        raise DroptrainError(f"{run['run_id']} is {run['status']}: only a run that is RUNNING has a shell.")
    if stack.is_laptop:
        folder = f"s3://{stack.bucket}/{run_prefix(run['project'], run['run_id'])}"
        raise SystemExit(beside_process(folder))
    raise SystemExit(_enter_container(stack, run))


def beside_process(folder: str, *options: str) -> int:
    """Open a shell beside this machine's run with that folder (s3://...); its exit code."""
    environment = {**os.environ, "PYTHONPATH": str(find_root() / "image")}
    with _ctrl_c_is_the_shell_s():
        return subprocess.call([sys.executable, "-m", _MODULE, *options, folder], env=environment)


def _enter_container(stack: Stack, run: Mapping[str, Any]) -> int:
    plugin = shutil.which(_PLUGIN)
    if plugin is None:
        raise DroptrainError(f"AWS's {_PLUGIN} isn't installed here. Install it: {_PLUGIN_DOCS}")
    [job] = stack.client("batch").describe_jobs(jobs=[run["batch_job_id"]])["jobs"]
    container = job["container"]
    if not container.get("enableExecuteCommand"):
        raise DroptrainError(
            f"{run['run_id']} was launched without a way in. Deploy the stack with AllowShell=yes: runs that "
            "are launched from then on can be entered."
        )
    task = container["taskArn"]
    cluster = task.split("/")[-2]
    ecs = stack.client("ecs")
    [entered] = ecs.describe_tasks(cluster=cluster, tasks=[task])["tasks"]
    [runtime_id] = (each["runtimeId"] for each in entered["containers"])
    session = _begin_session(stack, cluster, task)
    target = f"ecs:{cluster}_{task.rpartition('/')[2]}_{runtime_id}"
    words = [plugin, json.dumps(session), stack.region, "StartSession", stack.session.profile_name]
    with _ctrl_c_is_the_shell_s():
        return subprocess.call([*words, json.dumps({"Target": target}), ecs.meta.endpoint_url])


@contextmanager
def _ctrl_c_is_the_shell_s() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, lambda *_: None)  # SIG_IGN would be the child's too
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin_session(stack: Stack, cluster: str, task: str) -> Mapping[str, Any]:
    ecs = stack.client("ecs")
    try:
        answer = ecs.execute_command(cluster=cluster, task=task, command=_COMMAND, interactive=True)
    except ecs.exceptions.TargetNotConnectedException as error:
        raise DroptrainError(
            "The container's agent isn't connected. Try again in half a minute; if that stays, the instance "
            "can't reach AWS Systems Manager (ssmmessages)."
        ) from error
    session: Mapping[str, Any] = answer["session"]
    return session
