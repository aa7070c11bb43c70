"""A trial's run: a copy of what its sweep was started with, with the parameters that were drawn. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from droptrain_core.domain.runs import plan as plans
from droptrain_core.domain.runs.run import KEPT_BY_A_REPEAT
from droptrain_core.domain.sweeps.sweep import Sweep, sweep_prefix
from droptrain_core.launch.draft import Asked, Draft, new_run


def trial_draft(sweep: Sweep, plan: Mapping[str, Any], summary: str | None, at: datetime) -> Draft:
    """The draft of the trial that was drawn last; `plan` and `summary` are the sweep's.

    The plan is the same however often it is made: several processes may launch the trial, and one succeeds.
    """
    number, template = sweep.launched, sweep.template
    run_id = sweep.run_id(number)
    document = plans.trial_plan(plan, run_id, sweep.draw, _early_stop(sweep, number))
    run = replace(
        new_run(run_id, sweep.project, sweep.dataset, Asked(sweep.created_by, at)),
        **{
            name: getattr(template, name)
            for name in (*KEPT_BY_A_REPEAT, "warnings", "estimate", "preparation")
        },
        plan_sha256=plans.plan_digest(document),
        sweep=sweep.sweep_id,
        trial=number,
    )
    return Draft(
        replace(run, hyperparameters={**run.hyperparameters, **sweep.draw}), document, summary=summary
    )


def _early_stop(sweep: Sweep, number: int) -> dict[str, Any] | None:
    """What the container needs to compare the trial with the others."""
    if sweep.early_stop == "none":
        return None
    return {
        "method": sweep.early_stop,
        "metric": sweep.metric,
        "goal": sweep.goal,
        "prefix": sweep_prefix(sweep.project, sweep.sweep_id),
        "trial": number,
    }
