"""Drops files into a dataset, and follows the run that comes of it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from droptrain.aws.bucket import Bucket
from droptrain.domain import recipe as recipes
from droptrain.domain.dataset import MARKER, Readiness, data_prefix, match_inputs, recipe_key
from droptrain.domain.push import Push, push_key
from droptrain.domain.recipe import Recipe

from droptrain_cli import drop_plan, launch_run, output, wording
from droptrain_cli.api import Api
from droptrain_cli.errors import CommandError
from droptrain_cli.patience import Patience
from droptrain_cli.stack import Stack
from droptrain_cli.transfer_bar import transfer_bar
from droptrain_cli.upload import Upload, finish_together
from droptrain_cli.watch_run import watch

_KEPT_DAYS = 7  # by the bucket's lifecycle
_LOOK_SECONDS = 1.0
_NO_RUN_SECONDS = 1200.0  # the longest that an upload may settle, and then some
_NEWEST = 50


@dataclass(frozen=True)
class Dropped:
    """What a drop did: versions by key of what it uploaded, what was there before, what is missing still."""

    project: str
    dataset: str
    uploaded: Mapping[str, str]
    present: Mapping[str, str]
    missing: tuple[str, ...]
    size: int


def drop(
    stack: Stack, project: str, paths: Sequence[Path], dataset: str | None, *, follow: bool, as_json: bool
) -> None:
    """Upload files into a dataset; with `follow` watch its run. CommandError if it can't be dropped so."""
    files = drop_plan.chosen_files(paths)
    dataset = dataset or drop_plan.dataset_for(files)
    keys = drop_plan.keys_of(project, dataset, files)
    size = sum(path.stat().st_size for path in keys.values())
    this = _Drop(stack, project, dataset)
    try:
        with transfer_bar(output.console(stderr=True), "Uploading", size) as advance:
            done = this.run(keys, advance)
    except BaseException:
        _tell_what_is_kept(this.uploads)
        raise
    if not (follow and as_json):
        _tell(done, as_json=as_json)
    if not follow:
        return
    if done.missing:
        raise CommandError(
            f"{project}/{dataset} still lacks {', '.join(done.missing)}, so nothing is launched. Drop that "
            "too."
        )
    if any(not key.endswith(f"/{MARKER}") for key in done.uploaded):
        api = Api(stack)
        watch(stack, api, _await_run(api, done), as_json=as_json)
    launch_run.launch(stack, project, dataset, (), follow=True, as_json=as_json)


class _Drop:
    """One drop; the objects of it appear together, after everything large has been sent."""

    def __init__(self, stack: Stack, project: str, dataset: str) -> None:
        self._s3 = stack.client("s3")
        self._bucket = Bucket(self._s3, stack.bucket)
        self._project = project
        self._dataset = dataset
        self.uploads: list[Upload] = []

    def run(self, files: Mapping[str, Path], advance: Callable[[int], None]) -> Dropped:
        """Upload what isn't there; `advance` hears how many bytes have come, from any thread."""
        prefix = data_prefix(self._project, self._dataset)
        present = self._bucket.folder(prefix)
        there: dict[str, str] = {}
        for key, path in sorted(files.items()):
            upload = Upload(self._s3, self._bucket.name, key, path, advance)
            if item := upload.is_there(present):
                there[key] = item.version_id
                advance(upload.size)
            else:
                self.uploads.append(upload)
        for upload in self.uploads:
            upload.send()
        uploaded = finish_together(self.uploads, last=prefix + MARKER)
        readiness = self._readiness(prefix)
        is_complete = readiness.missing == (MARKER,) or (readiness.marker and not readiness.missing)
        if uploaded and is_complete and prefix + MARKER not in uploaded:
            answer = self._s3.put_object(Bucket=self._bucket.name, Key=prefix + MARKER, Body=b"")
            uploaded[prefix + MARKER] = answer["VersionId"]
            readiness = self._readiness(prefix)
        size = sum(path.stat().st_size for path in files.values())
        return Dropped(self._project, self._dataset, uploaded, there, readiness.missing, size)

    def _readiness(self, prefix: str) -> Readiness:
        """What the dataset lacks, by the recipe that a launch takes; nothing if nobody can read that."""
        recipe = self._recipe()
        if recipe is None:
            return Readiness((), ())
        return match_inputs(recipe.inputs, recipe.trigger, self._bucket.folder(prefix), prefix)

    def _recipe(self) -> Recipe | None:
        # By a listing: for a key that isn't there, GetObject answers 403 to who may list projects/ alone.
        push = self._bucket.push(self._project) if self._is_there(push_key(self._project)) else Push()
        if push.problem:
            return None
        if not push.before and not self._is_there(recipe_key(self._project)):
            return Recipe()
        file = self._bucket.recipe(self._project, push.before)
        return None if file.problem else recipes.inputs_of(file.document)

    def _is_there(self, key: str) -> bool:
        return any(item.key == key for item in self._bucket.folder(key))


def _await_run(api: Api, done: Dropped) -> str:
    """The id of the run that trains what was uploaded, once there is one."""
    give_up_at = time.monotonic() + _NO_RUN_SECONDS
    patience = Patience()
    errors = output.console(stderr=True)
    with errors.status(f"{done.project}/{done.dataset} is dropped; its run comes soon"):
        while time.monotonic() < give_up_at:
            with patience.attempt():
                for run in api.get("/runs", project=done.project, limit=_NEWEST)["runs"]:
                    if run["dataset"] == done.dataset and _trains(run, done.uploaded):
                        return str(run["run_id"])
            time.sleep(_LOOK_SECONDS)
    raise CommandError(
        f"{done.project}/{done.dataset} was dropped, and no run has come of it. droptrain doctor says "
        "whether the stack can train."
    )


def _trains(run: Mapping[str, Any], uploaded: Mapping[str, str]) -> bool:
    """Whether a run takes what was uploaded, and not an older version of it."""
    named = [each for each in run["inputs"] if each["key"] in uploaded]
    return bool(named) and all(each["version_id"] == uploaded[each["key"]] for each in named)


def _tell(done: Dropped, *, as_json: bool) -> None:
    if as_json:
        files = [
            {"key": key, "version_id": version, "uploaded": key in done.uploaded}
            for key, version in sorted({**done.present, **done.uploaded}.items())
        ]
        output.write_json(
            {"project": done.project, "dataset": done.dataset, "files": files, "missing": list(done.missing)}
        )
        return
    place = f"{done.project}/{done.dataset}"
    count = len(done.uploaded) + len(done.present)
    if not done.uploaded:
        again = f"droptrain launch {done.project} {done.dataset}"
        click.echo(f"All of it is in {place} already. To train it with new code: {again}")
    else:
        before = f" ({len(done.present)} there already)" if done.present else ""
        files_said = f"{count} file{'s' if count != 1 else ''}{before}, {wording.size(done.size)}"
        click.echo(f"Dropped {files_said}, as {place}")
    if done.missing:
        click.echo(f"It waits for {', '.join(done.missing)}.")


def _tell_what_is_kept(uploads: Sequence[Upload]) -> None:
    kept = [each for each in uploads if each.kept_bytes]
    for each in kept:
        sizes = f"{wording.size(each.kept_bytes)} of {wording.size(each.size)}"
        click.echo(f"S3 has {sizes} of {each.path}.", err=True)
    if kept:
        click.echo(f"The same command goes on from there, within {_KEPT_DAYS} days.", err=True)
