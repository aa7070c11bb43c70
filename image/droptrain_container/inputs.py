"""The inputs' S3 URIs: the dropped objects while they are what was pinned, else copies of what was pinned."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from droptrain_container import command, parallel
from droptrain_container.exit_codes import EndError
from droptrain_container.layout import Layout
from droptrain_container.plan import Pinned, Plan
from droptrain_container.s3 import Bucket, MissingError

# How code names its inputs where it expects files: SageMaker's and Vertex AI's names.
_NAMES_OF_FILES = (b"SM_CHANNEL", b"SM_INPUT", b"SM_TRAINING_ENV", b"/opt/ml/input", b"_DATA_URI")


def locate(bucket: Bucket, plan: Plan, prefix: str) -> dict[str, str]:
    """The URI of each channel: an object, or the folder of its several objects.

    A channel that isn't exactly what was pinned any more is copied, inside S3, to `prefix`pinned/<channel>/.
    EndError (input_missing) if a pinned version is gone.
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


def places(plan: Plan, layout: Layout) -> dict[Pinned, Path]:
    """Where SageMaker's dialect has the files of the channels, each below its channel's folder."""
    found: dict[Pinned, Path] = {}
    for channel, files in plan.inputs.items():
        above = shared_folder([item.key for item in files])
        for item in files:
            found[item] = layout.channel(channel) / item.key.removeprefix(above).lstrip("/")
    return found


def are_read_as_files(plan: Plan, code: Iterable[Path]) -> bool:
    """Whether the inputs are wanted as files: by Python always, by a shell script if code names them so."""
    if not command.is_shell(plan):
        return True
    return any(
        word in content
        for path in code
        if path.suffix in {".py", ".sh"}
        for content in [path.read_bytes()]
        for word in _NAMES_OF_FILES
    )


def fetch(bucket: Bucket, targets: Mapping[Pinned, Path]) -> None:
    """Fetch pinned versions into files; EndError (input_missing) if one is gone."""

    def fetch_one(item: Pinned) -> None:
        targets[item].parent.mkdir(parents=True, exist_ok=True)
        with _gone_named(bucket, item):
            targets[item].write_bytes(bucket.get(item.key, item.version_id))

    parallel.each(fetch_one, targets)


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
        with _gone_named(bucket, item):
            bucket.copy(item.key, item.version_id, targets[item])

    parallel.each(copy, targets)


@contextmanager
def _gone_named(bucket: Bucket, item: Pinned) -> Iterator[None]:
    try:
        yield
    except MissingError:
        raise EndError(
            "input_missing",
            f"Version {item.version_id} of s3://{bucket.name}/{item.key} is gone: "
            "drop the files again to train on them.",
        ) from None
