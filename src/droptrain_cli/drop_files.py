"""Drops files into a dataset, and follows the run that comes of it."""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from droptrain.aws.bucket import Bucket
from droptrain.domain.dataset import ObjectVersion

from droptrain_cli import drop_plan, launch_run, output, wording
from droptrain_cli.api import Api
from droptrain_cli.drop_plan import DropPlan
from droptrain_cli.errors import CommandError
from droptrain_cli.patience import Patience
from droptrain_cli.project_folder import check_project_name
from droptrain_cli.published import published_recipe
from droptrain_cli.stack import Stack
from droptrain_cli.transfer_bar import transfer_bar
from droptrain_cli.upload import Upload, finish_together
from droptrain_cli.watch_run import watch

NO_RUN_AFTER_SECONDS = 1200.0  # an upload may settle for 900
_KEPT_DAYS = 7  # by the bucket's lifecycle
_LOOK_SECONDS = 0.5
_NEWEST = 20  # runs


@dataclass(frozen=True)
class _Done:
    """Versions by key: of what was uploaded, and of what was there already."""

    uploaded: Mapping[str, str]
    present: Mapping[str, str]


def drop(
    stack: Stack, project: str, paths: Iterable[Path], dataset: str | None, *, follow: bool, as_json: bool
) -> None:
    """Upload files and folders as a dataset; with `follow` end as its run ends.

    CommandError if nothing is published for the project, if that or these files can't train, and if no run
    comes of it.
    """
    check_project_name(project)
    bucket = Bucket(stack.client("s3"), stack.bucket)
    planned = drop_plan.plan(project, dataset, paths, published_recipe(bucket, project))
    present = bucket.folder(planned.folder)
    missing = planned.missing(present)
    if missing and follow:
        raise CommandError(
            f"{planned.place} still lacks {', '.join(missing)}. There would be no run to watch: drop all of "
            "it together."
        )
    done = _upload(stack, planned, present, is_whole=not missing)
    if not (follow and as_json):
        _tell(planned, done, missing, as_json=as_json)
    if not follow:
        return
    if done.uploaded:
        api = Api(stack)
        watch(stack, api, _find_run(api, planned, done), as_json=as_json)
    launch_run.launch(stack, project, planned.dataset, (), follow=True, as_json=as_json)


def _upload(stack: Stack, planned: DropPlan, present: tuple[ObjectVersion, ...], *, is_whole: bool) -> _Done:
    """Upload what isn't there yet; large files first, so that all of them appear within moments."""
    s3 = stack.client("s3")
    uploads: list[Upload] = []
    there: dict[str, str] = {}
    try:
        with transfer_bar(output.console(stderr=True), "Uploading", planned.size) as advance:
            for name, path in planned.files.items():
                upload = Upload(s3, stack.bucket, planned.folder + name, path, advance)
                if item := upload.is_there(present):
                    there[upload.key] = item.version_id
                    advance(upload.size)
                else:
                    uploads.append(upload)
            for upload in uploads:
                upload.send()
            uploaded = let_appear(stack, planned, uploads, present, is_whole=is_whole)
    except BaseException:
        _tell_what_is_kept(uploads)
        raise
    return _Done(uploaded, there)


def let_appear(
    stack: Stack,
    planned: DropPlan,
    uploads: Collection[Upload],
    present: Iterable[ObjectVersion],
    *,
    is_whole: bool,
) -> dict[str, str]:
    """Let files that were sent appear together, and the marker after them if the dataset is whole.

    Versions by key.
    """
    uploaded = finish_together(uploads)
    marker = planned.marker
    if marker and is_whole and (uploaded or marker not in {item.key for item in present}):
        uploaded[marker] = stack.client("s3").put_object(Bucket=stack.bucket, Key=marker)["VersionId"]
    return uploaded


def _find_run(api: Api, planned: DropPlan, done: _Done) -> str:
    """The id of the run that trains these files, once it is there."""
    known = {**done.present, **done.uploaded}
    deadline = time.monotonic() + NO_RUN_AFTER_SECONDS
    patience = Patience()
    with output.console(stderr=True).status(f"{planned.place} is dropped; its run comes in a moment"):
        while time.monotonic() < deadline:
            found: str | None = None
            with patience.attempt():
                found = run_that_trains(api, planned.project, planned.dataset, known)
            if found:
                return found
            time.sleep(_LOOK_SECONDS)
    raise CommandError(
        f"{planned.place} has launched no run within {NO_RUN_AFTER_SECONDS:.0f} s. docs/operations says "
        "where an upload's event can be; droptrain doctor, whether the stack can train."
    )


def run_that_trains(api: Api, project: str, dataset: str, known: Mapping[str, str]) -> str | None:
    """The id of the newest run that takes these versions (by key) of a dataset's files, if it is there."""
    runs = api.get("/runs", project=project, limit=_NEWEST)["runs"]
    return next(
        (str(run["run_id"]) for run in runs if run["dataset"] == dataset and _trains(run, known)), None
    )


def _trains(run: Mapping[str, Any], known: Mapping[str, str]) -> bool:
    """Whether a run takes these versions, and no older one of any of these files."""
    mine = [item for item in run["inputs"] if item["key"] in known]
    return bool(mine) and all(item["version_id"] == known[item["key"]] for item in mine)


def _tell(planned: DropPlan, done: _Done, missing: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        files = [
            {"key": key, "version_id": version, "uploaded": key in done.uploaded}
            for key, version in sorted({**done.present, **done.uploaded}.items())
        ]
        document = {"project": planned.project, "dataset": planned.dataset, "files": files}
        output.write_json({**document, "missing": missing, "left_out": planned.skipped})
        return
    for name in planned.skipped:
        click.echo(f"left out  {wording.clean(name)} (no input of the recipe)", err=True)
    if not done.uploaded:
        again = f"droptrain launch {planned.project} {planned.dataset}"
        click.echo(f"All of it is in {planned.place} already. To train it with new code: {again}")
    else:
        count = f"{len(planned.files)} file{'s' if len(planned.files) != 1 else ''}"
        before = f" ({len(done.present)} there already)" if done.present else ""
        click.echo(f"Dropped {count}{before}, {wording.size(planned.size)}, as {planned.place}")
    if missing:
        lacks = f"{planned.place} still lacks {', '.join(missing)}"
        click.echo(f"{lacks}. Nothing runs until it is there; drop it with --dataset {planned.dataset}")


def _tell_what_is_kept(uploads: list[Upload]) -> None:
    kept = [each for each in uploads if each.kept_bytes]
    for each in kept:
        sizes = f"{wording.size(each.kept_bytes)} of {wording.size(each.size)}"
        click.echo(f"S3 has {sizes} of {each.path}.", err=True)
    if kept:
        click.echo(f"The same command goes on from there, within {_KEPT_DAYS} days.", err=True)
