"""Sweeps in a soak: projects whose drops start one, and what must hold of each sweep."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from chaos.soak.observations import items
from chaos.soak.versions import Versions
from droptrain_core.aws.accounts import account_pk
from droptrain_core.aws.run_record import made, run_pk, to_values
from droptrain_core.aws.sweep_writes import from_item, sweep_pk
from droptrain_core.domain.costs.budget import charged_usd, to_micro
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.sweeps.decide import FAILURES_IN_A_ROW
from droptrain_core.domain.sweeps.sweep import Sweep
from support.table_changes import table_changes

from droptrain_local.cloud import LaptopCloud

# Each method, and a limit that pays for two worst cases at once, of at most three.
_SEARCHES = (
    "{method: random, trials: 3, parallel: 2, space: {x: '0.001..1:log'}}",
    "{method: bayesian, trials: 6, parallel: 2, space: {x: '0..1'}}",
    "{method: grid, parallel: 3, max_cost_usd: 1.2, space: {x: '0..1:step=0.25'}}",
)
_REPORTED = ("loss", "minimize")
# Those of the projects with these numbers may be cancelled.
_CANCELLED_EVERY = 2


def recipe(number: int) -> str:
    """The part of a recipe by which the drops of the project with this number start sweeps."""
    name, goal = _REPORTED
    search = _SEARCHES[number % len(_SEARCHES)]
    return (
        f"hyperparameters: {{x: 0.5}}\nmetric: {{name: {name}, goal: {goal}}}\ntimeout: 5m\nsweep: {search}\n"
    )


def project(number: int) -> str:
    return f"search-{number}"


@dataclass
class SeenSweep:
    """A sweep, its trials' runs by number, and the most that ran and was held for them at one moment.

    `late` are the trials that began after the sweep was cancelled.
    """

    sweep: Sweep
    trials: dict[int, Run] = field(default_factory=dict)
    most_running: int = 0
    most_held: int = 0
    is_cancelled: bool = False
    late: list[int] = field(default_factory=list)

    @property
    def inputs(self) -> Versions:
        """The drop that started it."""
        return frozenset((each.object.key, each.object.version_id) for each in self.sweep.template.inputs)

    def note(self, run: Run) -> None:
        """One of its trials' runs has changed."""
        assert run.trial
        if self.is_cancelled and run.trial not in self.trials:
            self.late.append(run.trial)
        self.trials[run.trial] = run
        runs = self.trials.values()
        self.most_running = max(self.most_running, sum(not each.ended for each in runs))
        self.most_held = max(self.most_held, sum(map(self._held, runs)))

    @property
    def values(self) -> dict[int, float]:
        """The metric of each trial that has succeeded with one."""
        name = self.sweep.metric
        ended = {number: run for number, run in self.trials.items() if run.status == "SUCCEEDED"}
        return {number: run.metrics[name] for number, run in ended.items() if name in run.metrics}

    def _held(self, run: Run) -> int:
        most = self.sweep.trial_usd or 0.0
        return to_micro(charged_usd(run, most) if run.ended else most)


def sweeps(cloud: LaptopCloud) -> list[SeenSweep]:
    """Every sweep of the cloud, with each change of its trials in order."""
    found = {}
    for item in items(cloud, "begins_with(pk, :value)", sweep_pk("")):
        sweep = from_item(item)
        found[sweep.sweep_id] = SeenSweep(sweep)
    for _, values in table_changes(cloud):
        pk = str(values.get("pk", ""))
        if pk.startswith(run_pk("")) and "sweep" in values:
            found[values["sweep"]].note(made(Run, values))
        elif pk.startswith(sweep_pk("")) and values.get("cancelled_by"):
            found[values["sweep_id"]].is_cancelled = True
    return list(found.values())


def cancellable(cloud: LaptopCloud) -> list[str]:
    """The sweeps that run and may be cancelled."""
    names = {project(number) for number in range(1, len(_SEARCHES) * _CANCELLED_EVERY + 1, _CANCELLED_EVERY)}
    running = map(from_item, items(cloud, "begins_with(pk, :value)", sweep_pk("")))
    return [each.sweep_id for each in running if each.project in names and not each.ended]


def reserved(cloud: LaptopCloud) -> dict[str, int]:
    """What each account of the caps still holds for active runs and sweeps, if anything."""
    accounts = map(to_values, items(cloud, "begins_with(pk, :value)", account_pk("")))
    held = {each["pk"]: int(each.get("committed", 0)) - int(each.get("spent", 0)) for each in accounts}
    return {name: amount for name, amount in held.items() if amount}


def broken(seen: SeenSweep, notices: Mapping[str, int]) -> Iterator[str]:
    """Each promise that doesn't hold for the sweep, in words."""
    sweep, name = seen.sweep, seen.sweep.sweep_id
    if not sweep.ended or not sweep.notified_at or not notices[name]:
        yield f"{name} is {sweep.status}, notified at {sweep.notified_at}, with {notices[name]} notices"
        return
    if sorted(seen.trials) != list(range(1, len(seen.trials) + 1)):
        yield f"{name} has the trials {sorted(seen.trials)}"
    if seen.most_running > sweep.parallel:
        yield f"{name} had {seen.most_running} trials at once, of at most {sweep.parallel}"
    if sweep.limit_usd is not None and seen.most_held > to_micro(sweep.limit_usd):
        yield f"{name} held {seen.most_held} millionths of a dollar, of at most {sweep.limit_usd} USD"
    yield from _outcome(seen)


def _outcome(seen: SeenSweep) -> Iterator[str]:
    sweep, name, values = seen.sweep, seen.sweep.sweep_id, seen.values
    best = sweep.known_standing.best
    if (best and best.value) != min(values.values(), default=None):
        yield f"{name} has the best {best}, and its trials have {values}"
    if sweep.cancelled_by:
        yield from _cancelled(seen)
        return
    if sweep.status == "SUCCEEDED":
        stopped = sweep.stop.code if sweep.stop else None
        if len(seen.trials) != sweep.trials and stopped != "sweep_limit":
            yield f"{name} is SUCCEEDED ({stopped}) with {len(seen.trials)} of {sweep.trials} trials"
        return
    failed = Counter(run.cause.code for run in seen.trials.values() if run.status == "FAILED" and run.cause)
    if sweep.status != "FAILED" or values or max(failed.values(), default=0) < FAILURES_IN_A_ROW:
        yield f"{name} is {sweep.status}, which nobody did to it: {failed}, values {values}"


def _cancelled(seen: SeenSweep) -> Iterator[str]:
    """A cancelled sweep ends when its trials have, and starts no other one."""
    name = seen.sweep.sweep_id
    if seen.sweep.status != "CANCELLED":
        yield f"{name} was cancelled, and is {seen.sweep.status}"
    if running := [number for number, run in seen.trials.items() if not run.ended]:
        yield f"{name} has ended, and its trials {running} have not"
    if seen.late:
        yield f"{name} has started the trials {seen.late} after it was cancelled"


def cancelled_runs(seen: Iterable[SeenSweep]) -> set[str]:
    """The runs that may be cancelled because their sweep was."""
    return {run.run_id for each in seen if each.sweep.cancelled_by for run in each.trials.values()}
