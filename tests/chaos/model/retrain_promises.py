"""What holds of the runs of a project that trains again, whatever happens on the way."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from droptrain_core.domain.recipes.recipe import Recipe, parse
from droptrain_core.domain.runs.promotion import Promotion
from droptrain_core.domain.runs.retraining import ScheduleClaim
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.times import from_text

# An invocation lives for half a minute, so a launch may follow the recipe of a minute ago.
_LATE = timedelta(minutes=1)
_OF_ITSELF = ("upload", "schedule")


@dataclass
class Recipes:
    """The recipes of a project, each with the time of its push."""

    pushed: list[tuple[datetime, Recipe]] = field(default_factory=list)

    def push(self, at: datetime, document: Mapping[str, Any]) -> None:
        """Add the newest one."""
        self.pushed.append((at, parse(document)))

    def __iter__(self) -> Iterator[Recipe]:
        return (recipe for _, recipe in self.pushed)

    def between(self, start: datetime, end: datetime) -> Iterator[Recipe]:
        """Those that a launch in this time may have followed."""
        for number, (at, recipe) in enumerate(self.pushed):
            later = self.pushed[number + 1 :]
            if at <= end and not any(replaced_at <= start - _LATE for replaced_at, _ in later):
                yield recipe


def check_cooldowns(runs: Iterable[Run], recipes: Recipes) -> None:
    """Uploads train at most once in a cooldown; rejected runs don't count."""
    launches = _accepted(runs, "upload")
    for first, second in pairwise(launches):
        start, end = from_text(first.created_at), from_text(second.created_at)
        cooldown = min(each.retrain.cooldown_seconds or 0 for each in recipes.between(start, end))
        assert (end - start).total_seconds() >= cooldown, (
            f"{second.run_id} comes {end - start} after {first.run_id}, in a cooldown of {cooldown} s"
        )


def check_schedules(claims: Iterable[ScheduleClaim], runs: Iterable[Run]) -> None:
    """A launch answers all times of the schedule that have come, and they are answered once."""
    claims = list(claims)
    for first, second in pairwise(claims):
        assert second.due_at > first.covered_until, f"the time {second.due_at} was answered twice"
    assert len(_accepted(runs, "schedule")) <= len(claims)


def check_only_if_new(runs: Iterable[Run]) -> None:
    """No time of a schedule trains what has trained, or is about to."""
    newest: dict[str, Run] = {}
    for run in _accepted(runs, *_OF_ITSELF):
        last = newest.get(run.dataset)
        if last and run.launched_by == "schedule" and not _is_near(last, run):
            is_same = (last.inputs_digest, last.recipe, last.code) == (
                run.inputs_digest,
                run.recipe,
                run.code,
            )
            assert not is_same or last.status in ("FAILED", "CANCELLED"), (
                f"{run.run_id} trains what {last.run_id} has trained"
            )
        newest[run.dataset] = run


def check_versions(runs: Iterable[Run]) -> None:
    """Uploads launch one run for a set of versions, with spans as well."""
    sets = Counter(run.inputs_digest for run in _accepted(runs, "upload"))
    assert not sets or max(sets.values()) == 1, f"versions were trained twice: {sets}"


def check_spans(runs: Iterable[Run], recipes: Recipes) -> None:
    """A run takes a channel's files from as many datasets as its recipe says, and its own among them."""
    most = max((each.span or 99 if each.spans else 1 for each in recipes), default=1)
    for run in runs:
        files = [each.object.key for each in run.inputs if each.channel == "training"]
        datasets = [key.split("/")[3] for key in files]
        assert len(set(datasets)) == len(datasets) <= most, (run.run_id, datasets)
        assert not datasets or run.dataset in datasets


def check_registry(promotions: Iterable[Promotion], runs: Mapping[str, Run]) -> None:
    """Promotions follow one another; a gate lets a run pass only as its recipe says."""
    for before, after in pairwise([None, *promotions]):
        assert after
        run = runs[after.run_id]
        assert run.status == "SUCCEEDED", "only a good run is promoted"
        assert before is None or before.at <= after.at, "two models were current at the same time"
        if not after.is_by_gate or run.gate is None:
            continue
        assert run.gate.when != "manual", "only a person may promote it"
        for wanted in run.gate.require:
            assert run.metrics[wanted.metric] >= wanted.value, f"{run.run_id} doesn't meet its gate"
        if run.gate.when == "better" and before and before.metric and after.metric:
            assert after.metric.value > before.metric.value, f"{run.run_id} is no better"


def _accepted(runs: Iterable[Run], *launched_by: str) -> list[Run]:
    """Runs that were launched so and weren't rejected, in the order of their launches."""
    chosen = (run for run in runs if run.launched_by in launched_by and run.status != "REJECTED")
    return sorted(chosen, key=lambda run: run.created_at)


def _is_near(first: Run, second: Run) -> bool:
    return from_text(second.created_at) - from_text(first.created_at) < _LATE
