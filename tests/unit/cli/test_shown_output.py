"""The output of commands that guides show is what the commands print for such an answer of the API."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.sweep_documents import a_sweep, a_trial

from droptrain.stack import Stack
from droptrain_cli import list_projects, show_budget, show_sweep

DOCS = Path(__file__).parents[3] / "docs"
# No answer asks for a stack: the API of these tests knows one answer.
STACK: Any = None


class OneAnswer:
    """An API that gives one answer, whatever is asked."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self._answer = answer

    def __call__(self, stack: Stack) -> "OneAnswer":
        return self

    def get(self, *_: Any, **__: Any) -> Mapping[str, Any]:
        return self._answer


def assert_shown(page: str, printed: str) -> None:
    """What was printed ends a block of the page, but for the spaces at the ends of lines."""
    text = "\n".join(line.rstrip() for line in printed.splitlines()).strip()
    assert f"\n{text}\n```\n" in (DOCS / page).read_text("utf-8")


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


RUN = {
    "status": "SUCCEEDED", "metric": "test_accuracy", "metrics": {"test_accuracy": 0.97},
    "cost": {"estimate_usd": 0.0312},
}  # fmt: skip
UNPLANNED = {"schedule": None, "due_at": None}
WAITING = {
    "dataset": "third", "missing": [], "present": ["test.csv", "train.csv"], "since": "2026-11-23T04:10:31Z",
    "arrived_at": "2026-11-23T04:10:31Z", "due_at": "2026-11-23T14:10:00Z",
}  # fmt: skip
SCHEDULED = {
    "schedule": "0 6 * * mon", "time_zone": "Europe/Berlin", "next_at": "2026-11-30T05:00:00Z",
    "due_at": "2026-11-23T05:00:00Z", "outcome": "launched", "run_id": "penguins-second-3f0c9d1a52be",
}  # fmt: skip


@pytest.mark.parametrize(("run_id", "retraining", "waiting"), [
    ("penguins-first-9a8869ef2b6a", UNPLANNED, [WAITING]), ("penguins-second-3f0c9d1a52be", SCHEDULED, []),
])  # fmt: skip
def test_a_project_s_cooldown_and_schedule(
    run_id: str, retraining: Any, waiting: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    models = {"current": {"run_id": run_id, "missing_at": None}, "served_run_id": run_id}
    run = {**RUN, "run_id": run_id}
    project = {"latest_run": run, "retraining": retraining, "waiting": waiting, **models}
    monkeypatch.setattr(list_projects, "Api", OneAnswer(project))
    list_projects.show(STACK, "penguins", as_json=False)
    assert_shown("retraining.md", capsys.readouterr().out)


def test_the_budget_of_a_month(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    caps = {"cap_usd": 20, "spent_usd": 3.1, "reserved_usd": 1.35, "project": "penguins"}
    month = {"month": "2026-11", "cap_usd": 100, "spent_usd": 12.4, "reserved_usd": 5.4, "projects": [caps]}
    monkeypatch.setattr(show_budget, "Api", OneAnswer({**month, "runs_at_once": None, "running": 0}))
    show_budget.show(STACK, as_json=False)
    assert_shown("budget.md", capsys.readouterr().out)


def test_a_sweep_that_has_ended(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    trials = [
        a_trial(12, 0.9884, hyperparameters={"learning_rate": 0.01435, "units": 64}),
        a_trial(5, 0.9767, hyperparameters={"learning_rate": 0.0008663, "units": 64}),
    ]
    counts = {"running": 0, "succeeded": 20, "failed": 0, "cancelled": 0, "stopped_early": 0, "left": 0}
    money = {"cost_usd": 0.71, "estimate": {"expected_usd": 0.62, "max_usd": 9.6}}
    sweep = a_sweep(*trials, status="SUCCEEDED", early_stop="none", counts=counts, **money)
    monkeypatch.setattr(show_sweep, "Api", lambda _: None)
    monkeypatch.setattr(show_sweep, "find_sweep", lambda *_: sweep)
    show_sweep.show(STACK, "penguins", watch=False, as_json=False)
    assert_shown("sweeps.md", capsys.readouterr().out)
    sweep["counts"] = {**counts, "succeeded": 2, "cancelled": 2, "left": 16}
    show_sweep.show(STACK, "penguins", watch=False, as_json=False)
    assert "  4 of 20 ended: 2 succeeded, 2 cancelled, 16 not started\n" in capsys.readouterr().out
