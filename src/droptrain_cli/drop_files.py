"""Drops files into a dataset, and follows the run that comes of it."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from droptrain_core.aws.bucket import Bucket
from droptrain_core.domain.datasets.dataset import MARKER, ObjectVersion

from droptrain_cli import cost_ahead, drop_plan, formatting, launch_run, output
from droptrain_cli.api import Api
from droptrain_cli.bucket_versions import kept_version
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
_LISTED = 1000  # S3 lists so many at once


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
    recipe = published_recipe(bucket, project)
    files, skipped = drop_plan.choose(project, paths, recipe)
    dataset = _default_name(bucket, project, files) if dataset is None else dataset
    drop_plan.check_dataset_name(dataset)
    planned = DropPlan(project, dataset, files, skipped, recipe)
    present = bucket.folder(planned.folder)
    missing = planned.missing(present)
    if missing and follow:
        lacks = f"{planned.place} still lacks {', '.join(missing)}. There would be no run to watch: drop all"
        raise CommandError(" ".join((f"{lacks} of it together.", *planned.near_misses(missing))))
    if not as_json:
        click.echo(cost_ahead.in_stack(stack, project, planned.dataset))
    api = Api(stack)
    earlier = runs_of(api, planned) if follow and planned.marker else ()
    done = _upload(stack, planned, present)
    if not (follow and as_json):
        _tell(planned, done, missing, as_json=as_json)
    if not follow:
        return
    if done.uploaded:
        watch(stack, api, _find_run(api, planned, done, present, earlier), as_json=as_json)
    launch_run.launch(stack, project, planned.dataset, (), follow=True, as_json=as_json)


def _default_name(bucket: Bucket, project: str, files: Mapping[str, Path]) -> str:
    """The dataset of these contents, so that the same files always go into the same one."""
    size = sum(path.stat().st_size for path in files.values())
    with transfer_bar(output.console(stderr=True), "Reading", size) as advance:
        digest = drop_plan.content_digest(files, advance)
    return drop_plan.dataset_name(files, digest, _datasets(bucket, project))


def _datasets(bucket: Bucket, project: str) -> Iterator[str]:
    after, more = None, True
    while more:
        names, more = bucket.datasets(project, after, _LISTED)
        yield from names
        after = names[-1] if names else None


def _upload(stack: Stack, planned: DropPlan, present: tuple[ObjectVersion, ...]) -> _Done:
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
            uploaded = let_appear(stack, planned, uploads, there)
    except BaseException:
        _tell_what_has_appeared(planned, uploads)
        _tell_what_is_kept(uploads)
        raise
    return _Done(uploaded, there)


def let_appear(
    stack: Stack, planned: DropPlan, uploads: Collection[Upload], there: Mapping[str, str]
) -> dict[str, str]:
    """Let files that were sent appear together, and the marker after them if the dataset is whole.

    `there` has the versions (by key) of files that were in the bucket already; the answer has those of the
    new ones. ChangedError, or CommandError if a file of `there` was replaced, before anything has appeared.
    """
    s3 = stack.client("s3")
    present = Bucket(s3, stack.bucket).folder(planned.folder)
    now = {item.key: item.version_id for item in present}
    if replaced := [key for key in there if now.get(key) != there[key]]:
        names = ", ".join(key.removeprefix(planned.folder) for key in replaced)
        raise CommandError(
            f"Somebody else replaced or deleted {names} in {planned.place} while the rest was sent. So "
            "nothing of this drop has appeared. Drop all of it again."
        )
    uploaded = finish_together(uploads)
    marker = planned.marker
    if marker and not planned.missing(present) and (uploaded or marker not in now):
        answer = s3.put_object(Bucket=stack.bucket, Key=marker)
        uploaded[marker] = kept_version(answer.get("VersionId"), stack.bucket)
    return uploaded


def _find_run(
    api: Api,
    planned: DropPlan,
    done: _Done,
    present: Iterable[ObjectVersion],
    earlier: Collection[str],
) -> str:
    """The id of the run that trains these files, once it is there."""
    known = {**done.present, **done.uploaded}
    digest = planned.inputs_digest(present, done.uploaded)
    deadline = time.monotonic() + NO_RUN_AFTER_SECONDS
    patience = Patience()
    try:
        with output.console(stderr=True).status(f"{planned.place} is dropped; its run comes in a moment"):
            while time.monotonic() < deadline:
                found: str | None = None
                with patience.attempt():
                    found = run_that_trains(api, planned, known, digest, earlier)
                if found:
                    return found
                time.sleep(_LOOK_SECONDS)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Stopped waiting. {planned.place} is dropped and launches its run.\n"
            f"Follow it:  droptrain logs {planned.project} -f\n"
            f"Cancel it:  droptrain cancel {planned.project}"
        ) from None
    raise CommandError(
        f"{planned.place} has launched no run within {NO_RUN_AFTER_SECONDS:.0f} s. docs/operations says "
        "where an upload's event can be; droptrain doctor, whether the stack can train."
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


def _trains(run: Mapping[str, Any], wanted: Mapping[str, str], digest: str | None) -> bool:
    named = {item["key"]: item["version_id"] for item in run["inputs"]}
    return wanted.items() <= named.items() or run["inputs_digest"] == digest


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
        click.echo(f"left out  {formatting.clean(name)} (no input of the recipe)", err=True)
    if not done.uploaded:
        again = f" To train it with new code: droptrain launch {planned.project} {planned.dataset}"
        click.echo(f"All of it is in {planned.place} already.{'' if missing else again}")
    else:
        count = formatting.count(len(planned.files), "file")
        before = f" ({len(done.present)} there already)" if done.present else ""
        click.echo(f"Dropped {count}{before}, {formatting.size(planned.size)}, as {planned.place}")
    if missing:
        lacks = f"{planned.place} still lacks {', '.join(missing)}"
        click.echo(f"{lacks}. Nothing runs until it is there; drop it with --dataset {planned.dataset}")
        for hint in planned.near_misses(missing):
            click.echo(formatting.clean(hint))


def _tell_what_has_appeared(planned: DropPlan, uploads: list[Upload]) -> None:
    """Name each file that is there, and each that isn't: S3 can't publish several objects at once."""
    if not any(each.version_id for each in uploads):
        return
    for each in uploads:
        state = "has appeared" if each.version_id else "has not appeared"
        click.echo(
            f"{formatting.clean(each.key.removeprefix(planned.folder))} {state} in {planned.place}.", err=True
        )
    click.echo("Drop all of it again: what is there isn't sent twice.", err=True)


def _tell_what_is_kept(uploads: list[Upload]) -> None:
    kept = [each for each in uploads if each.kept_bytes and not each.version_id]
    for each in kept:
        sizes = f"{formatting.size(each.kept_bytes)} of {formatting.size(each.size)}"
        click.echo(f"S3 has {sizes} of {each.path}.", err=True)
    if kept:
        click.echo(f"The same command goes on from there, within {_KEPT_DAYS} days.", err=True)
