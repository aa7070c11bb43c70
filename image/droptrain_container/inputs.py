"""The inputs' S3 URIs: the dropped objects while they are what was pinned, else copies of what was pinned."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from droptrain_container import parallel
from droptrain_container.layout import Layout
from droptrain_container.plan import WARM_START, Pinned, Plan
from droptrain_container.s3 import Bucket, MissingError
from droptrain_container.transfer import gone

# How code names its inputs where it expects files: SageMaker's and Vertex AI's names.
_NAMES_OF_FILES = (b"SM_CHANNEL", b"SM_INPUT", b"SM_TRAINING_ENV", b"/opt/ml/input", b"_DATA_URI")


def locate(bucket: Bucket, plan: Plan, prefix: str) -> dict[str, str]:
    """The URI of each channel: an object, or the folder of its several objects.

    A channel that isn't exactly what was pinned any more is copied, inside S3, to `prefix`pinned/<channel>/.
    EndError (input_changed) if a pinned version is gone.
    """
    return {
        channel: _uri(bucket, files, f"{prefix}pinned/{channel}/") for channel, files in plan.inputs.items()
    }


def locate_code(bucket: Bucket, plan: Plan, prefix: str) -> str:
    """The URI of the folder of all code, without a slash at the end; copied like an input where it moved."""
    if _is_live(bucket, plan.code_prefix, plan.code):
        return f"s3://{bucket.name}/{plan.code_prefix}".rstrip("/")
    target = f"{prefix}pinned/code/"
    _copy_all(bucket, {item: target + item.key.removeprefix(plan.code_prefix) for item in plan.code})
    return f"s3://{bucket.name}/{target}".rstrip("/")


def places(plan: Plan, layout: Layout) -> dict[Path, Pinned]:
    """The files that SageMaker's dialect has of the channels, each below its channel's folder."""
    found: dict[Path, Pinned] = {}
    for channel, files in plan.inputs.items():
        above = shared_folder([item.key for item in files])
        for item in files:
            if not item.key.endswith("/"):
                found[layout.channel(channel) / item.key.removeprefix(above).lstrip("/")] = item
    return found


def places_of_start(plan: Plan, layout: Layout) -> dict[Path, Pinned]:
    """The files of the model that the training continues from, below WARM_START_DIR."""
    if plan.start is None:
        return {}
    folder = layout.channel(WARM_START)
    return {folder / item.key.removeprefix(plan.start.folder): item for item in plan.start.files}


def are_read_as_files(code: Iterable[Path]) -> bool:
    """Whether a shell script wants the inputs as files, as Python does: if any code names them so."""
    return any(
        word in content
        for path in code
        if path.suffix in {".py", ".sh"}
        for content in [path.read_bytes()]
        for word in _NAMES_OF_FILES
    )


def shared_folder(keys: Sequence[str]) -> str:
    """The deepest folder that all `keys` lie in, without a slash at the end."""
    first, last = min(keys).split("/")[:-1], max(keys).split("/")[:-1]
    shared = []
    for left, right in zip(first, last, strict=False):
        if left != right:
            break
        shared.append(left)
    return "/".join(shared)


def _uri(bucket: Bucket, files: tuple[Pinned, ...], target: str) -> str:
    root = f"s3://{bucket.name}/"
    if len(files) == 1:
        only = files[0]
        if bucket.live_version(only.key) == only.version_id:
            return root + only.key
        copy = target + only.key.rpartition("/")[2]
        _copy_all(bucket, {only: copy})
        return root + copy
    folder = shared_folder([item.key for item in files])
    if _is_live(bucket, folder + "/", files):
        return root + folder
    _copy_all(bucket, {item: target + item.key.removeprefix(folder + "/") for item in files})
    return root + target.rstrip("/")


def _is_live(bucket: Bucket, folder: str, files: Sequence[Pinned]) -> bool:
    """Whether a plain read of all that is in `folder` would get exactly `files`."""
    live = bucket.live_versions(folder)
    pinned = {item.key: item.version_id for item in files}
    # Folder placeholders and the marker that launched a dataset hold no data.
    return {key: live[key] for key in live if key in pinned or not key.endswith(("/", "/_SUCCESS"))} == pinned


def _copy_all(bucket: Bucket, targets: Mapping[Pinned, str]) -> None:
    def copy(item: Pinned) -> None:
        try:
            bucket.copy(item.key, item.version_id, targets[item])
        except MissingError:
            raise gone(bucket, item) from None

    parallel.each(copy, targets)
