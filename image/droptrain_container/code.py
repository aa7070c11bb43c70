"""The project's code: the pinned versions, fetched into the folder that the script runs in."""

from pathlib import Path

from droptrain_container import command, parallel
from droptrain_container.exit_codes import EndError
from droptrain_container.plan import Pinned, Plan
from droptrain_container.s3 import Bucket, MissingError


def fetch(bucket: Bucket, plan: Plan, folder: Path) -> Path:
    """Fetch the code into `folder` with its subfolders, and return the script's path.

    EndError: input_missing if a pinned version is gone or the script isn't among the code, bad_data if bash
    can't run the script.
    """
    name = command.file_of(plan.entrypoint)
    script = folder / name
    if plan.code_prefix + name not in {item.key for item in plan.code}:
        raise EndError(
            "input_missing",
            f"{name} isn't in the project's code: put it below s3://{bucket.name}/{plan.code_prefix}",
        )

    def fetch_one(item: Pinned) -> None:
        path = folder / item.key.removeprefix(plan.code_prefix)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = _content(bucket, item)
        path.write_bytes(content)
        # S3 keeps no permissions; a script may call another by its path.
        if content.startswith(b"#!"):
            path.chmod(0o755)

    folder.mkdir(parents=True, exist_ok=True)
    parallel.each(fetch_one, [item for item in plan.code if not item.key.endswith("/")])
    if command.is_shell(plan):
        command.check_shell_script(script, name)
    return script


def _content(bucket: Bucket, item: Pinned) -> bytes:
    try:
        return bucket.get(item.key, item.version_id)
    except MissingError:
        raise EndError(
            "input_missing",
            f"Version {item.version_id} of the code file s3://{bucket.name}/{item.key} is gone: "
            "publish the code again and launch a new run.",
        ) from None
