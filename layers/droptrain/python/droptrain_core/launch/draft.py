"""A run that isn't claimed yet, and the parts that every launch makes of it. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from droptrain_core.domain import times
from droptrain_core.domain.costs.estimate import EligibleInstances
from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs import identity
from droptrain_core.domain.runs.compute import StackCompute
from droptrain_core.domain.runs.preparation import JobRequest
from droptrain_core.domain.runs.run import Run, Step
from droptrain_core.launch.snapshot import Instances


@frozen
class Asked:
    """The caller and the time of a launch; `first` is the run that this launch reruns.

    `prepare_again`: the run doesn't use data that are prepared already. `scheduled_at` is the time of the
    schedule that the launch is for.
    """

    by: str
    at: datetime
    first: Run | None = None
    prepare_again: bool = False
    scheduled_at: str | None = None

    @property
    def rerun(self) -> int:
        """The number of the rerun; 0 for a first run."""
        return self.first.reruns + 1 if self.first else 0


@frozen
class Where:
    """The stack's names that a run's plan and causes contain."""

    bucket: str
    compute: StackCompute


@frozen
class Draft:
    """A run that isn't claimed yet; it may be REJECTED already, and then it may have no plan.

    `findings` are all that preflight found in the files; the run has a part of them. `summary` summarizes
    its training data, as JSON. `holder_id` is the run that held the run's prepared data when they were read.
    """

    run: Run
    plan: Mapping[str, Any] | None
    findings: tuple[Finding, ...] = ()
    summary: str | None = None
    holder_id: str | None = None


def new_run(run_id: str, project: str, dataset: str, asked: Asked) -> Run:
    """The record of a new claim, without inputs, code and job."""
    at = times.to_text(asked.at)
    return Run(
        run_id=run_id,
        project=project,
        dataset=dataset,
        status="CLAIMED",
        created_at=at,
        updated_at=at,
        claimed_at=at,
        launched_by=asked.by,
        created_order=identity.order_key(asked.at, run_id),
        history=(Step(at, "CLAIMED"),),
    )


def with_estimate(run: Run, eligible: EligibleInstances | None, prepare_usd: float | None) -> Run:
    """The run with its estimate, and a warning if it risks its work.

    Its preparation step can cost up to `prepare_usd`, None if no price is known.
    """
    if run.job is None or eligible is None or prepare_usd is None:
        return run
    estimate = eligible.estimate(run.job.timeout_seconds).with_preparation(prepare_usd)
    return replace(run, estimate=estimate, warnings=(*run.warnings, *eligible.warnings(estimate)))


def worst_usd(instances: Instances, job: JobRequest) -> float | None:
    """The most that the jobs of a step can cost; None if no price is known."""
    return instances.eligible.worst_usd(job.timeout_seconds) if instances.eligible else None
