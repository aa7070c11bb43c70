"""Drops files into a dataset, and follows the run that comes of it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
from droptrain_core.aws.bucket import Bucket
from droptrain_core.domain.recipes.recipe import Recipe

from droptrain import drop as drops
from droptrain import drop_plan, formatting
from droptrain import launch as launches
from droptrain.api import Answer, Api
from droptrain.drop import Dropped
from droptrain.drop_plan import DropPlan
from droptrain.errors import ApiError, UnreachableError
from droptrain.project_folder import check_project_name
from droptrain.published import published_recipe
from droptrain.stack import Stack
from droptrain_cli import cost_ahead, launch_run, output
from droptrain_cli.transfer_bar import transfer_bar
from droptrain_cli.watch_run import watch


def drop(
    stack: Stack, project: str, paths: Iterable[Path], dataset: str | None, *, follow: bool, as_json: bool
) -> None:
    """Upload files and folders as a dataset; with `follow` end as its run ends.

    DroptrainError if nothing is published for the project, if that or these files can't train, and if no run
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
    if follow:
        drops.must_be_whole(planned, missing)
    if not as_json:
        click.echo(cost_ahead.in_stack(stack, project, planned.dataset))
    api = Api(stack)
    earlier = drops.runs_of(api, planned) if follow and planned.marker else ()
    with transfer_bar(output.console(stderr=True), "Uploading", planned.size) as advance:
        done = drops.send(stack, planned, present, advance)
    if not as_json:
        _tell(planned, done, missing)
    launched = _launch(api, planned) if done.uploaded and planned.launches_at_once else None
    if as_json and not follow:
        _write(planned, done, missing, launched)
    elif launched:
        launch_run.tell(stack, api, launched, follow=follow, as_json=as_json)
    elif follow and done.uploaded:
        with _waiting(planned):
            run_id = drops.find_run(api, planned, done, present, earlier)
        watch(stack, api, run_id, as_json=as_json)
    elif follow:
        launch_run.launch(stack, project, planned.dataset, (), follow=True, as_json=as_json)


def _default_name(bucket: Bucket, project: str, files: Mapping[str, Path]) -> str:
    size = sum(path.stat().st_size for path in files.values())
    with transfer_bar(output.console(stderr=True), "Reading", size) as advance:
        return drops.default_dataset(bucket, project, files, advance)


@contextmanager
def _waiting(planned: DropPlan) -> Iterator[None]:
    """Show that the run of a drop is waited for; Ctrl-C says how to follow or cancel it."""
    try:
        with output.console(stderr=True).status(f"{planned.place} is dropped; its run comes in a moment"):
            yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Stopped waiting. {planned.place} is dropped and launches its run.\n"
            f"Follow it:  droptrain logs {planned.project} -f\n"
            f"Cancel it:  droptrain cancel {planned.project}"
        ) from None


def _launch(api: Api, planned: DropPlan) -> Answer | None:
    """The run of what has appeared; None if the API refuses, and the uploads' events launch it."""
    try:
        with _waiting(planned):
            return launches.launch(api, planned.project, planned.dataset, {})
    except (ApiError, UnreachableError) as error:
        click.echo(f"The immediate launch failed: {error} The uploads launch the run themselves.", err=True)
        return None


def _when(recipe: Recipe) -> str | None:
    """When and how the recipe lets a drop train; None if it says nothing about that."""
    if recipe.trigger == "quiet":
        return "when no file has come for a while (trigger: quiet)"
    if recipe.retrain.cooldown_seconds:
        return "in a moment, or at the end of the project's cooldown"
    return "as a sweep, in a moment" if recipe.sweep else None


def _write(planned: DropPlan, done: Dropped, missing: tuple[str, ...], launched: Answer | None) -> None:
    files = [
        {"key": key, "version_id": version, "uploaded": key in done.uploaded}
        for key, version in sorted({**done.present, **done.uploaded}.items())
    ]
    document = {"project": planned.project, "dataset": planned.dataset, "files": files}
    run_id = launched.body["run_id"] if launched else None
    output.write_json({**document, "missing": missing, "left_out": planned.skipped, "run_id": run_id})


def _tell(planned: DropPlan, done: Dropped, missing: tuple[str, ...]) -> None:
    for name in planned.skipped:
        click.echo(f"left out  {formatting.clean(name)} (no input of the recipe)", err=True)
    if not done.uploaded:
        again = f" To train it with new code: droptrain launch {planned.project} {planned.dataset}"
        click.echo(f"All of it is in {planned.place} already.{'' if missing else again}")
    else:
        count = formatting.count(len(planned.files), "file")
        before = f" ({len(done.present)} there already)" if done.present else ""
        click.echo(f"Dropped {count}{before}, {formatting.size(planned.size)}, as {planned.place}")
        if not missing and (when := _when(planned.recipe)):
            now = f"To train one run now: droptrain launch {planned.project} {planned.dataset}"
            click.echo(f"It trains {when}. {now}")
    if missing:
        lacks = f"{planned.place} still lacks {', '.join(missing)}"
        click.echo(f"{lacks}. Nothing runs until it is there; drop it with --dataset {planned.dataset}")
        for hint in planned.near_misses(missing):
            click.echo(formatting.clean(hint))
