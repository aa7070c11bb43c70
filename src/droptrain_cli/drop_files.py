"""Drops files into a dataset, and follows the run that this launches."""

import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from droptrain.aws.bucket import Bucket
from droptrain.domain import preflight
from droptrain.domain.dataset import (
    DATASET_NAME,
    MARKER,
    Input,
    ObjectVersion,
    data_prefix,
    match_inputs,
)
from droptrain.domain.recipe import Recipe
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from droptrain_cli import output, wording
from droptrain_cli.api import Api
from droptrain_cli.errors import CommandError
from droptrain_cli.patience import Patience
from droptrain_cli.project_folder import check_project_name, files_below
from droptrain_cli.published import published_recipe
from droptrain_cli.resumable_upload import PART_BYTES, ResumableUpload
from droptrain_cli.stack import Stack
from droptrain_cli.watch_run import watch

NO_RUN_AFTER_SECONDS = 1200.0  # an upload may settle for 900
_LOOK_SECONDS = 0.5
_NEWEST = 20  # runs


@dataclass(frozen=True)
class _Drop:
    """Files by their name in the dataset, and what the recipe says that is left out or still missing."""

    project: str
    dataset: str
    files: Mapping[str, Path]
    skipped: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def folder(self) -> str:
        return data_prefix(self.project, self.dataset)


def drop(
    stack: Stack,
    project: str,
    paths: tuple[Path, ...],
    dataset: str | None,
    *,
    follow: bool,
    as_json: bool,
) -> None:
    """Upload files and folders as a dataset; with `follow` end as its run ends.

    CommandError for a file that the recipe doesn't name, for an empty one, and if no run comes of it.
    """
    check_project_name(project)
    given = dataset
    dataset = given or datetime.now(UTC).strftime("%Y-%m-%d-%H%M%S")
    if not DATASET_NAME.fullmatch(dataset):
        raise CommandError(
            f"{dataset!r} can't be a dataset's name. It has 1 to 40 of a-z, 0-9, -, . and _, and starts "
            "with a letter or digit."
        )
    bucket = Bucket(stack.client("s3"), stack.bucket)
    recipe = published_recipe(bucket, project)
    planned = _plan(bucket, project, dataset, paths, recipe)
    if planned.missing and follow:
        raise CommandError(
            f"{_still_lacks(planned)} There would be no run to watch: drop all of it together."
        )
    if not as_json:
        for name in planned.skipped:
            click.echo(f"left out  {name} (no input of the recipe)", err=True)
    try:
        versions = _upload(stack, planned, as_json=as_json)
        if recipe.trigger == "marker" and not planned.missing:
            key = planned.folder + MARKER
            versions[MARKER] = stack.client("s3").put_object(Bucket=stack.bucket, Key=key)["VersionId"]
    except KeyboardInterrupt:
        _tell_how_to_go_on(planned, paths)
        raise
    if not follow:
        _tell(planned, versions, as_json=as_json)
        return
    if not as_json:
        click.echo(f"Dropped {project}/{dataset}. Waiting for its run.", err=True)
    api = Api(stack)
    watch(stack, api, _find_run(api, planned, set(versions.values())), as_json=as_json)


def _plan(bucket: Bucket, project: str, dataset: str, paths: Iterable[Path], recipe: Recipe) -> _Drop:
    folder = data_prefix(project, dataset)
    files: dict[str, Path] = {}
    skipped: list[str] = []
    for path in paths:
        if not path.exists():
            raise CommandError(f"There is no file {path}.")
        for name, file in files_below(path) if path.is_dir() else [(path.name, path)]:
            if not _is_wanted(name, file, recipe):
                if not path.is_dir():
                    raise CommandError(_no_input(project, name, recipe))
                skipped.append(name)
            elif name in files:
                raise CommandError(f"{files[name]} and {file} would both be {name} in the dataset. Drop one.")
            else:
                files[name] = file
    if not files:
        raise CommandError(f"None of these is an input of {project}: {_inputs(recipe)}.")
    local = {name: ObjectVersion(folder + name, "", path.stat().st_size, "") for name, path in files.items()}
    if cause := preflight.check([Input("", item) for item in local.values()]):
        raise CommandError(f"{cause.message.replace(folder, '')}: a run would be rejected. {cause.fix}")
    lying = {item.key: item for item in bucket.folder(folder)}
    whole = [*(lying | {item.key: item for item in local.values()}).values()]
    missing = match_inputs(recipe.inputs, "files", whole, folder).missing
    return _Drop(project, dataset, files, tuple(skipped), missing)


def _is_wanted(name: str, file: Path, recipe: Recipe) -> bool:
    item = ObjectVersion(name, "", file.stat().st_size, "")
    return bool(match_inputs(recipe.inputs, "files", [item], "").inputs)


def _no_input(project: str, name: str, recipe: Recipe) -> str:
    in_folders = " Of files in subfolders, name the folder above." if "/" in _inputs(recipe) else ""
    return (
        f"{name} isn't an input of {project}: {_inputs(recipe)}. Rename the file, or change inputs in "
        f"train.yaml and push it.{in_folders}"
    )


def _inputs(recipe: Recipe) -> str:
    named = ", ".join(f"{pattern} ({channel})" for channel, pattern in recipe.inputs.items())
    return f"its recipe names {named}"


def _upload(stack: Stack, planned: _Drop, *, as_json: bool) -> dict[str, str]:
    """Upload the files one after another; their version ids by name."""
    total = sum(path.stat().st_size for path in planned.files.values())
    versions: dict[str, str] = {}
    with _progress(output.console(stderr=True), total) as advance:
        upload = ResumableUpload(stack.client("s3"), stack.bucket, advance)
        for name, path in planned.files.items():
            versions[name] = upload.put(path, planned.folder + name)
            if not as_json:
                click.echo(f"dropped   {planned.folder}{name}")
    return versions


@contextmanager
def _progress(errors: Console, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; nothing elsewhere."""
    columns = (TextColumn("Uploading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=errors, disable=not errors.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)


def _tell(planned: _Drop, versions: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        files = [{"key": planned.folder + name, "version_id": version} for name, version in versions.items()]
        output.write_json(
            {
                "project": planned.project,
                "dataset": planned.dataset,
                "files": files,
                "missing": planned.missing,
            }
        )
    elif planned.missing:
        click.echo(f"{_still_lacks(planned)} Nothing runs until it is there.")
    else:
        count = wording.size(sum(path.stat().st_size for path in planned.files.values()))
        click.echo(
            f"Dropped {planned.project}/{planned.dataset}, {count}. Its run: droptrain runs "
            f"--project {planned.project}"
        )


def _still_lacks(planned: _Drop) -> str:
    return f"{planned.project}/{planned.dataset} still lacks {', '.join(planned.missing)}."


def _tell_how_to_go_on(planned: _Drop, paths: Iterable[Path]) -> None:
    words = ["droptrain", "drop", planned.project, *map(str, paths), "--dataset", planned.dataset]
    large = any(path.stat().st_size > PART_BYTES for path in planned.files.values())
    kept = "What is uploaded of large files is kept for 7 days. " if large else ""
    click.echo(f"\n{kept}Go on with: {shlex.join(words)}", err=True)


def _find_run(api: Api, planned: _Drop, versions: set[str]) -> str:
    """The id of the run that these versions launch, once it is there."""
    patience = Patience()
    deadline = time.monotonic() + NO_RUN_AFTER_SECONDS
    while time.monotonic() < deadline:
        runs: list[dict[str, Any]] = []
        with patience.attempt():
            runs = api.get("/runs", project=planned.project, limit=_NEWEST)["runs"]
        for run in runs:
            named = {item["version_id"] for item in run["inputs"]}
            if run["dataset"] == planned.dataset and named & versions:
                return str(run["run_id"])
        time.sleep(_LOOK_SECONDS)
    raise CommandError(
        f"{planned.project}/{planned.dataset} has launched no run within {NO_RUN_AFTER_SECONDS:.0f} s. "
        "docs/operations.md says where an upload's event can be."
    )
