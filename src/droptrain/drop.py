"""Drops files into a dataset, and finds the run that comes of it."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from droptrain_core.aws.bucket import Bucket
from droptrain_core.domain.datasets.dataset import MARKER, ObjectVersion

from droptrain import drop_plan, formatting
from droptrain.api import Api
from droptrain.bucket_versions import kept_version
from droptrain.drop_plan import DropPlan
from droptrain.errors import DroptrainError
from droptrain.patience import Patience
from droptrain.stack import Stack
from droptrain.upload import Upload, finish_together

NO_RUN_AFTER_SECONDS = 1200.0  # an upload may settle for 900
_KEPT_DAYS = 7  # by the bucket's lifecycle
_LOOK_SECONDS = 0.5
_NEWEST = 20  # runs
_LISTED = 1000  # S3 lists so many at once


@dataclass(frozen=True)
class Dropped:
    """Versions by key: of what was uploaded, and of what was there already."""

    uploaded: Mapping[str, str]
    present: Mapping[str, str]


def default_dataset(
    bucket: Bucket, project: str, files: Mapping[str, Path], advance: Callable[[int], None]
) -> str:
    """The dataset of these contents, so that the same files always go into the same one.

    `advance` hears how many bytes were read.
    """
    digest = drop_plan.content_digest(files, advance)
    return drop_plan.dataset_name(files, digest, _datasets(bucket, project))


def must_be_whole(planned: DropPlan, missing: tuple[str, ...]) -> None:
    """DroptrainError if the dataset will lack files, for who wants its run."""
    if missing:
        lacks = f"{planned.place} still lacks {', '.join(missing)}. There would be no run to watch: drop all"
        raise DroptrainError(" ".join((f"{lacks} of it together.", *planned.near_misses(missing))))


def send(
    stack: Stack, planned: DropPlan, present: tuple[ObjectVersion, ...], advance: Callable[[int], None]
) -> Dropped:
    """Upload what isn't there yet; large files first, so that all of them appear within moments.

    An error that ends it has notes (PEP 678): which files have appeared, and what S3 keeps of others.
    """
    s3 = stack.client("s3")
    uploads: list[Upload] = []
    there: dict[str, str] = {}
    try:
        for name, path in planned.files.items():
            upload = Upload(s3, stack.bucket, planned.folder + name, path, advance)
            if item := upload.is_there(present):
                there[upload.key] = item.version_id
                advance(upload.size)
            else:
                uploads.append(upload)
        for upload in uploads:
            upload.send()
        uploaded = let_appear(stack, planned, uploads, there)
    except BaseException as error:
        for note in (*_what_has_appeared(planned, uploads), *_what_is_kept(uploads)):
            error.add_note(note)
        raise
    return Dropped(uploaded, there)


def let_appear(
    stack: Stack, planned: DropPlan, uploads: Collection[Upload], there: Mapping[str, str]
) -> dict[str, str]:
    """Let files that were sent appear together, and the marker after them if the dataset is whole.

    `there` has the versions (by key) of files that were in the bucket already; the answer has those of the
    new ones. ChangedError, or DroptrainError if a file of `there` was replaced, before anything has appeared.
    """
    s3 = stack.client("s3")
    present = Bucket(s3, stack.bucket).folder(planned.folder)
    now = {item.key: item.version_id for item in present}
    if replaced := [key for key in there if now.get(key) != there[key]]:
        names = ", ".join(key.removeprefix(planned.folder) for key in replaced)
        raise DroptrainError(
            f"Somebody else replaced or deleted {names} in {planned.place} while the rest was sent. So "
            "nothing of this drop has appeared. Drop all of it again."
        )
    uploaded = finish_together(uploads)
    marker = planned.marker
    if marker and not planned.missing(present) and (uploaded or marker not in now):
        answer = s3.put_object(Bucket=stack.bucket, Key=marker)
        uploaded[marker] = kept_version(answer.get("VersionId"), stack.bucket)
    return uploaded


def find_run(
    api: Api,
    planned: DropPlan,
    done: Dropped,
    present: Iterable[ObjectVersion],
    earlier: Collection[str],
) -> str:
    """The id of the run that trains these files, once it is there.

    DroptrainError if none comes, or if the dataset waits for the end of its project's cooldown.
    """
    known = {**done.present, **done.uploaded}
    digest = planned.inputs_digest(present, done.uploaded)
    deadline = time.monotonic() + NO_RUN_AFTER_SECONDS
    patience = Patience()
    while time.monotonic() < deadline:
        found: str | None = None
        with patience.attempt():
            found = run_that_trains(api, planned, known, digest, earlier)
            if not found and planned.recipe.retrain.cooldown_seconds:
                _check_cooldown(api, planned)
        if found:
            return found
        time.sleep(_LOOK_SECONDS)
    raise DroptrainError(
        f"{planned.place} has launched no run within {NO_RUN_AFTER_SECONDS:.0f} s. docs/operations says "
        "where an upload's event can be; droptrain doctor, whether the stack can train."
    )


def _check_cooldown(api: Api, planned: DropPlan) -> None:
    for waiting in api.get(f"/projects/{planned.project}")["waiting"]:
        if waiting["dataset"] == planned.dataset and waiting["arrived_at"]:
            raise DroptrainError(
                f"{planned.place} waits for the end of the project's cooldown, at {waiting['due_at']}: "
                "the newest dataset trains then. "
                f"To train it now: droptrain launch {planned.project} {planned.dataset}"
            )


def runs_of(api: Api, planned: DropPlan) -> tuple[str, ...]:
    """The ids of the dataset's newest runs; one of them can have the inputs of a drop with a new marker."""
    runs = api.get("/runs", project=planned.project, dataset=planned.dataset, limit=_NEWEST)["runs"]
    return tuple(run["run_id"] for run in runs)


def run_that_trains(
    api: Api, planned: DropPlan, known: Mapping[str, str], digest: str | None, earlier: Collection[str]
) -> str | None:
    """The id of the newest run that has all these versions (by key) as inputs and isn't an earlier one.

    A record names the first 100 inputs, so a run also counts if all of its inputs have this digest.
    """
    wanted = {key: version for key, version in known.items() if not key.endswith(f"/{MARKER}")}
    runs = api.get("/runs", project=planned.project, dataset=planned.dataset, limit=_NEWEST)["runs"]
    new = (run for run in runs if run["run_id"] not in earlier)
    return next((str(run["run_id"]) for run in new if _trains(run, wanted, digest)), None)


def _datasets(bucket: Bucket, project: str) -> Iterator[str]:
    after, more = None, True
    while more:
        names, more = bucket.datasets(project, after, _LISTED)
        yield from names
        after = names[-1] if names else None


def _trains(run: Mapping[str, Any], wanted: Mapping[str, str], digest: str | None) -> bool:
    named = {item["key"]: item["version_id"] for item in run["inputs"]}
    return wanted.items() <= named.items() or run["inputs_digest"] == digest


def _what_has_appeared(planned: DropPlan, uploads: list[Upload]) -> Iterator[str]:
    """Each file that is there, and each that isn't: S3 can't publish several objects at once."""
    if not any(each.version_id for each in uploads):
        return
    for each in uploads:
        state = "has appeared" if each.version_id else "has not appeared"
        yield formatting.clean(f"{each.key.removeprefix(planned.folder)} {state} in {planned.place}.")
    yield "Drop all of it again: what is there isn't sent twice."


def _what_is_kept(uploads: list[Upload]) -> Iterator[str]:
    kept = [each for each in uploads if each.kept_bytes and not each.version_id]
    for each in kept:
        sizes = f"{formatting.size(each.kept_bytes)} of {formatting.size(each.size)}"
        yield formatting.clean(f"S3 has {sizes} of {each.path}.")
    if kept:
        yield f"The same command continues from there, within {_KEPT_DAYS} days."
