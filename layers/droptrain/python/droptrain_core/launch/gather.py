"""Gather: read everything that a launch depends on, from the bucket and the table."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from droptrain_core.aws.bucket import Bucket, RecipeFile
from droptrain_core.aws.model_table import ModelTable
from droptrain_core.aws.price_table import PriceTable
from droptrain_core.domain import times
from droptrain_core.domain.costs import estimate as estimates
from droptrain_core.domain.costs.project_reading import ProjectReading
from droptrain_core.domain.datasets.dataset import (
    Input,
    ObjectVersion,
    code_prefix,
    data_prefix,
    datasets_prefix,
    match_inputs,
    too_many_inputs,
)
from droptrain_core.domain.datasets.span import inputs_of_others, newest_first
from droptrain_core.domain.errors import BusyError, Cause, CrowdedError, RejectedError
from droptrain_core.domain.recipes import recipe as recipes
from droptrain_core.domain.recipes.recipe import Recipe, Resources
from droptrain_core.domain.runs.compute import StackCompute
from droptrain_core.domain.runs.preparation import JobRequest
from droptrain_core.domain.runs.promotion import CurrentModel, copy_prefix, export_prefix
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.runs.warm_start import CURRENT, StartingModel
from droptrain_core.launch.snapshot import Found, HowToTrain, Instances, Snapshot

if TYPE_CHECKING:
    from droptrain_core.domain.preflight.facts import FileFacts
    from droptrain_core.domain.preflight.summary import Summary


class Gather:
    """Reads recipes, folders, samples of files, and prices.

    `accepted` tells which of a project's datasets were accepted by a run, or when a cooldown ended.
    """

    def __init__(
        self,
        bucket: Bucket,
        prices: PriceTable,
        compute: StackCompute,
        accepted: Callable[[str, Iterable[str]], Collection[str]],
        clock: Callable[[], datetime],
        models: ModelTable | None = None,
    ) -> None:
        self.bucket = bucket
        self._prices = prices
        self._compute = compute
        self._accepted = accepted
        self._clock = clock
        self._models = models

    def how(
        self,
        project: str,
        overrides: Mapping[str, Any] | None = None,
        *,
        kept: Mapping[str, Any] | None = None,
        force: bool = False,
    ) -> HowToTrain:
        """The project's recipe; what a rerun has `kept` of its run, then `overrides`, are laid over it.

        RejectedError for overrides that don't fit the recipe, unless `force`.
        """
        push = self.bucket.push(project)
        if push.problem:
            return HowToTrain(push, None, None, push.problem)
        file = self.bucket.recipe(project, push.before)
        return HowToTrain(push, file.version, *_read_recipe(file, overrides or {}, kept or {}, force=force))

    def dataset(self, project: str, dataset: str, how: HowToTrain, recipe: Recipe) -> Found:
        """The dataset's files; CrowdedError if there are too many of them."""
        looked_at = times.to_text(self._clock())
        folder = data_prefix(project, dataset)
        named = () if recipe.has_patterns or recipe.trigger == "marker" else tuple(recipe.inputs.values())
        objects = self.bucket.folder(folder, named)
        readiness = match_inputs(recipe.inputs, recipe.trigger, objects, folder)
        others = self._others(project, dataset, recipe) if recipe.spans and readiness.ready else ()
        if cause := too_many_inputs(len(readiness.inputs) + len(others)):
            raise CrowdedError(cause)
        return Found(project, dataset, how, recipe, readiness, looked_at, others)

    def _others(self, project: str, dataset: str, recipe: Recipe) -> tuple[Input, ...]:
        """The inputs of the other datasets that the recipe spans: of the newest that were accepted."""
        datasets = newest_first(project, self.bucket.folder(datasets_prefix(project)))
        datasets.pop(dataset, None)
        accepted = self._accepted(project, datasets)
        chosen = [name for name in datasets if name in accepted]
        patterns = {channel: recipe.inputs[channel] for channel in recipe.spans}
        return inputs_of_others(project, datasets, chosen[: recipe.span and recipe.span - 1], patterns)

    def snapshot(self, found: Found) -> Snapshot:
        """Everything else that the launch of a ready dataset depends on.

        BusyError if a push came in between or an input was deleted meanwhile, CrowdedError for too much code.
        """
        code = self._code(found)
        files, unreadable = self._files(found)
        recipe = found.recipe
        digest = found.preparation_digest(code) if recipe.prepare else None
        reading = self._prices.read(found.project, digest=digest)
        training = self._instances(reading, recipe.resources, recipe.spot)
        of_prepare = recipe.prepare and self._instances(reading, recipe.prepare.resources, recipe.spot)
        last = _read_summary(reading)
        return Snapshot(
            found, code, files, training, of_prepare or Instances(), unreadable, last, reading.holder_id,
            self._start(found),
        )  # fmt: skip

    def again(
        self, original: Run, jobs: Iterable[JobRequest]
    ) -> tuple[list[Instances], str | None, str | None]:
        """For a repeat of `original`: (the instances for each job, its data's summary, who prepared them)."""
        digest = original.preparation.digest if original.preparation else None
        reading = self._prices.read(original.project, original.run_id, digest)
        found = [
            self._instances(reading, Resources(job.gpus, job.vcpus, job.memory_mib // 1024), job.spot)
            for job in jobs
        ]
        return found, reading.summary, reading.holder_id

    def _instances(self, reading: ProjectReading, resources: Resources, spot: str) -> Instances:
        """The stack's instances that could serve such a job, their prices, the project's history."""
        types = self._compute.of(resources.gpus).instance_types
        asked = {
            "gpus": resources.gpus, "vcpus": resources.vcpus, "memory_mib": resources.memory_gib * 1024,
        }  # fmt: skip
        eligible = estimates.eligible_instances(
            reading.prices,
            types,
            reading.history,
            **asked,
            spot=spot,
            left_checkpoint=reading.left_checkpoint,
        )
        return Instances(eligible, eligible is None and reading.prices.are_too_small(types, **asked))

    def _start(self, found: Found) -> StartingModel | None:
        """The model that the recipe's `warm_start` names; None if it names none."""
        asked, project = found.recipe.warm_start, found.project
        if asked is None:
            return None
        folder = export_prefix(project, asked)
        run_id: str | None = asked
        if asked == CURRENT:
            now = self._models.current(project) if self._models else CurrentModel()
            run_id = now.usable_run_id
            if run_id is None:
                return StartingModel(asked)
            is_kept = run_id in now.kept
            folder = copy_prefix(project, run_id) if is_kept else export_prefix(project, run_id)
        return StartingModel(asked, run_id, folder, self.bucket.folder(folder))

    def _code(self, found: Found) -> tuple[ObjectVersion, ...]:
        """The code that belongs to the recipe."""
        push = found.how.push
        if push.before:
            return push.before.code
        code = self.bucket.folder(code_prefix(found.project))
        if self.bucket.push(found.project).version_id != push.version_id:
            raise BusyError(f"{found.project} is being pushed")
        return code

    def _files(self, found: Found) -> "tuple[tuple[FileFacts, ...], Cause | None]":
        """What preflight reads of the inputs, and why S3 doesn't let one be read."""
        from droptrain_core.domain import preflight

        inputs = found.readiness.inputs
        if found.how.problem or preflight.check(inputs, found.recipe.csv):
            return (), None
        try:
            # A file in two channels is read once.
            return tuple(preflight.read(inputs, cache(self.bucket.sample), found.recipe.csv)), None
        except RejectedError as error:
            return (), error.cause


def _read_summary(reading: ProjectReading) -> "Summary | None":
    from droptrain_core.domain.preflight.summary import from_text

    return from_text(reading.last_summary)


def _read_recipe(
    file: RecipeFile, overrides: Mapping[str, Any], kept: Mapping[str, Any], *, force: bool
) -> tuple[Recipe | None, RejectedError | None, Mapping[str, Any]]:
    """(the recipe, its problem, the overrides that are in it).

    Of a wrong recipe only the inputs, if these can be read, else None.
    """
    if file.problem:
        return None, file.problem, {}
    try:
        recipe = recipes.parse(file.document)
    except RejectedError as problem:
        return recipes.inputs_of(file.document), problem, {}
    if not overrides and not kept:
        return recipe, None, {}
    from droptrain_core.domain.recipes.overrides import check, laid_over

    if not force:
        check(recipe, overrides)
    whole = laid_over(recipe, kept, overrides)
    return recipes.parse(recipes.override(file.document, whole)), None, whole
