"""The promises, checked against what was seen: every drop one run, one training, one end, one notice."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from chaos.soak import models, retraining, sweeps
from chaos.soak.models import SeenModels
from chaos.soak.observations import SeenJob, SeenRun
from chaos.soak.retraining import SeenProject, trains_again
from chaos.soak.sweeps import SeenSweep
from chaos.soak.trainings import Line
from chaos.soak.verdict_words import named
from chaos.soak.versions import Versions, project_of

_SUPERSEDED = 73
_KILLED = 137
# A pass that is killed three times is given up as on AWS, and a change of the table that fails eleven times;
# the next pass does what they should have done, or runs are not announced.
_GIVES_UP_SOON = {"ReconcileDeadLetterQueue", "RunChangedDeadLetterQueue", "TrialEndedDeadLetterQueue"}


@dataclass(frozen=True)
class Seen:
    """Everything that was seen of the cloud when it was quiet, and what had been done to it."""

    expected: set[Versions]
    runs: list[SeenRun]
    sweeps: list[SeenSweep]
    projects: list[SeenProject]
    jobs: list[SeenJob] = field(default_factory=list)
    ledger: list[Line] = field(default_factory=list)
    exporting_jobs: Mapping[str, set[str]] = field(default_factory=dict)
    notices: Counter[str] = field(default_factory=Counter)
    dead_letters: Mapping[str, list[str]] = field(default_factory=dict)
    killed_jobs: set[str] = field(default_factory=set)
    reserved: Mapping[str, int] = field(default_factory=dict)
    models: list[SeenModels] = field(default_factory=list)

    @property
    def runs_of_drops(self) -> list[SeenRun]:
        """The runs of projects in which each drop has a run or a sweep of its own."""
        return [run for run in self.runs if not trains_again(run.project)]

    @property
    def drops(self) -> set[Versions]:
        """The drops of those projects."""
        return {each for each in self.expected if not trains_again(project_of(each))}

    @property
    def lost(self) -> set[Versions]:
        """Drops that have neither run nor sweep."""
        return self.drops - {run.inputs for run in self.runs} - {each.inputs for each in self.sweeps}

    @property
    def doubled(self) -> set[Versions]:
        """Drops that have several runs, or whose run was trained by several Batch jobs."""
        own = self.runs_of_drops
        runs = Counter(run.inputs for run in own if run.starts_a_drop)
        return {run.inputs for run in own if runs[run.inputs] > 1 or run.run_id in self.trained_twice}

    @property
    def cancelled_runs(self) -> set[str]:
        """The runs that may be cancelled because their sweep was."""
        return sweeps.cancelled_runs(self.sweeps)

    @property
    def trained_twice(self) -> set[str]:
        return {run_id for run_id, job_ids in self.trained_by.items() if len(job_ids) > 1}

    @property
    def superseded(self) -> set[str]:
        """Jobs that ended because another one of their run trains."""
        return {
            job.job_id for job in self.jobs if any(each.exit_code == _SUPERSEDED for each in job.attempts)
        }

    @property
    def jobs_by_run(self) -> dict[str, set[str]]:
        return _grouped((job.run_id, job.job_id) for job in self.jobs)

    @property
    def trained_by(self) -> dict[str, set[str]]:
        """The Batch jobs whose script has started, by run."""
        return _grouped((line.run_id, line.job_id) for line in self.ledger)


def broken(seen: Seen) -> Iterator[str]:
    """Each promise that doesn't hold, in words."""
    yield from _drops(seen)
    yield from _jobs(seen)
    for run in seen.runs:
        yield from _outcome(run, seen)
    for sweep in seen.sweeps:
        yield from sweeps.broken(sweep, seen.notices)
    for project in seen.projects:
        yield from retraining.broken(project)
    for each in seen.models:
        yield from models.broken(each)
    alone = {run.run_id for run in seen.runs if run.trial is None}
    yield from named("runs have no notice", [run_id for run_id in alone if not seen.notices[run_id]])
    strange = seen.notices.keys() - alone - {each.sweep.sweep_id for each in seen.sweeps}
    yield from named("notices are of no run and no sweep", strange)
    yield from named("accounts hold something for nobody", map(str, seen.reserved.items()))
    for queue, bodies in seen.dead_letters.items():
        if queue not in _GIVES_UP_SOON:
            yield from named(f"dead letters in {queue}", bodies)


def _drops(seen: Seen) -> Iterator[str]:
    of_none = {run.inputs for run in seen.runs_of_drops} - seen.drops
    yield from named("drops have no run", map(_text, seen.lost))
    yield from named("drops have several runs or trainings", map(_text, seen.doubled))
    yield from named("runs are of no drop", map(_text, of_none))


def _jobs(seen: Seen) -> Iterator[str]:
    runs = {run.run_id for run in seen.runs}
    by_run = seen.jobs_by_run
    yield from named("Batch jobs are of no run", by_run.keys() - runs)
    yield from named("runs have no Batch job", runs - by_run.keys() - seen.cancelled_runs)
    several = [run_id for run_id, job_ids in by_run.items() if len(job_ids - seen.superseded) > 1]
    yield from named("runs have several Batch jobs", several)
    yield from named("runs were trained by several Batch jobs", seen.trained_twice)
    unended = [job.job_id for job in seen.jobs if job.state not in ("SUCCEEDED", "FAILED")]
    yield from named("Batch jobs have not ended", unended)


def _outcome(run: SeenRun, seen: Seen) -> Iterator[str]:
    """A run ends as its Batch job does: a training that was killed fails, a reclaimed one is tried again."""
    if not run.ended or not run.is_announced:
        yield f"{run.run_id} is {run.status}, announced: {run.is_announced}"
        return
    job = next((job for job in seen.jobs if job.job_id == run.batch_job_id), None)
    if run.status == "CANCELLED" and run.run_id in seen.cancelled_runs:
        if job and job.state != "FAILED":
            yield f"{run.run_id} is CANCELLED, its Batch job {job.job_id} {job.state}"
        return
    if job is None:
        yield f"{run.run_id} names no Batch job that there is: {run.batch_job_id}"
        return
    if run.status != job.state:
        yield f"{run.run_id} is {run.status}, its Batch job {job.job_id} {job.state}"
    last = job.attempts[-1]
    if run.status == "SUCCEEDED":
        trained = {line.run_id for line in seen.ledger if line.what == "end"}
        if run.run_id not in trained or job.job_id not in seen.exporting_jobs.get(run.run_id, ()):
            yield f"{run.run_id} is SUCCEEDED without an export"
    elif job.job_id not in seen.killed_jobs or last.exit_code != _KILLED or not run.cause:
        yield f"{run.run_id} is {run.status} ({run.cause}), which nobody did to it: {job.attempts}"
    early = [each for each in job.attempts[:-1] if not each.reason.startswith("Host EC2")]
    if early:
        yield f"{run.run_id} was tried again without a reclaim: {early}"


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    for key, value in pairs:
        groups.setdefault(key, set()).add(value)
    return groups


def _text(versions: Versions) -> str:
    return " + ".join(f"{key} {version_id[:8]}" for key, version_id in sorted(versions))
