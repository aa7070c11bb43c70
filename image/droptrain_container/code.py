"""The project's code: where its pinned versions belong in the folder that the script runs in."""

from collections.abc import Iterable
from pathlib import Path

from droptrain_container import command
from droptrain_container.exit_codes import EndError
from droptrain_container.plan import Pinned, Plan
from droptrain_container.s3 import Bucket


def places(bucket: Bucket, plan: Plan, folder: Path) -> dict[Path, Pinned]:
    """The code's files below `folder`; EndError (input_missing) if the script isn't among them."""
    found = {
        folder / item.key.removeprefix(plan.code_prefix): item
        for item in plan.code
        if not item.key.endswith("/")
    }
    name = command.file_of(plan.entrypoint)
    if folder / name not in found:
        raise EndError(
            "input_missing",
            f"{name} isn't in the project's code: put it below s3://{bucket.name}/{plan.code_prefix}",
        )
    return found


def make_runnable(plan: Plan, folder: Path, files: Iterable[Path]) -> None:
    """Let scripts be executed; EndError (bad_data) if bash can't run the entrypoint."""
    for path in files:
        with path.open("rb") as content:
            # S3 keeps no permissions; a script may call another by its path.
            if content.read(2) == b"#!":
                path.chmod(0o755)
    if command.is_shell(plan):
        command.check_shell_script(folder / plan.entrypoint, plan.entrypoint)
