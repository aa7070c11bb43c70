"""Datasets: names in the bucket, a dataset's files, and when a dataset is ready to train."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Literal

from droptrain_core.domain import event_field, times
from droptrain_core.domain.datasets.data_file import is_data_file
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.text import plain

MARKER = "_SUCCESS"
RECIPE = "train.yaml"
# In lower case. Windows shows the last one without its ending.
_RECIPE_NAMES = (RECIPE, "train.yml", "train.yaml.txt")
# The folder of a project where a CSV isn't dropped data.
_CODE = "code"
# An object's metadata under this name is the id of the signed link that uploaded it.
LINK_METADATA = "droptrain-link"
NO_NAME = "-"  # stands where a rejected key names no project or dataset
PROJECT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
DATASET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")

# A launch can list so much, and write it into run.json, well within its function's timeout.
MAX_INPUTS = 10_000
MAX_CODE_FILES = 10_000
# From so many bytes on a file is uploaded in parts: an interrupted upload continues after its last part.
MULTIPART_FROM = 64 << 20
_MAX_NAME_BYTES = 255  # of a file or folder on Linux
# Files that programs leave beside data: what begins with a dot, as of Finder, Jupyter and Hadoop, and what
# Spark, Databricks, macOS's archives and Windows write.
_HIDDEN = re.compile(
    r"\.(?!\.?$).*|_temporary|_(?:started|committed)_.*|__MACOSX|Thumbs\.db|desktop\.ini", re.DOTALL
)

# How many of a waiting dataset's files are named to people.
FILES_NAMED = 10

Trigger = Literal["files", "quiet", "marker"]


@frozen
class ObjectVersion:
    """One version of one S3 object; `size` in bytes."""

    key: str
    version_id: str
    size: int
    etag: str

    @property
    def identity(self) -> str:
        """What no other version of any object has; without versioning, all versions' ids are "null"."""
        version = f"null {self.etag}" if self.version_id == "null" else self.version_id
        return f"{self.key}\0{version}"


@frozen
class Input:
    """A dropped file and the channel that the recipe gives it."""

    channel: str
    object: ObjectVersion


@frozen
class Created:
    """An object version that was uploaded, when, and the operation; None if the event lacks it."""

    key: str
    version_id: str
    at: datetime | None = None
    operation: str | None = None

    @property
    def may_be_by_link(self) -> bool:
        """Whether a signed PutObject may have made it; a copy, also in parts, has its source's metadata."""
        return self.operation not in ("CopyObject", "CompleteMultipartUpload")


@frozen
class Drop:
    """An uploaded key that obeys the bucket's contract."""

    project: str
    dataset: str
    file: str


@frozen
class BadDrop:
    """A file in a place where nothing reads it: rejected with `problem` and `fix`.

    One rejection answers all such files in `folder`.
    """

    project: str
    dataset: str
    problem: str
    fix: str
    folder: str


@frozen
class OtherKey:
    """A key that isn't a drop; ignored and counted."""


@frozen
class Readiness:
    """The inputs in a dataset's folder, the marker if the recipe waits for one, and the missing files.

    `present` names at most FILES_NAMED of the files in the folder, inputs or not, but for hidden ones: first
    those that are nearly a missing one.
    `may_grow`: the marker is older than a file that a pattern takes, so it doesn't say that all are there.
    """

    inputs: tuple[Input, ...]
    missing: tuple[str, ...]
    marker: ObjectVersion | None = None
    present: tuple[str, ...] = ()
    may_grow: bool = False

    @property
    def ready(self) -> bool:
        return not self.missing

    @property
    def versions(self) -> tuple[ObjectVersion, ...]:
        """The dropped objects, each once: the inputs, and the marker that completes them."""
        objects = (*(item.object for item in self.inputs), *([self.marker] if self.marker else []))
        return tuple(dict.fromkeys(objects))


def datasets_prefix(project: str) -> str:
    """The folder of the project's datasets."""
    return f"projects/{project}/data/"


def data_prefix(project: str, dataset: str) -> str:
    """The folder that the dataset's files are dropped into."""
    return f"{datasets_prefix(project)}{dataset}/"


def code_prefix(project: str) -> str:
    """The folder of the project's code: SCRIPT_DIR."""
    return f"projects/{project}/code/"


def recipe_key(project: str) -> str:
    """The key of the project's recipe."""
    return f"projects/{project}/{RECIPE}"


def read_created(event: Mapping[str, Any]) -> Created:
    """The object version that an S3 event reports; UnreadableError.

    In a bucket without versioning an object's only version is "null", and the event names none. The event's
    time is when S3 finished the request.
    """
    item = event_field.mapping(event, "detail", "object")
    version_id = event_field.text(item, "version-id") if "version-id" in item else "null"
    operation = event["detail"].get("reason")
    return Created(
        event_field.text(item, "key"),
        version_id,
        _moment(event.get("time")),
        operation if isinstance(operation, str) else None,
    )


def _moment(text: object) -> datetime | None:
    try:
        return times.from_text(text) if isinstance(text, str) else None
    except ValueError:
        return None


def judge_key(key: str) -> Drop | BadDrop | OtherKey:
    """The meaning of an uploaded key in the bucket's contract."""
    parts = key.split("/")
    if parts[0] != "projects" or len(parts) < 2 or not parts[-1]:
        return OtherKey()
    if len(parts) < 4 or parts[2] != "data":
        return _judge_beside_data(parts)
    project, dataset, file = parts[1], parts[3], "/".join(parts[4:])
    if problem := _wrong_place(project, dataset, file):
        folder = "/".join(parts[:4] if file else parts[:3])
        return _bad_drop(parts, dataset if file else NO_NAME, *problem, folder)
    return Drop(project, dataset, file)


def _wrong_place(project: str, dataset: str, file: str) -> tuple[str, str] | None:
    """(What is wrong, how to fix it) with a place below `data/`."""
    if not file:
        fix = f"Upload it into a dataset's folder, such as projects/{project}/data/first/{dataset}."
        return "it is directly in the data folder, so it belongs to no dataset", fix
    if not PROJECT_NAME.fullmatch(project):
        fix = "A project's name has 1 to 40 of a-z, 0-9 and -, and starts with a letter or digit."
        return f"{project!r} can't be a project's name", fix
    if not is_a_path(file):
        fix = "A folder or file can't be named '.' or '..', and its name has 1 to 255 bytes."
        return "no file can have this path", fix
    if not DATASET_NAME.fullmatch(dataset):
        fix = "A dataset's name has 1 to 40 of a-z, 0-9, -, . and _, and starts with a letter or digit."
        return f"{dataset!r} can't be a dataset's name", fix
    return None


def _judge_beside_data(parts: list[str]) -> BadDrop | OtherKey:
    """What a key outside of the data folders means: data may lie one folder off, a recipe be misnamed."""
    name = parts[-1]
    if len(parts) == 3 and name.lower() in _RECIPE_NAMES and name != RECIPE:
        fix = f"Call it {RECIPE}. Until then, the project trains with the recipe that {RECIPE} has, if any."
        return _bad_drop(parts, NO_NAME, f"a recipe of this name isn't read: {name!r}", fix, "/".join(parts))
    if is_data_file(name) and (len(parts) < 4 or parts[2] != _CODE):
        fix = f"Upload it to projects/PROJECT/data/DATASET/{name}, with your project's and dataset's names."
        problem = "it is outside of the data folder, so it belongs to no dataset"
        return _bad_drop(parts, NO_NAME, problem, fix, "/".join(parts[:-1][:3]))
    return OtherKey()


def _bad_drop(parts: list[str], dataset: str, problem: str, fix: str, folder: str) -> BadDrop | OtherKey:
    if is_hidden("/".join(parts)):
        return OtherKey()
    project = parts[1] if len(parts) > 2 else NO_NAME
    return BadDrop(plain(project).strip() or NO_NAME, plain(dataset).strip() or NO_NAME, problem, fix, folder)


def is_a_path(path: str) -> bool:
    """Whether a file can have the relative `path`; keys can be any text."""
    return "\0" not in path and all(
        part not in ("", ".", "..") and len(part.encode(errors="replace")) <= _MAX_NAME_BYTES
        for part in path.split("/")
    )


def match_inputs(
    patterns: Mapping[str, str], trigger: Trigger, objects: Iterable[ObjectVersion], folder: str
) -> Readiness:
    """The inputs among `objects` below `folder`, oldest first, by `patterns` (channel: file or glob).

    A `*` stays within one folder level, and takes no hidden file. A marker and a key that no file can have
    are never inputs. Every pattern has to match at least one object, and the trigger `marker` needs the
    marker as well.
    """
    uploaded = tuple(objects)
    present = sorted(
        (
            item
            for item in uploaded
            if item.key.startswith(folder) and not is_passed_over(item.key[len(folder) :], patterns.values())
        ),
        key=lambda item: item.key,
    )
    inputs: list[Input] = []
    missing: list[str] = []
    for channel, pattern in sorted(patterns.items()):
        found = [item for item in present if matches(item.key[len(folder) :], pattern)]
        inputs.extend(Input(channel, item) for item in found)
        if not found:
            missing.append(pattern)
    marker, may_grow = None, False
    if trigger == "marker":
        marker = next((item for item in present if item.key == folder + MARKER), None)
        missing += [] if marker else [MARKER]
        taken = {item.object for item in inputs if is_pattern(patterns[item.channel])}
        may_grow = next(
            (item in taken for item in reversed(uploaded) if item in taken or item == marker), False
        )
    files = sorted(
        (item.key[len(folder) :] for item in present),
        key=lambda file: not any(nearly_matches(file, name) for name in missing),
    )
    return Readiness(tuple(inputs), tuple(missing), marker, tuple(sorted(files[:FILES_NAMED])), may_grow)


def oldest_first(uploaded: Iterable[tuple[ObjectVersion, datetime | float]]) -> tuple[ObjectVersion, ...]:
    """Objects by the time of their upload; of those of one second, S3's precision, a marker comes last.

    An upload in parts has the time when it began (S3 user guide, object metadata), and comes after a marker
    of the same second. Its ETag ends with the number of its parts.
    """

    def place(each: tuple[ObjectVersion, datetime | float]) -> tuple[Any, bool, bool]:
        item, at = each
        return at, "-" in item.etag, item.key.endswith(f"/{MARKER}")

    return tuple(item for item, _ in sorted(uploaded, key=place))


def matches(file: str, pattern: str) -> bool:
    """Whether the recipe's `pattern` takes `file`, a path in a dataset's folder.

    Of a hidden file or folder, the pattern has to name the first character.
    """
    levels, wanted = file.split("/"), pattern.split("/")
    if len(levels) != len(wanted) or levels[-1] == MARKER or not is_a_path(file):
        return False
    return all(map(_takes, levels, wanted))


def _takes(level: str, pattern: str) -> bool:
    return fnmatchcase(level, pattern) and (level[0] == pattern[0] or not _HIDDEN.fullmatch(level))


def nearly_matches(file: str, pattern: str) -> bool:
    """Whether `file` would match `pattern` in another folder, case of letters, or form of Unicode."""
    last, name = (composed(each.rpartition("/")[2]).lower() for each in (file, pattern))
    return last == name or fnmatchcase(last, name)


def composed(name: str) -> str:
    """The name in one form of Unicode; macOS writes letters and their accents as separate characters."""
    return unicodedata.normalize("NFC", name)


def is_hidden(path: str) -> bool:
    """Whether a program left this file beside the data: by its name, or that of a folder in its path."""
    return any(map(_HIDDEN.fullmatch, path.split("/")))


def is_passed_over(file: str, patterns: Iterable[str]) -> bool:
    """Whether a file of a dataset counts as if it weren't there: it is hidden, and no pattern takes it."""
    return is_hidden(file) and not any(matches(file, pattern) for pattern in patterns)


def is_pattern(name: str) -> bool:
    """Whether an input of a recipe is a pattern, which any number of files can match, and not a file."""
    return any(sign in name for sign in "*?[")


def too_many_inputs(count: int) -> Cause | None:
    """The reason to reject so many inputs, if it is one."""
    if count <= MAX_INPUTS:
        return None
    return Cause(
        "too_many_inputs",
        f"The dataset has {count} input files; a run can have {MAX_INPUTS}",
        "Join them into fewer, larger files, drop those, and delete the small ones.",
    )


def drop_id(project: str, dataset: str, versions: Iterable[ObjectVersion]) -> str:
    """The drop's identity: project, dataset and the exact versions of its files, in any order."""
    return digest(project, dataset, *sorted({item.identity for item in versions}))


def digest(*texts: str) -> str:
    """sha256 over texts, hex; different lists of texts never join to the same bytes."""
    whole = hashlib.sha256()
    for text in texts:
        whole.update(hashlib.sha256(text.encode()).digest())
    return whole.hexdigest()
