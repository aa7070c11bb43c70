"""A project: drop data into it, train, search hyperparameters, list and compare its runs."""

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from droptrain_core.aws.bucket import Bucket

from droptrain import drop as drops
from droptrain import drop_plan, given_inputs, launch, promotions, run_values, start_sweep
from droptrain.api import Answer, Api
from droptrain.aws_errors import explaining
from droptrain.drop_plan import DropPlan
from droptrain.errors import ApiError, UnreachableError
from droptrain.find_dataset import latest_dataset
from droptrain.find_sweep import read_sweeps
from droptrain.given_inputs import Given
from droptrain.project_folder import check_project_name
from droptrain.published import published_recipe
from droptrain.run_list import SORTED, RunList, read_runs
from droptrain.runs import Run
from droptrain.stack import Stack
from droptrain.sweeps import Sweep


class Project:
    """A project of a stack, by its name. Its methods raise DroptrainError, whose text names the fix."""

    def __init__(self, stack: Stack, name: str) -> None:
        check_project_name(name)
        self.name = name
        self._stack = stack
        self._api = Api(stack)

    def __repr__(self) -> str:
        return f"<Project {self.name} of {self._stack.name}>"

    def drop(self, *paths: str | Path, dataset: str | None = None, **inputs: Given) -> Run:
        """Drop a dataset, and return the run that trains it: a new one, or the one that it has had already.

        `inputs` are the recipe's, by channel or as the file is called (`train` for train.csv): each a
        DataFrame (of pandas or polars), a path, an S3 URI, or a list of them. `paths` are files and folders
        whose names fit the recipe, as for `droptrain drop`. Without `dataset` the same contents always go
        into the same dataset. Returns when the run is there: at once if all inputs are dropped, else (and
        with `sweep` or a cooldown) after the stack's settle time, and with trigger: quiet after `quiet_for`.
        DroptrainError if the dataset would lack a file, or waits for the end of a cooldown.
        """
        with explaining(), tempfile.TemporaryDirectory(prefix="droptrain-") as folder:
            bucket = Bucket(self._stack.client("s3"), self._stack.bucket)
            recipe = published_recipe(bucket, self.name)
            files = given_inputs.files(recipe, inputs, Path(folder), self._stack.client("s3"))
            skipped: tuple[str, ...] = ()
            if paths or not inputs:
                chosen, skipped = drop_plan.choose(self.name, [Path(path) for path in paths], recipe)
                files = given_inputs.joined(chosen, files)
            drop_plan.check_files(files, recipe)
            if dataset is None:
                dataset = drops.default_dataset(bucket, self.name, files, lambda count: None)
            drop_plan.check_dataset_name(dataset)
            planned = DropPlan(self.name, dataset, files, skipped, recipe)
            return self._dropped(planned, bucket)

    def train(
        self,
        dataset: str | None = None,
        *,
        hyperparameters: Mapping[str, Any] | None = None,
        force: bool = False,
        **settings: Any,
    ) -> Run:
        """Train a dataset of the bucket, by default the latest, with these hyperparameters.

        Returns the run that trains exactly this already, if there is one. `settings` and `hyperparameters`
        are the same thing; the latter takes any name. `force` takes those that the recipe doesn't name.
        """
        with explaining():
            wanted = dataset or latest_dataset(self._api, self.name)
            every = {**(hyperparameters or {}), **settings}
            return self._run(launch.launch(self._api, self.name, wanted, every, force=force))

    def rerun(
        self,
        run: Run | str = "",
        *,
        settings: Literal["run", "recipe"] = "run",
        versions: Literal["newest", "pinned"] = "newest",
        hyperparameters: Mapping[str, Any] | None = None,
        force: bool = False,
        prepare_again: bool = False,
        **changed: Any,
    ) -> Run:
        """A new run of what `run` trained, by default the project's newest, with changed hyperparameters.

        `settings`: hyperparameters and resources of `run`, or of the current recipe. `versions`: the
        newest data and code, or the very versions that `run` had: that takes no changes. `hyperparameters`
        is for names that can't be written as `changed`. `force` takes those that the recipe doesn't name.
        """
        with explaining():
            again = run if isinstance(run, Run) else Run.find(self._stack, run or self.name)
            every = {**(hyperparameters or {}), **changed}
            answer = launch.rerun(
                self._api,
                again.id,
                every,
                settings=settings,
                versions=versions,
                force=force,
                prepare_again=prepare_again,
            )
            return self._run(answer)

    def sweep(
        self,
        dataset: str | None = None,
        *,
        trials: int | None = None,
        parallel: int | None = None,
        method: Literal["grid", "random", "bayesian"] | None = None,
        early_stop: Literal["asha", "median", "none"] | None = None,
        max_cost_usd: float | None = None,
        seed: int | None = None,
        space: Mapping[str, Any] | None = None,
        **searched: Any,
    ) -> Sweep:
        """Search hyperparameters: start a sweep, each of whose trials is a run with its own values.

        `searched` are hyperparameters, as in `learning_rate=(1e-4, 1e-1, "log"), units=[32, 64], epochs=5`: a
        tuple is a range (two whole numbers give whole numbers), a list has the values, a text is as in
        train.yaml, and anything else is one value for all trials. `space` is for names that can't be written
        so. What is left out comes from the recipe's `sweep`. The sweep reserves the most that it can cost.
        """
        options = {
            "dataset": dataset, "trials": trials, "parallel": parallel, "method": method,
            "early_stop": early_stop, "max_cost_usd": max_cost_usd, "seed": seed,
        }  # fmt: skip
        with explaining():
            body = start_sweep.request(self.name, {**(space or {}), **searched}, options)
            return Sweep(self._stack, self._api, start_sweep.start(self._api, body).body)

    def sweeps(self, *, limit: int = 20) -> list[Sweep]:
        """The newest sweeps, at most `limit`."""
        with explaining():
            found = read_sweeps(self._api, self.name, limit=limit)
            return [Sweep(self._stack, self._api, record) for record in found]

    def run(self, name: str = "") -> Run:
        """The run that `name` means: an id or its beginning; by default the project's newest run."""
        return Run.find(self._stack, name or self.name)

    def runs(
        self,
        *,
        sort: str | None = None,
        status: str | None = None,
        tag: str | None = None,
        limit: int = 100,
    ) -> RunList:
        """The newest runs, at most `limit`, with a status or a tag if one is given.

        With `sort`, the first ones of the newest 1,000: by a metric, `cost`, `took`, `created`, …, from the
        highest on if it begins with `-`. Runs without that value come last; DroptrainError if none has it.
        """
        with explaining():
            searched = max(limit, SORTED) if sort else limit
            found = read_runs(self._api, self.name, limit=searched, status=status, tag=tag)
            if sort:
                found = run_values.sort(found, sort, datetime.now(UTC))
            return RunList(Run(self._stack, self._api, record) for record in found[:limit])

    def models(self, *, limit: int = 100) -> list[dict[str, Any]]:
        """The newest promotions, at most `limit`, as the API gives them: run, metrics, when, by whom."""
        with explaining():
            return list(islice(promotions.history(self._api, self.name), limit))

    def current(self) -> Run | None:
        """The run whose model is the project's current one; None if there is none."""
        with explaining():
            model = promotions.read(self._api, self.name)["current"]
            return Run.find(self._stack, model["run_id"]) if model else None

    def rollback(self) -> Run:
        """Make the model before the current one current again; returns its run."""
        with explaining():
            return Run.find(self._stack, promotions.roll_back(self._api, self.name)["run_id"])

    def _dropped(self, planned: DropPlan, bucket: Bucket) -> Run:
        present = bucket.folder(planned.folder)
        drops.must_be_whole(planned, planned.missing(present))
        earlier = drops.runs_of(self._api, planned) if planned.marker else ()
        done = drops.send(self._stack, planned, present, lambda count: None)
        if planned.launches_at_once or not done.uploaded:
            try:
                return self._run(launch.launch(self._api, self.name, planned.dataset, {}))
            except (ApiError, UnreachableError):
                if not done.uploaded:  # so no event comes that launches it
                    raise
        return self.run(drops.find_run(self._api, planned, done, present, earlier))

    def _run(self, answer: Answer) -> Run:
        return Run(self._stack, self._api, answer.body)
