"""A run's way from its launch to its saved result: when each part was over, and how long it usually takes."""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from droptrain_core.domain import times
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.container_times import ContainerTimes
from droptrain_core.domain.runs.run import Run

# The parts by what ends them, in their order.
PartName = Literal[
    "queued", "instance_launched", "instance_started", "image_pulled", "container_started", "fetched",
    "first_step", "trained", "saved",
]  # fmt: skip
PARTS: tuple[PartName, ...] = get_args(PartName)
_Ends = Mapping[PartName, str]  # when each part of an attempt was over, as far as it is known
# A project with fewer runs that had a part is compared with all runs of the stack.
_ENOUGH = 3


@frozen
class Usual:
    """The median of how long a part took in the last `runs` successful runs, of the project or the stack."""

    seconds: int
    runs: int
    of: Literal["project", "stack"]


@frozen
class Part:
    """A part that was over `at`, `seconds` after the end of the part `after`; None if that isn't known."""

    name: PartName
    at: str | None
    after: PartName | None
    seconds: int | None
    usual: Usual | None


@frozen
class Underway:
    """The part in which a run is, `since` the end of the last part before it that is known."""

    name: PartName
    since: str
    usual: Usual | None


@frozen
class Timing:
    """The parts of a run's last attempt, which is number `attempt`; nothing is `underway` after its end."""

    attempt: int
    parts: tuple[Part, ...]
    underway: Underway | None


def of_run(run: Run, reported: ContainerTimes | None, project: Sequence[Run], stack: Sequence[Run]) -> Timing:
    """The timing of a run's last attempt, by its record and its container's report.

    `project` and `stack` are the successful runs with which the parts are compared.
    """
    ended = _ends(run, reported if reported and _is_of_last_attempt(run, reported) else None)
    usual = _Compared(_ends_of(project, run), _ends_of(stack, run))
    parts = tuple(_part(name, ended, usual) for name in PARTS)
    return Timing(_attempt(run), parts, None if run.ended else _underway(run, ended, usual))


def lacks_runs(run: Run, project: Sequence[Run]) -> bool:
    """Whether the project's successful runs are too few to compare with."""
    return len(_ends_of(project, run)) < _ENOUGH


@frozen
class _Compared:
    """When the parts of other runs were over."""

    project: Sequence[_Ends]
    stack: Sequence[_Ends]

    def usual(self, after: PartName, name: PartName) -> Usual | None:
        """How long it usually takes from the end of one part to the end of another one."""
        project, stack = _seconds(self.project, after, name), _seconds(self.stack, after, name)
        if len(project) >= _ENOUGH or not stack:
            return Usual(project[len(project) // 2], len(project), "project") if project else None
        return Usual(stack[len(stack) // 2], len(stack), "stack")


def _part(name: PartName, ended: _Ends, compared: _Compared) -> Part:
    after = _known_before(name, ended) if name in ended else None
    if after is None:
        return Part(name, ended.get(name), None, None, None)
    return Part(name, ended[name], after, _between(ended, after, name), compared.usual(after, name))


def _underway(run: Run, ended: _Ends, compared: _Compared) -> Underway:
    name = _current(run, ended)
    after = _known_before(name, ended)
    if after is None:
        return Underway(name, run.created_at, None)
    return Underway(name, ended[after], compared.usual(after, name))


def _known_before(name: PartName, ended: _Ends) -> PartName | None:
    """The last part before that one whose end is known."""
    return next((each for each in reversed(PARTS[: PARTS.index(name)]) if each in ended), None)


def _seconds(runs: Sequence[_Ends], after: PartName, name: PartName) -> list[int]:
    """What runs took from the end of one part to the end of another one, sorted."""
    took = (_between(ended, after, name) for ended in runs if after in ended and name in ended)
    return sorted(took)


def _current(run: Run, ended: _Ends) -> PartName:
    """The part in which a run is that hasn't ended."""
    match run.status:
        case "CLAIMED":
            return "queued"
        case "SUBMITTED" | "RUNNABLE":
            return "instance_started"
        case "STARTING":
            return "container_started"
    inside: tuple[PartName, ...] = ("fetched", "first_step", "trained")
    return next((each for each in inside if each not in ended), "saved")


def _between(ended: _Ends, after: PartName, name: PartName) -> int:
    """The seconds from the end of one part to that of another one; an instance can be older than the run."""
    before = PARTS[: PARTS.index(after) + 1]
    begun = max(ended[each] for each in before if each in ended)
    took = times.from_text(ended[name]) - times.from_text(begun)
    return max(round(took.total_seconds()), 0)


def _ends_of(runs: Sequence[Run], run: Run) -> list[_Ends]:
    others = (each for each in runs if each.run_id != run.run_id and each.status == "SUCCEEDED")
    return [_ends(each, each.timing) for each in others]


def _ends(run: Run, reported: ContainerTimes | None) -> _Ends:
    """When each part of the run's last attempt was over, as far as it is known."""
    queued_at, placed_at, running_at = _changes(run)
    times_of = reported or ContainerTimes("", 0)
    last = run.attempts[-1] if run.ended and run.attempts else None
    started_at = (last.started_at if last else None) or times_of.started_at or running_at
    step = times_of.first_metric_at or times_of.first_output_at
    found: dict[PartName, str | None] = {
        # Batch's events come some time after the changes that they report.
        "queued": _earlier(queued_at, started_at),
        "instance_launched": times_of.instance_launched_at,
        "instance_started": _earlier(_earlier(placed_at, times_of.image_pull_started_at), started_at),
        "image_pulled": times_of.image_pulled_at,
        "container_started": started_at,
        "fetched": times_of.script_started_at,
        # A metric that the script's last lines hold is seen after its end.
        "first_step": _earlier(step, times_of.script_ended_at),
        "trained": times_of.script_ended_at,
        "saved": last.stopped_at if last else None,
    }
    return {name: at for name, at in found.items() if at}


def _earlier(at: str | None, bound: str | None) -> str | None:
    """The time `at`, or the bound if that is earlier."""
    return min(at, bound) if at and bound else at


def _changes(run: Run) -> tuple[str | None, str | None, str | None]:
    """When the last attempt was queued, got its instance, and ran, by the run's history."""
    queued_at = placed_at = running_at = None
    for step in run.history:
        if step.status == "CLAIMED":
            queued_at = placed_at = running_at = None
        elif step.status in ("SUBMITTED", "RUNNABLE"):
            if queued_at is None or placed_at or running_at:
                queued_at, placed_at, running_at = step.at, None, None
        elif step.status == "STARTING":
            placed_at = step.at
        elif step.status == "RUNNING":
            running_at = step.at
    return queued_at, placed_at, running_at


def _attempt(run: Run) -> int:
    """The number of the last attempt of the run's current Batch job."""
    earlier = len(run.next_job.earlier_attempts) if run.next_job else 0
    ended = len(run.attempts) - earlier
    return max(ended if run.ended else ended + 1, 1)


def _is_of_last_attempt(run: Run, reported: ContainerTimes) -> bool:
    return reported.job_id == run.batch_job_id and reported.attempt == _attempt(run)
