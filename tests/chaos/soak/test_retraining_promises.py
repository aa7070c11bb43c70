"""A soak names each promise that a project with a cooldown and a schedule breaks."""

from dataclasses import replace
from typing import Any

import pytest
from chaos.soak.observations import SeenRun
from chaos.soak.retraining import SeenProject, broken
from chaos.soak.versions import Versions
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.runs.retraining import Retraining


def at(minute: int) -> str:
    return f"2026-11-23T02:{minute:02d}:00Z"


def versions(dataset: str) -> Versions:
    return frozenset((f"projects/p/data/{dataset}/{file}.csv", "1") for file in ("train", "test"))


def run(run_id: str, dataset: str, minute: int, launched_by: str = "upload") -> SeenRun:
    return SeenRun(
        run_id, "p", "SUCCEEDED", None, versions(dataset), "job", at(minute), is_announced=True, trial=None,
        launched_by=launched_by, created_at=at(minute),
    )  # fmt: skip


FIRST, THIRD, SCHEDULED = run("r1", "first", 1), run("r3", "third", 3), run("r4", "third", 15, "schedule")
RUNS = [FIRST, THIRD, SCHEDULED]
BEGAN = Retraining(project="p", launched_at=at(1), launched_run="r1", cooldown_until=at(3))
BEGAN_AGAIN = replace(BEGAN, launched_at=at(3), launched_run="r3", cooldown_until=at(5))
ANSWERED = replace(BEGAN_AGAIN, due_at=at(15), covered_until=at(16), outcome="launched", run_id="r4")
CHANGES = [BEGAN, BEGAN_AGAIN, ANSWERED]
DATASETS = {
    name: DatasetRecord(project="p", dataset=name, run_id=run_id)
    for name, run_id in (("first", "r1"), ("second", "r3"), ("third", "r3"))
}
SECOND = DATASETS["second"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, None),
        ({"datasets": {**DATASETS, "second": replace(SECOND, arrived_at=at(2))}}, "1 datasets of p wait"),
        ({"datasets": {**DATASETS, "second": replace(SECOND, run_id=None)}}, "no answer: second"),
        ({"datasets": {**DATASETS, "second": replace(SECOND, run_id="r1")}}, "no answer: second"),
        ({"datasets": {}}, "no answer: second"),
        (
            {"changes": [replace(BEGAN, cooldown_until=at(4)), *CHANGES[1:]]},
            "r3 was launched in the cooldown",
        ),
        ({"changes": [BEGAN, replace(ANSWERED, launched_run="r1")]}, "began no cooldown: r3"),
        ({"changes": [*CHANGES, replace(ANSWERED, due_at=at(16), covered_until=at(17))]}, "answered twice"),
        ({"asked": {at(15), at(30)}}, f"have no answer: {at(30)}"),
        ({"changes": CHANGES[:2], "asked": set()}, "are of no time: r4"),
        ({"runs": [FIRST, THIRD]}, "name no run: r4"),
    ],
)
def test_a_broken_promise_is_named(given: dict[str, Any], problem: str | None) -> None:
    dropped_at = {versions(name): at(minute) for minute, name in enumerate(DATASETS, 1)}
    seen: dict[str, Any] = {"changes": CHANGES, "datasets": DATASETS, "runs": RUNS, "asked": {at(15)}}
    problems = list(broken(SeenProject("p", dropped_at=dropped_at, **(seen | given))))
    assert [problem in each for each in problems if problem] == [True] * bool(problem), problems
    assert bool(problems) == bool(problem)


def test_a_dataset_that_a_later_launch_answers_is_superseded() -> None:
    dropped_at = {versions(name): at(minute) for minute, name in enumerate(DATASETS, 1)}
    seen = SeenProject("p", CHANGES, DATASETS, RUNS, dropped_at)
    assert (seen.superseded, seen.unanswered) == (["second"], [])
