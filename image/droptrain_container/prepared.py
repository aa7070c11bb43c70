"""Prepared data: what a preparation step leaves for the training, and what the training fetches of them.

The manifest names each file with its size and SHA-256. It is written after all of them, so that prepared data
are complete or not there.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from droptrain_container import parallel, transfer
from droptrain_container.exit_codes import EndError
from droptrain_container.folder import Entry, Look, key_of, look_of
from droptrain_container.layout import Layout
from droptrain_container.plan import Pinned, stays_inside
from droptrain_container.results import Listing, Results
from droptrain_container.s3 import Bucket, MissingError

MOST_FILES = 10_000
SCHEMA = 1
_DATA = "data/"
_MANIFEST = "manifest.json"
_NAMED = 3


@dataclass(frozen=True)
class Report:
    """What outcome.json says of the data that a step has prepared."""

    manifest_sha256: str
    files: int
    bytes: int


@dataclass(frozen=True)
class Prepared:
    """Prepared data in `folder` of the bucket; `files` has the size and the SHA-256 of each path."""

    bucket: Bucket
    folder: str
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        """PREPARED_DATA: the folder that holds exactly these files."""
        return f"s3://{self.bucket.name}/{self.folder}{_DATA}".rstrip("/")

    def fetch(self, target: Path, say: Callable[[str], None]) -> None:
        """Fetch the files below `target`; EndError (prepared_changed) if one isn't as its step left it."""
        key = f"{self.folder}{_DATA}"
        sizes = self.bucket.sizes(key)
        for path, (size, _) in self.files.items():
            if sizes.get(key + key_of(path)) != size:
                raise _changed(self.folder, f"{key_of(path)} is gone, or has another size")
        wanted = {
            target / path: Pinned(key + key_of(path), "", size) for path, (size, _) in self.files.items()
        }
        transfer.fetch(self.bucket, wanted, say)
        digests = parallel.each(lambda path: _sha256(target / path), self.files)
        for path, found in zip(self.files, digests, strict=True):
            if found != self.files[path][1]:
                raise _changed(self.folder, f"{key_of(path)} has other content")


def read(bucket: Bucket, folder: str, sha256: str) -> Prepared:
    """The prepared data in `folder`, whose manifest has to have this digest; EndError (prepared_changed)."""
    try:
        content = bucket.get(folder + _MANIFEST)
    except MissingError:
        raise _changed(folder, "the manifest is gone") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise _changed(folder, "the manifest is another one than the run's record names")
    files = {each["path"]: (each["size"], each["sha256"]) for each in json.loads(content)["files"]}
    if not all(map(stays_inside, files)):
        raise _changed(folder, "a file's path leads out of the folder")
    return Prepared(bucket, folder, files)


def upload(bucket: Bucket, folder: str, layout: Layout, results: Results) -> Report:
    """Upload PREPARED_DIR and its manifest.

    EndError: nothing_prepared for an empty folder, too_many_prepared for more than MOST_FILES files,
    prepared_incomplete if something in the folder can't be uploaded, or changes meanwhile.
    """
    listing = results.list_folder(layout.output_data, f"{folder}{_DATA}", "PREPARED_DIR")
    _check_whole(listing)
    if not listing.files:
        raise EndError("nothing_prepared", "The folder in PREPARED_DIR is empty")
    if len(listing.files) > MOST_FILES:
        raise EndError(
            "too_many_prepared",
            f"PREPARED_DIR has {len(listing.files)} files, of {MOST_FILES} at most.",
        )
    digests = parallel.each(lambda entry: _digest_of(listing, entry), listing.files.values())
    _check_whole(listing)
    files = [
        {"path": entry.name, "size": entry.size, "sha256": digest}
        for entry, digest in zip(listing.files.values(), digests, strict=True)
    ]
    results.upload_listed(listing)
    # A process that the script left behind may still write.
    for entry in listing.files.values():
        if _has_changed(entry):
            listing.folder.pass_over(entry.name, "it was changed while it was uploaded")
    _check_whole(listing)
    manifest = json.dumps({"schema": SCHEMA, "files": files}, indent=1).encode()
    bucket.put(folder + _MANIFEST, manifest)
    size = sum(entry.size for entry in listing.files.values())
    return Report(hashlib.sha256(manifest).hexdigest(), len(files), size)


def looks_of_inputs(layout: Layout) -> dict[str, Look]:
    """The state of each file in the folders of the input channels."""
    root = layout.input / "data"
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): look_of(path.stat()) for path in files}


def check_inputs(layout: Layout, before: Mapping[str, Look]) -> None:
    """EndError (inputs_written) if the step has changed its inputs since, or written files beside them."""
    now = looks_of_inputs(layout)
    changed = sorted(path for path in {*now, *before} if now.get(path) != before.get(path))
    if changed:
        named = ", ".join(changed[:_NAMED]) + (" and more" if len(changed) > _NAMED else "")
        message = f"The step changed its inputs, or wrote files beside them: {named}."
        raise EndError("inputs_written", message)


def _check_whole(listing: Listing) -> None:
    """EndError (prepared_incomplete) if anything in the folder was passed over."""
    if remarks := listing.folder.remarks(listing.called):
        message = f"The folder in PREPARED_DIR can't be stored whole. {' '.join(remarks)}"
        raise EndError("prepared_incomplete", message)


def _digest_of(listing: Listing, entry: Entry) -> str:
    try:
        return _sha256(entry.path)
    except OSError as error:
        listing.folder.pass_over(entry.name, f"it can't be read: {error.strerror}")
        return ""


def _has_changed(entry: Entry) -> bool:
    try:
        return entry.has_changed()
    except OSError:
        return True


def _changed(folder: str, what: str) -> EndError:
    message = f"The prepared data in {folder} aren't what their step left: {what}."
    return EndError("prepared_changed", message)


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
