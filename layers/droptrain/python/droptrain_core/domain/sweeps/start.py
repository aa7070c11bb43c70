"""The start of a sweep: its record from the decision about one run, and what refuses it."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from droptrain_core.domain.errors import Cause, RejectedError
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.recipes.overrides import problem_of
from droptrain_core.domain.recipes.readers import WrongValueError
from droptrain_core.domain.recipes.recipe import Recipe
from droptrain_core.domain.recipes.space import parsed
from droptrain_core.domain.recipes.sweep_field import count_trials, read_sweep
from droptrain_core.domain.recipes.values import SweepSettings
from droptrain_core.domain.runs.identity import identify_sweep
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.sweeps.sweep import Sweep


@frozen
class Terms:
    """What a sweep is started with: its settings, the seed of its draws, and how often it ran before."""

    settings: SweepSettings
    seed: int = 0
    earlier: int = 0
    force: bool = False


def settings_of(recipe: Recipe, given: Mapping[str, Any]) -> SweepSettings:
    """What a request has `given`, and the rest from the recipe's `sweep`; RejectedError."""
    base = asdict(recipe.sweep) if recipe.sweep else {}
    base = {name: value for name, value in base.items() if value is not None}
    if "space" in given or given.get("method", base.get("method")) != base.get("method"):
        base.pop("trials", None)
    try:
        return read_sweep({**base, **given})
    except WrongValueError as error:
        raise RejectedError(_bad_sweep(f"{error.path.lstrip('.') or 'sweep'} {error}")) from None


def new_sweep(run: Run, recipe: Recipe, terms: Terms) -> Sweep:
    """The sweep whose trials are like `run`, which was decided now; RejectedError.

    Nothing is reserved yet.
    """
    settings = terms.settings
    if recipe.metric is None:
        raise RejectedError(_no_metric())
    if not terms.force and (cause := _wrong_name(recipe, settings)):
        raise RejectedError(cause)
    trials = count_trials(settings)
    trial_usd = run.estimate.worst_usd if run.estimate else None
    sweep_id = _identify(run, terms, trials)
    return Sweep(
        sweep_id=sweep_id,
        project=run.project,
        dataset=run.dataset,
        status="RUNNING",
        created_at=run.created_at,
        updated_at=run.created_at,
        created_order=f"{run.created_order.partition('#')[0]}#{sweep_id}",
        created_by=run.launched_by,
        method=settings.method,
        trials=trials,
        parallel=min(settings.parallel, trials),
        early_stop=settings.early_stop,
        space=settings.space,
        seed=terms.seed,
        metric=recipe.metric.name,
        goal=recipe.metric.goal,
        template=run,
        max_cost_usd=settings.max_cost_usd,
        expected_usd=_times(run.estimate.expected_usd if run.estimate else None, trials),
        limit_usd=_limit_usd(settings.max_cost_usd, trial_usd, trials),
        trial_usd=trial_usd,
        woken_at=run.created_at,
    )


def with_plan(sweep: Sweep, plan_sha256: str) -> Sweep:
    """The sweep with the digest of the plan from which its trials' plans are made."""
    return replace(sweep, template=replace(sweep.template, run_id=sweep.sweep_id, plan_sha256=plan_sha256))


def _identify(run: Run, terms: Terms, trials: int) -> str:
    settings = json.dumps({**asdict(terms.settings), "trials": trials}, sort_keys=True)
    return identify_sweep(run.project, run.dataset, run.run_id, settings, str(terms.seed), str(terms.earlier))


def _limit_usd(max_cost_usd: float | None, trial_usd: float | None, trials: int) -> float | None:
    """The most that the sweep may cost; RejectedError if that doesn't pay for one trial."""
    if trial_usd is None:
        if max_cost_usd is not None:
            raise RejectedError(
                Cause(
                    "no_price",
                    "max_cost_usd can't be kept: none of the stack's instance types with a price has room "
                    "for the recipe's resources.",
                    "Set the stack's parameter InstanceTypes (CpuInstanceTypes for runs without GPUs) to "
                    "types with a price, or leave max_cost_usd out.",
                )
            )
        return None
    if max_cost_usd is not None and max_cost_usd < trial_usd:
        raise RejectedError(
            Cause(
                "over_budget",
                f"max_cost_usd: {max_cost_usd:g} doesn't pay for one trial, which may cost up to "
                f"${math.ceil(trial_usd * 100) / 100:.2f}.",
                "Raise the sweep's max_cost_usd, or set a shorter `timeout` in train.yaml.",
            )
        )
    whole = round(trials * trial_usd, 6)
    return whole if max_cost_usd is None else min(whole, max_cost_usd)


def _times(usd: float | None, trials: int) -> float | None:
    return None if usd is None else round(usd * trials, 6)


def _wrong_name(recipe: Recipe, settings: SweepSettings) -> Cause | None:
    """The cause if a parameter of the space looks like a mistake beside the recipe's hyperparameters."""
    for name, values in parsed(settings.space).items():
        if problem := problem_of(recipe.hyperparameters, name, values.at(0)):
            return Cause(
                "bad_sweep",
                f"space.{name}: {problem}.",
                f"Correct the name, or add {name} to the recipe's hyperparameters.",
            )
    return None


def _bad_sweep(problem: str) -> Cause:
    return Cause("bad_sweep", problem, "Correct the sweep's settings and start it again.")


def _no_metric() -> Cause:
    return Cause(
        "no_metric",
        "A sweep compares its trials by the recipe's metric, and the recipe names none.",
        "Add the metric to train.yaml, such as `metric: {name: test_accuracy, goal: maximize}`.",
    )
