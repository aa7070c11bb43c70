"""Every legal change of a run's record, on one page.

The record is made as a claim (`RunTable.claim`). From then on it changes only by these transitions. Only
`RunTable` writes them: alone, or in one transaction with what belongs to them. docs/reliability.md has the
diagram; a test compares it with this page.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.batch_job import JobState, expected
from droptrain_core.domain.runs.batch_job import submitted as progress_of_a_submission
from droptrain_core.domain.runs.change import Change
from droptrain_core.domain.runs.conditions import (
    Absent,
    AbsentOrEquals,
    AbsentOrLess,
    Ended,
    Equals,
    NotEnded,
)
from droptrain_core.domain.runs.container_times import ContainerTimes
from droptrain_core.domain.runs.preparation import Prepared
from droptrain_core.domain.runs.run import Attempt, Cost, GpuUse, NextJob, Run, Status, Step
from droptrain_core.domain.runs.stopped_early import StoppedEarly

# The time of a released claim: so long ago that any process may take it over.
RELEASED = "1970-01-01T00:00:00Z"


@frozen(kw_only=True)
class Transition(Change):
    """One conditional change of a run's record."""

    run_id: str


@frozen(kw_only=True)
class End:
    """The facts of a Batch job's end; unknown fields stay unchanged."""

    cause: Cause | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    cost: Cost | None = None
    gpu: GpuUse | None = None
    stopped_early: StoppedEarly | None = None
    timing: ContainerTimes | None = None
    advice: tuple[str, ...] = ()
    warnings: tuple[Finding, ...] = ()
    ranking: str | None = None
    headline: float | None = None


def held(run: Run, at: str) -> Transition:
    """A process takes over the claim; `at` is RELEASED if it gives the claim back."""
    return Transition(
        run_id=run.run_id,
        requires=(
            Absent("batch_job_id"),
            Absent("waits_for"),
            Equals("status", "CLAIMED"),
            Equals("claimed_at", run.claimed_at),
        ),
        set={"claimed_at": at},
    )


def submitted(run: Run, job_id: str, at: str) -> Transition:
    """The claim's Batch job was submitted."""
    return Transition(
        run_id=run.run_id,
        requires=(Absent("batch_job_id"), Absent("waits_for"), Equals("status", "CLAIMED")),
        set={
            "status": "SUBMITTED",
            "batch_job_id": job_id,
            "updated_at": at,
            "progress": progress_of_a_submission(run.job_number),
        },
        append={"history": (Step(at, "SUBMITTED"),)},
    )


def observed(job: JobState, at: str, end: End | None = None, earlier: tuple[Attempt, ...] = ()) -> Transition:
    """AWS Batch reports a state that is further on than the record; an `end` brings its facts along.

    `earlier` are the attempts of the run's Batch jobs before this one.
    """
    end = end or End()
    facts = {
        "attempts": (*earlier, *job.attempts), "log_stream": job.log_stream,
        "stopped_at": job.stopped_at if job.ended else None, "cause": end.cause,
        "metrics": dict(end.metrics), "cost": end.cost, "gpu": end.gpu, "advice": end.advice,
        "stopped_early": end.stopped_early, "timing": end.timing,
        "ranking": end.ranking, "headline": end.headline,
    }  # fmt: skip
    known = {name: value for name, value in facts.items() if value not in (None, {}, ())}
    return Transition(
        run_id=job.run_id,
        requires=(
            AbsentOrEquals("batch_job_id", job.job_id),
            AbsentOrLess("progress", job.progress),
            NotEnded(),
        ),
        set={
            "status": job.status, "progress": job.progress, "updated_at": at, "batch_job_id": job.job_id,
        } | known,
        set_once={"started_at": job.started_at} if job.started_at else {},
        append={"history": (Step(at, job.status, job.status_reason),)}
        | ({"warnings": end.warnings} if end.warnings else {}),
    )  # fmt: skip


def next_job(
    run: Run, following: NextJob, cost: Cost | None, at: str, prepared: Prepared | None = None
) -> Transition:
    """The run becomes a claim for its next Batch job; later reports of the previous job are stale.

    `prepared` are the data that the previous job has prepared.
    """
    return Transition(
        run_id=run.run_id,
        requires=(Equals("batch_job_id", following.previous.job_id), Absent("cancelled_by"), NotEnded()),
        set={
            "next_job": following, "progress": expected(following.number), "status": "CLAIMED",
            "claimed_at": at, "updated_at": at, "attempts": following.earlier_attempts,
        } | ({"cost": cost} if cost else {}) | ({"prepared": prepared} if prepared else {}),
        append={"history": (Step(at, "CLAIMED", following.why),)},
        remove=("batch_job_id",),
    )  # fmt: skip


def awaited(holder_id: str, run_id: str) -> Transition:
    """A claim waits for the data that the holder prepares; the end of that step wakes it."""
    return Transition(
        run_id=holder_id,
        requires=(NotEnded(), Absent("prepared")),
        set={},
        append={"awaited_by": (run_id,)},
    )


def waits(run: Run, holder_id: str) -> Transition:
    """A claim that waits follows another holder, which prepares the data now."""
    return Transition(
        run_id=run.run_id,
        requires=(Equals("status", "CLAIMED"), Equals("waits_for", run.waits_for)),
        set={"waits_for": holder_id},
    )


def woken(run: Run, why: str, at: str, using: Run | None = None) -> Transition:
    """A claim that waited goes on: as the run `using` prepared data, or to prepare them itself."""
    changed = ("prepared", "estimate", "reservations") if using else ()
    return Transition(
        run_id=run.run_id,
        requires=(Equals("status", "CLAIMED"), Equals("waits_for", run.waits_for)),
        set={"claimed_at": at, "updated_at": at} | {name: getattr(using, name) for name in changed},
        append={"history": (Step(at, "CLAIMED", why),)},
        remove=("waits_for",),
    )


def returned(run: Run, given_up: NextJob, at: str) -> Transition:
    """A cancelled claim for the next job follows the previous job again, whose end has the whole cost."""
    before = given_up.before()
    return Transition(
        run_id=run.run_id,
        requires=(Absent("batch_job_id"), Equals("status", "CLAIMED"), Equals("claimed_at", run.claimed_at)),
        set={
            "status": "SUBMITTED", "batch_job_id": given_up.previous.job_id, "updated_at": at,
            "progress": progress_of_a_submission(given_up.number - 1),
        } | ({"next_job": before} if before else {}),
        remove=() if before else ("next_job",),
    )  # fmt: skip


def followed(job: JobState, trains: str, at: str) -> Transition:
    """The record follows the Batch job that trains, instead of the superseded `job`."""
    return Transition(
        run_id=job.run_id,
        requires=(Equals("batch_job_id", job.job_id), NotEnded()),
        set={
            "batch_job_id": trains,
            "progress": progress_of_a_submission(job.job_number),
            "updated_at": at,
        },
    )


def cancel_requested(run_id: str, by: str, at: str) -> Transition:
    """A user cancels the run. The submission of a claim reads this afterwards, so no job continues."""
    return Transition(
        run_id=run_id, requires=(NotEnded(),), set={"updated_at": at}, set_once={"cancelled_by": by}
    )


def ended(run: Run, status: Status, cause: Cause, at: str) -> Transition:
    """The run ends without an event of a Batch job, if its record is unchanged since it was read."""
    return Transition(
        run_id=run.run_id,
        requires=(Equals("status", run.status), Equals("updated_at", run.updated_at), NotEnded()),
        set={"status": status, "cause": cause, "updated_at": at},
        append={"history": (Step(at, status, cause.message),)},
    )


def promoted(run_id: str, at: str, *, by_gate: bool) -> Transition:
    """The run's model becomes its project's current one; by the recipe's gate only once."""
    is_first = (Absent("promoted_at"),) if by_gate else ()
    return Transition(
        run_id=run_id,
        requires=(Equals("status", "SUCCEEDED"), *is_first),
        set={"promoted_at": at},
        remove=("not_promoted",),
    )


def notified(run: Run, at: str) -> Transition:
    """The notice was sent, and says why the run isn't promoted: it leaves the index of active runs."""
    return Transition(
        run_id=run.run_id,
        requires=(Absent("notified_at"), Ended()),
        set={"notified_at": at} | ({"not_promoted": run.not_promoted} if run.not_promoted else {}),
        remove=("active",),
    )


def described(run_id: str, words: Mapping[str, Any]) -> Transition:
    """People named the run, wrote a note about it or tagged it; nothing else of the record changes."""
    return Transition(run_id=run_id, requires=(), set=words)


def rerun(first: Run, claim: Run | None = None) -> Transition:
    """One more rerun of the run is claimed; that `claim` may also wait for the data that the run prepares."""
    counted = Transition(
        run_id=first.run_id,
        requires=(AbsentOrEquals("reruns", first.reruns),),
        set={"reruns": first.reruns + 1},
    )
    waits = claim is not None and claim.waits_for == first.run_id
    return counted.along_with(awaited(first.run_id, claim.run_id)) if claim and waits else counted
