"""What runs the entrypoint: bash for a shell script, Python for a file or a module."""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from droptrain_container.exit_codes import EndError
from droptrain_container.plan import Plan

_SHELL = ".sh"
_FILE = ".py"
_SHEBANG = re.compile(rb"#!.*\bpython")
_BASH_SAYS = re.compile(r"^.*?: line (\d+): (.*)$", re.MULTILINE)
_CHECK_SECONDS = 30


def is_shell(plan: Plan) -> bool:
    """Whether the entrypoint is the plain dialect's: a shell script that finds everything by variables."""
    return plan.entrypoint.endswith(_SHELL)


def is_module(plan: Plan) -> bool:
    """Whether the entrypoint is a module of a package, as Cloud ML Engine has it."""
    return not plan.entrypoint.endswith((_SHELL, _FILE))


def is_file(plan: Plan) -> bool:
    """Whether the entrypoint is a Python file, as in SageMaker's script mode."""
    return plan.entrypoint.endswith(_FILE)


def file_of(entrypoint: str) -> str:
    """The code file that an entrypoint names: a path, or a module such as trainer.task."""
    if entrypoint.endswith((_SHELL, _FILE)):
        return entrypoint
    return entrypoint.replace(".", "/") + _FILE


def of(plan: Plan, words: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The command line, to be run in the code's folder; EndError (bad_data) if there is no Python."""
    if is_shell(plan):
        return ["bash", plan.entrypoint, *words]
    named = [plan.entrypoint] if plan.entrypoint.endswith(_FILE) else ["-m", plan.entrypoint]
    return [find_python(environment), *named, *words]


def find_python(environment: Mapping[str, str]) -> str:
    """The Python that training code gets; EndError (bad_data)."""
    found = shutil.which("python", path=environment.get("PATH")) or shutil.which(
        "python3", path=environment.get("PATH")
    )
    if found is None:
        raise EndError("bad_data", "The image has no python on its PATH: build it from one that has.")
    return found


def check_shell_script(path: Path, name: str) -> None:
    """EndError (bad_data) with file and line if bash can't run it."""
    content = path.read_bytes()
    if b"\r\n" in content:
        raise EndError(
            "bad_data",
            f"{name} has Windows line endings, which bash can't run: take them out "
            f"(sed -i 's/\\r$//' {name}), publish it again and launch a new run.",
        )
    if b"\0" in content[:8192]:
        raise EndError("bad_data", f"{name} isn't a shell script: it has binary content.")
    if _SHEBANG.match(content):
        raise EndError(
            "bad_data",
            f"{name} isn't a shell script: its first line asks for Python. Name it with .py and say "
            "`entrypoint: NAME.py` in train.yaml.",
        )
    checked = subprocess.run(
        ["bash", "-n", str(path)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=_CHECK_SECONDS,
    )
    if checked.returncode:
        found = _BASH_SAYS.search(checked.stderr)
        where, what = (f", line {found[1]}", found[2]) if found else ("", checked.stderr.strip()[:200])
        raise EndError("bad_data", f"{name}{where}: {what}")
