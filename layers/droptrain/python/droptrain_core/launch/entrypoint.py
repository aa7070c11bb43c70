"""The entrypoint of a run is there, and its code can be downloaded into a folder. Pure."""

from collections.abc import Collection

from droptrain_core.domain.datasets.dataset import MAX_CODE_FILES, ObjectVersion, code_prefix, is_a_path
from droptrain_core.domain.errors import Cause, RejectedError
from droptrain_core.domain.recipes import recipe as recipes
from droptrain_core.launch.snapshot import Snapshot


def script_of(snapshot: Snapshot, bucket: str) -> str:
    """The entrypoint's file; RejectedError if it is missing, or the code can't be a folder of files."""
    found = snapshot.found
    folder = code_prefix(found.project)
    script = recipes.entrypoint_of(found.recipe, {item.key.removeprefix(folder) for item in snapshot.code})
    if script is None:
        raise RejectedError(_no_script(bucket, found.project, found.recipe.entrypoint))
    if wrong := _wrong_code(found.project, snapshot.code):
        raise RejectedError(wrong)
    return script


def check_script(snapshot: Snapshot, bucket: str, script: str) -> None:
    """RejectedError if this file of the code, or of a module, is missing."""
    project, file = snapshot.found.project, recipes.file_of(script)
    if code_prefix(project) + file not in {item.key for item in snapshot.code}:
        raise RejectedError(_no_script(bucket, project, file))


def _wrong_code(project: str, code: Collection[ObjectVersion]) -> Cause | None:
    """The cause if the code can't be downloaded into a folder."""
    folder = code_prefix(project)
    if len(code) > MAX_CODE_FILES:
        what = f"{folder} has {len(code)} files; a run can have {MAX_CODE_FILES}"
        return Cause("bad_code", what, "Move data out of the code folder, into the recipe's inputs.")
    files = {item.key for item in code if not item.key.endswith("/")}
    if bad := next((key for key in sorted(files) if not is_a_path(key.removeprefix(folder))), None):
        fix = "A folder or file can't be named '.' or '..', and its name has 1 to 255 bytes."
        return Cause("bad_code", f"{bad[:200]!r}: no file can have this path", fix)
    folders = {key[:end] for key in files for end, letter in enumerate(key) if letter == "/"}
    if both := files & folders:
        what = f"{min(both)!r} is a file and also a folder with files, which no disk can have"
        return Cause("bad_code", what, "Delete the file or the folder.")
    return None


def _no_script(bucket: str, project: str, entrypoint: str | None) -> Cause:
    folder = f"s3://{bucket}/{code_prefix(project)}"
    first, second = recipes.DEFAULT_SCRIPTS
    lacks = (
        f"no {folder}{recipes.file_of(entrypoint)}" if entrypoint else f"neither {folder}{first} nor {second}"
    )
    return Cause(
        "code_missing",
        f"The project has {lacks}",
        f"Upload the code with: aws s3 cp --recursive <your code folder> {folder} "
        "and launch the dataset with POST /runs or by dropping it again.",
    )
