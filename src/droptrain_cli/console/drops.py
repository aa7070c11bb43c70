"""Drops from the page: each file is sent to S3 as it comes, and all of them appear together at the end.

PUT /local/uploads takes one file: its bytes lie in a temporary folder until a large one's parts are in S3,
where nothing is to be seen of it yet. GET tells how far that is, DELETE gives it up. POST /local/drops lets
the files appear as `droptrain drop` does, and launches the run that trains them, or waits a while for it. It
may be repeated after a lost answer: what has appeared isn't sent again, and the repeat finds the same run.
"""

import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from droptrain_core.aws.bucket import Bucket
from droptrain_core.domain.datasets.dataset import data_prefix
from droptrain_core.domain.recipes.recipe import Recipe

from droptrain.api import Api
from droptrain.drop import let_appear, run_that_trains, runs_of
from droptrain.drop_plan import DropPlan, check_dataset_name, check_input, launches_at_once
from droptrain.errors import ApiError, UnreachableError
from droptrain.launch import launch
from droptrain.project_folder import check_project_name
from droptrain.published import published_recipe
from droptrain.stack import Stack
from droptrain.upload import Upload
from droptrain_cli.console.answers import ProblemError
from droptrain_cli.console.request import Body

WAIT_SECONDS = 60.0  # a drop settles for 30 by default
_LOOK_SECONDS = 0.5


@dataclass
class _Sent:
    """A file on its way, ready to appear once all of it is there. Who sends it has `lock`."""

    upload: Upload
    is_ready: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def give_up(self) -> None:
        self.upload.stop()
        with self.lock:
            self.upload.path.unlink(missing_ok=True)


@dataclass
class _Dataset:
    """What the page has sent of a dataset: files on their way, and versions by key of what has appeared.

    `earlier` are runs that were there before.
    """

    sent: dict[str, _Sent] = field(default_factory=dict)
    appeared: dict[str, str] = field(default_factory=dict)
    earlier: tuple[str, ...] = ()
    committing: threading.Lock = field(default_factory=threading.Lock)


class Drops:
    """The datasets that one start of the console has taken."""

    def __init__(self, stack: Stack, wait_seconds: float = WAIT_SECONDS) -> None:
        self._stack = stack
        self._api = Api(stack)
        self._wait_seconds = wait_seconds
        self._folder = tempfile.TemporaryDirectory(prefix="droptrain-", ignore_cleanup_errors=True)
        self._datasets: dict[tuple[str, str], _Dataset] = {}
        self._lock = threading.Lock()  # of the dictionaries
        self._closing = threading.Event()

    def take(self, project: str, dataset: str, file: str, body: Body) -> dict[str, Any]:
        """Take a file, and send a large one's parts; DroptrainError if it is no input of the project."""
        _check_names(project, dataset, file)
        check_input(project, file, self._recipe(project))
        upload = self._spool(data_prefix(project, dataset) + file, file, body)
        sent, state = _Sent(upload), self._dataset(project, dataset)
        with sent.lock:
            with self._lock:
                before = state.sent.get(file)
                state.sent[file] = sent
            try:
                if before:
                    before.give_up()
                is_there = upload.is_there(self._bucket.folder(upload.key)) is not None
                if not is_there:
                    upload.send()
            except BaseException:
                self._forget(state, {file: sent})
                raise
            sent.is_ready = True
        return {"file": file, "size": upload.size, "is_there": is_there}

    def progress(self, project: str, dataset: str) -> dict[str, Any]:
        """How many bytes of each file S3 has: a large one's parts; a small one is sent when it appears."""
        state = self._dataset(project, dataset)
        with self._lock:
            files = sorted(state.sent.items())
        return {
            "files": [
                {
                    "file": file,
                    "size": each.upload.size,
                    "sent": each.upload.kept_bytes,
                    "is_ready": each.is_ready,
                }
                for file, each in files
            ]
        }

    def give_up(self, project: str, dataset: str) -> dict[str, Any]:
        """Stop sending the dataset's files, and forget those that haven't appeared."""
        state = self._dataset(project, dataset)
        with self._lock:
            files, state.sent = state.sent, {}
        for each in files.values():
            each.give_up()
        return {"files": sorted(files)}

    def commit(self, project: str, dataset: str, files: Sequence[str]) -> dict[str, Any]:
        """Let the files appear, and find the run that trains them: None if none comes while this waits.

        ProblemError 409 if a file hasn't been sent.
        """
        _check_names(project, dataset, *files)
        recipe = self._recipe(project)
        state = self._dataset(project, dataset)
        folder = data_prefix(project, dataset)
        with state.committing, ExitStack() as held:
            with self._lock:
                sent = {file: each for file, each in state.sent.items() if file in files and each.is_ready}
            for each in sent.values():  # so that nobody gives it up meanwhile
                held.enter_context(each.lock)
            unsent = [file for file in files if file not in sent and folder + file not in state.appeared]
            if unsent:
                raise ProblemError(409, "not-sent", f"Not sent yet: {', '.join(unsent)}. Send it first.")
            paths = {file: each.upload.path for file, each in sent.items()}
            planned = DropPlan(project, dataset, paths, (), recipe)
            present = self._bucket.folder(folder)
            missing = planned.missing(present)
            there = {item.key: item for each in sent.values() if (item := each.upload.is_there(present))}
            uploads = [each.upload for each in sent.values() if each.upload.key not in there]
            for upload in uploads:
                if upload.is_large and not upload.kept_bytes:  # was there, and was replaced since
                    upload.send()
            if planned.marker and not uploads and sent:
                state.earlier = runs_of(self._api, planned)
            versions = {key: item.version_id for key, item in there.items()}
            uploaded = let_appear(self._stack, planned, uploads, versions)
            state.appeared |= versions | uploaded
            self._forget(state, sent)
            known = {folder + file: state.appeared[folder + file] for file in files}
            digest = planned.inputs_digest(present, uploaded)
        all_there = bool(sent) and not uploaded  # so no event of it comes
        run_id = None
        if not missing and (all_there or launches_at_once(files, recipe)):
            run_id = self._launch(planned, has_events=not all_there)
        if not missing and run_id is None:
            run_id = self._wait(planned, known, digest, state.earlier)
        return {"project": project, "dataset": dataset, "missing": list(missing), "run_id": run_id}

    def close(self) -> None:
        """Let nobody send or wait any more, and delete what was taken."""
        self._closing.set()
        with self._lock:
            sent = [each for state in self._datasets.values() for each in state.sent.values()]
        for each in sent:
            each.give_up()
        self._api.close()
        self._folder.cleanup()

    @property
    def _bucket(self) -> Bucket:
        return Bucket(self._stack.client("s3"), self._stack.bucket)

    def _recipe(self, project: str) -> Recipe:
        return published_recipe(self._bucket, project)

    def _dataset(self, project: str, dataset: str) -> _Dataset:
        with self._lock:
            return self._datasets.setdefault((project, dataset), _Dataset())

    def _spool(self, key: str, file: str, body: Body) -> Upload:
        path = Path(self._folder.name, uuid.uuid4().hex)
        try:
            body.write_to(path)
            if not path.stat().st_size:
                raise ProblemError(422, "empty", f"{file} is empty: a run would be rejected. Drop another.")
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Upload(self._stack.client("s3"), self._stack.bucket, key, path, lambda _: None)

    def _forget(self, state: _Dataset, sent: dict[str, _Sent]) -> None:
        with self._lock:
            for file, each in sent.items():
                if state.sent.get(file) is each:
                    del state.sent[file]
        for each in sent.values():
            each.upload.path.unlink(missing_ok=True)

    def _launch(self, planned: DropPlan, *, has_events: bool) -> str | None:
        """The run of what is there; None if the API refuses, and the uploads' events launch it."""
        try:
            return str(launch(self._api, planned.project, planned.dataset, {}).body["run_id"])
        except (ApiError, UnreachableError):
            if not has_events:
                raise
            return None

    def _wait(
        self, planned: DropPlan, known: dict[str, str], digest: str | None, earlier: tuple[str, ...]
    ) -> str | None:
        deadline = time.monotonic() + self._wait_seconds
        while True:
            found = run_that_trains(self._api, planned, known, digest, earlier)
            if found or time.monotonic() > deadline or self._closing.wait(_LOOK_SECONDS):
                return found


def _check_names(project: str, dataset: str, *files: str) -> None:
    check_project_name(project)
    check_dataset_name(dataset)
    for file in files:
        if {"", ".", ".."} & set(file.split("/")):
            raise ProblemError(422, "bad-name", f"{file!r} can't be a file's name in a dataset.")
