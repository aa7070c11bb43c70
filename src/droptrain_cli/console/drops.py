"""Drops from the page: each file is sent to S3 as it comes, and all of them appear together at the end.

PUT /local/uploads takes one file: its bytes lie in a temporary folder until a large one's parts are in S3,
where nothing is to be seen of it yet. POST /local/drops lets the files appear as `droptrain drop` does, waits
a while for the run that trains them, and may be repeated: what is there already isn't sent again, and a
repeat goes on waiting.
"""

import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from droptrain.aws.bucket import Bucket
from droptrain.domain.dataset import data_prefix

from droptrain_cli.api import Api
from droptrain_cli.console.answers import ProblemError
from droptrain_cli.console.request import Body
from droptrain_cli.drop_files import let_appear, run_that_trains
from droptrain_cli.drop_plan import DropPlan, check_dataset_name, check_input
from droptrain_cli.project_folder import check_project_name
from droptrain_cli.published import published_recipe
from droptrain_cli.stack import Stack
from droptrain_cli.upload import Upload

WAIT_SECONDS = 60.0  # a drop settles for 30 by default
_LOOK_SECONDS = 0.5


@dataclass
class _Sent:
    """A file on its way: how much of it S3 has."""

    upload: Upload
    bytes: int = 0


@dataclass
class _Dataset:
    """What the page has sent of a dataset: files on their way, and versions by key of what has appeared."""

    sent: dict[str, _Sent] = field(default_factory=dict)
    appeared: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Drops:
    """The datasets that one start of the console has taken."""

    def __init__(self, stack: Stack, wait_seconds: float = WAIT_SECONDS) -> None:
        self._stack = stack
        self._bucket = Bucket(stack.client("s3"), stack.bucket)
        self._api = Api(stack)
        self._wait_seconds = wait_seconds
        self._folder = tempfile.TemporaryDirectory(prefix="droptrain-", ignore_cleanup_errors=True)
        self._datasets: dict[tuple[str, str], _Dataset] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def take(self, project: str, dataset: str, file: str, body: Body) -> dict[str, Any]:
        """Take a file, and send a large one's parts; CommandError if it is no input of the project."""
        _check_names(project, dataset, file)
        check_input(project, file, published_recipe(self._bucket, project))
        path = Path(self._folder.name, uuid.uuid4().hex)
        body.write_to(path)
        if not path.stat().st_size:
            path.unlink()
            raise ProblemError(
                422, "empty", f"{file} is empty, so a run would be rejected. Drop another one."
            )
        state = self._dataset(project, dataset)

        def advance(count: int) -> None:
            sent.bytes += count

        key = data_prefix(project, dataset) + file
        sent = _Sent(Upload(self._stack.client("s3"), self._stack.bucket, key, path, advance))
        with state.lock:
            before, state.sent[file] = state.sent.get(file), sent
        if before:
            before.upload.path.unlink(missing_ok=True)
        is_there = sent.upload.is_there(self._bucket.folder(key)) is not None
        if not is_there:
            sent.upload.send()
        return {"file": file, "size": sent.upload.size, "is_there": is_there}

    def progress(self, project: str, dataset: str) -> dict[str, Any]:
        """How many bytes of each file S3 has: a large one's parts; a small one is sent when it appears."""
        state = self._dataset(project, dataset)
        with state.lock:
            files = [
                {"file": file, "size": each.upload.size, "sent": each.bytes}
                for file, each in sorted(state.sent.items())
            ]
        return {"files": files}

    def commit(self, project: str, dataset: str, files: Sequence[str]) -> dict[str, Any]:
        """Let the files appear, and find the run that trains them: None if none comes while this waits.

        ProblemError 409 if a file hasn't been sent.
        """
        _check_names(project, dataset, *files)
        state = self._dataset(project, dataset)
        folder = data_prefix(project, dataset)
        recipe = published_recipe(self._bucket, project)
        with state.lock:
            wanted = {file: state.sent[file] for file in files if file in state.sent}
            unsent = [file for file in files if file not in wanted and folder + file not in state.appeared]
            if unsent:
                raise ProblemError(409, "not-sent", f"{', '.join(unsent)}: not sent yet. Send it first.")
            paths = {file: each.upload.path for file, each in wanted.items()}
            planned = DropPlan(project, dataset, paths, (), recipe)
            present = self._bucket.folder(folder)
            missing = planned.missing(present)
            uploads = []
            for each in wanted.values():
                if item := each.upload.is_there(present):
                    state.appeared[item.key] = item.version_id
                else:
                    uploads.append(each.upload)
            uploaded = let_appear(self._stack, planned, uploads, present, is_whole=not missing)
            state.appeared |= uploaded
            for file, path in paths.items():
                del state.sent[file]
                path.unlink(missing_ok=True)
            known = dict(state.appeared)
        run_id = None if missing else self._run(project, dataset, known, launch=bool(wanted) and not uploaded)
        return {"project": project, "dataset": dataset, "missing": list(missing), "run_id": run_id}

    def close(self) -> None:
        """Let nobody wait any more, and delete what was taken."""
        self._closing.set()
        self._api.close()
        self._folder.cleanup()

    def _dataset(self, project: str, dataset: str) -> _Dataset:
        with self._lock:
            return self._datasets.setdefault((project, dataset), _Dataset())

    def _run(self, project: str, dataset: str, known: dict[str, str], *, launch: bool) -> str | None:
        if launch:  # all of it was there already, so no event of it comes
            body = {"project": project, "dataset": dataset}
            run = self._api.post("/runs", body, idempotency_key=uuid.uuid4().hex).body
            return str(run["run_id"])
        deadline = time.monotonic() + self._wait_seconds
        while True:
            found = run_that_trains(self._api, project, dataset, known)
            if found or time.monotonic() > deadline or self._closing.wait(_LOOK_SECONDS):
                return found


def _check_names(project: str, dataset: str, *files: str) -> None:
    check_project_name(project)
    check_dataset_name(dataset)
    for file in files:
        if {"", ".", ".."} & set(file.split("/")):
            raise ProblemError(422, "bad-name", f"{file!r} can't be a file's name in a dataset.")
