"""Sweeps by the command and by the client, against a server that plays the API."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result
from support.scripted_server import Asked, Reply, ScriptedServer, problem
from support.sweep_documents import SWEEP_ID, a_sweep, a_trial
from support.terminal_screen import terminal_screen

from droptrain import follow_sweep
from droptrain.errors import DroptrainError
from droptrain.projects import Project
from droptrain.stack import Stack
from droptrain_cli import show_sweep
from droptrain_cli.main import main

Command = Callable[..., Result]
SPACE = ("--set", "learning_rate=0.0001..0.1:log", "--set", "units=32,64,128")
TRIALS = (
    a_trial(1, 0.91),
    a_trial(2, 0.72, stopped_early={"step": 9, "level": 9}),
    a_trial(3, 0.95),
    a_trial(4, status="RUNNING"),
    a_trial(5, status="FAILED"),
)
ENDED = a_sweep(
    *TRIALS[:3], number=3, status="SUCCEEDED", saved_usd=0.5, importance={"units": 0.2, "learning_rate": 0.8}
)


class Stacked:
    """The API of a stack with one sweep, which is one of `states` after the other; the last one stays."""

    def __init__(self, server: ScriptedServer) -> None:
        self.states: list[dict[str, Any]] = [a_sweep(*TRIALS)]
        self.budget: dict[str, Any] = {
            "month": "2026-11", "cap_usd": 100.0, "spent_usd": 10.0, "reserved_usd": 5.0, "projects": [],
        }  # fmt: skip
        self.asked = server.asked
        server.answer = self._answer

    def posted(self, path: str = "/sweeps") -> list[dict[str, Any]]:
        return [each.document for each in self.asked if (each.method, each.target) == ("POST", path)]

    def _answer(self, asked: Asked) -> Reply:
        query = parse_qs(urlsplit(asked.target).query)
        match (asked.method, *urlsplit(asked.target).path.split("/")[1:]):
            case ("POST", "sweeps"):
                planned = asked.document.get("dry_run")
                status = 200 if planned or asked.document.get("seed") == 7 else 202
                return Reply(status, a_sweep() if planned else self.states[0])
            case ("GET", "sweeps"):
                listed = {name: value for name, value in self.states[0].items() if name != "runs"}
                named = query.get("project", ["penguins"]) == ["penguins"]
                return Reply(200, {"sweeps": [listed] * named, "cursor": None})
            case ("GET", "sweeps", found) if found == SWEEP_ID:
                return Reply(200, self.states.pop(0) if len(self.states) > 1 else self.states[0])
            case ("POST", "sweeps", found, "cancel") if found == SWEEP_ID:
                return Reply(202, {**self.states[0], "status": "CANCELLED"})
            case ("GET", "projects"):
                return Reply(200, {"projects": [{"project": "penguins"}], "cursor": None})
            case ("GET", "budget"):
                return Reply(200, self.budget)
            case ("GET", "runs"):
                return Reply(200, {"runs": [a_run(each) for each in TRIALS], "cursor": None})
            case ("GET", "runs", run_id):
                return Reply(200, a_run(next(each for each in TRIALS if each["run_id"] == run_id)))
        return problem(404, "not-found", "There is no such thing")


def a_run(trial: dict[str, Any]) -> dict[str, Any]:
    return {
        "run_id": trial["run_id"], "project": "penguins", "dataset": "first", "status": trial["status"],
        "created_at": "2026-11-23T02:10:00Z", "started_at": None, "stopped_at": None, "cause": None,
        "metric": "test_accuracy", "cost": None, "attempts": [], "launched_by": "ann", "sweep": SWEEP_ID,
        "metrics": {"test_accuracy": trial["value"]} if "value" in trial else {}, "trial": trial["trial"],
        "hyperparameters": trial["hyperparameters"],
    }  # fmt: skip


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow_sweep, "_AWS_LOOK_SECONDS", 0.01)


@pytest.fixture
def stacked(server: ScriptedServer) -> Stacked:
    return Stacked(server)


@pytest.fixture
def droptrain(stack: Stack, stacked: Stacked, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr("droptrain.stack.find_stack", lambda *_, **__: stack)
    return lambda *words, **more: CliRunner().invoke(main, words, prog_name="droptrain", **more)


@pytest.mark.parametrize("words", [("sweep",), ("sweep", "start")])
def test_a_sweep_is_started_after_its_cost_and_the_budget_are_shown(
    droptrain: Command, stacked: Stacked, words: tuple[str, ...]
) -> None:
    said = droptrain(*words, "penguins", *SPACE, "--set", "epochs=5", "--trials", "20", "--no-follow")
    assert said.exit_code == 0, said.output
    lines = [line.split(maxsplit=1) for line in said.output.splitlines()]
    assert lines[1:6] == [
        ["Search", "bayesian, 20 trials, 4 at a time, early stopping by asha, maximize test_accuracy"],
        ["Space", "learning_rate 0.0001..0.1:log, units 32,64,128"],
        ["Cost", "about $1.20 expected, at most $8.40"],
        ["Budget", "it fits: $85.00 left this month"],
        ["Started", SWEEP_ID],
    ]
    dry, real = stacked.posted()
    assert real == {
        "project": "penguins", "trials": 20,
        "space": {"learning_rate": "0.0001..0.1:log", "units": "32,64,128"},
        "overrides": {"hyperparameters": {"epochs": 5}},
    }  # fmt: skip
    assert dry == {**real, "dry_run": True}


def test_a_sweep_that_is_there_already_says_how_to_search_again(droptrain: Command, stacked: Stacked) -> None:
    said = droptrain("sweep", "penguins", *SPACE, "--seed", "7", "--force", "--no-follow")
    assert f"There is already {SWEEP_ID}\n" in said.output
    assert "give it another --seed" in said.output
    assert (stacked.posted()[-1]["seed"], stacked.posted()[-1]["force"]) == (7, True)


def test_a_trial_whose_run_is_not_recorded_yet_has_no_status(droptrain: Command, stacked: Stacked) -> None:
    stacked.states = [a_sweep({**a_trial(1, status="RUNNING"), "status": None})]
    said = droptrain("sweep", "show", "latest")
    assert said.output.splitlines()[-1].split()[0] == "1"
    assert "None" not in said.output


def test_a_dry_run_starts_nothing_and_says_what_does_not_fit(droptrain: Command, stacked: Stacked) -> None:
    stacked.budget["projects"] = [{"project": "penguins", "cap_usd": 10, "spent_usd": 4, "reserved_usd": 0}]
    said = droptrain("sweep", "penguins", *SPACE, "--dry-run")
    assert "it doesn't fit: $6.00 left this month" in said.output
    assert [each["dry_run"] for each in stacked.posted()] == [True]
    planned = droptrain("sweep", "penguins", *SPACE, "--dry-run", "--json")
    assert json.loads(planned.output)["estimate"] == {"expected_usd": 1.2, "max_usd": 8.4}


def test_a_sweep_is_followed_to_its_end_and_the_command_exits_by_its_outcome(
    droptrain: Command, stacked: Stacked
) -> None:
    stacked.states = [a_sweep(TRIALS[3]), a_sweep(*TRIALS), ENDED]
    said = droptrain("sweep", "penguins", *SPACE)
    assert said.exit_code == 0, said.output
    told = said.output.splitlines()
    assert [line for line in told if line.startswith("trial 4")] == [
        "trial 4  RUNNING  learning_rate=0.3333, units=128  penguins-first-000000000004"
    ]
    assert any(line.startswith("trial 2  STOPPED EARLY  0.72  ") for line in told)
    assert told[-2].startswith(f"{SWEEP_ID} is SUCCEEDED  3 of 3 ended: 3 succeeded (1 stopped early)")
    assert told[-1].split(maxsplit=1) == [
        "Best",
        "test_accuracy 0.95 by trial 3: learning_rate=0.0003333, units=96",
    ]
    stacked.states = [a_sweep(*TRIALS, status="FAILED", reason="No trial reports test_accuracy.")]
    failed = droptrain("sweep", "show", "latest", "--watch")
    assert failed.exit_code == 3
    assert "No trial reports test_accuracy." in failed.output


def test_json_has_a_line_for_each_change(droptrain: Command, stacked: Stacked) -> None:
    stacked.states = [a_sweep(), a_sweep(), a_sweep(TRIALS[3]), ENDED]
    said = droptrain("sweep", "penguins", *SPACE, "--json")
    assert [json.loads(line)["status"] for line in said.output.splitlines()] == [
        "RUNNING",
        "RUNNING",
        "SUCCEEDED",
    ]


@pytest.mark.parametrize("name", [SWEEP_ID, "penguins", "latest", "0123", "penguins-first-sw"])
def test_show_has_the_trials_from_the_best_on(droptrain: Command, name: str) -> None:
    said = droptrain("sweep", "show", name)
    assert said.exit_code == 0, said.output
    lines = said.output.splitlines()
    assert lines[0] == f"{SWEEP_ID}  RUNNING"
    header = next(number for number, line in enumerate(lines) if line.startswith("TRIAL"))
    assert lines[header].split() == [
        "TRIAL",
        "STATUS",
        "test_accuracy",
        "learning_rate",
        "units",
        "COST",
        "RUN",
    ]
    assert [line.split()[0] for line in lines[header + 1 :]] == ["3", "1", "2", "5", "4"]
    facts = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[1 : header - 1]}
    assert facts["Trials"] == (
        "4 of 20 ended: 1 running, 3 succeeded (1 stopped early), 1 failed, 15 not started"
    )
    assert facts["Cost"] == "about $0.0930 so far; about $1.20 expected, at most $8.40"


def test_the_lowest_value_is_first_where_the_recipe_minimizes(droptrain: Command, stacked: Stacked) -> None:
    stacked.states = [a_sweep(*TRIALS, metric={"name": "loss", "goal": "minimize"})]
    rows = droptrain("sweep", "show", "latest").output.partition("TRIAL")[2].splitlines()[1:]
    assert [row.split()[0] for row in rows] == ["2", "1", "3", "5", "4"]


def test_a_narrow_terminal_has_the_most_important_hyperparameters(stack: Stack, stacked: Stacked) -> None:
    space = {"learning_rate": "0.0001..0.1:log", **{f"a_long_name_{number}": "1,2" for number in range(5)}}
    stacked.states = [a_sweep(*TRIALS, space=space, importance={"a_long_name_4": 0.9}, status="SUCCEEDED")]
    with terminal_screen() as screen:
        show_sweep.show(stack, "latest", watch=False, as_json=False)
    headers = ["TRIAL", "STATUS", "test_accuracy", "a_long_name_4", "COST", "RUN"]
    assert headers in [line.split() for line in screen.lines]
    assert any("no room for learning_rate, a_long_name_0, a_long" in line for line in screen.lines)


def test_a_terminal_keeps_the_sweep_in_its_place_until_it_ends(stack: Stack, stacked: Stacked) -> None:
    stacked.states = [a_sweep(), a_sweep(TRIALS[3]), ENDED]
    with terminal_screen() as screen, pytest.raises(SystemExit) as ended:
        show_sweep.show(stack, "latest", watch=True, as_json=False)
    assert ended.value.code == 0
    assert sum(line.startswith(SWEEP_ID) for line in screen.lines) == 1
    assert f"{SWEEP_ID}  SUCCEEDED" in screen.lines
    assert any("learning_rate 80 %, units 20 %" in line for line in screen.lines)


def test_sweeps_are_listed_and_a_project_without_one_says_how_to_start(droptrain: Command) -> None:
    header, row = droptrain("sweep", "list").output.splitlines()
    assert header.split() == ["SWEEP", "STATUS", "AGE", "TRIALS", "BEST", "COST", "METHOD"]
    assert row.split()[:2] == [SWEEP_ID, "RUNNING"]
    assert "test_accuracy 0.95" in row
    assert "droptrain sweep PROJECT --set" in droptrain("sweep", "list", "mice").output
    assert json.loads(droptrain("sweep", "list", "--json").output)["sweeps"][0]["sweep_id"] == SWEEP_ID


def test_a_sweep_is_cancelled(droptrain: Command, stacked: Stacked) -> None:
    said = droptrain("sweep", "cancel", "penguins")
    assert said.output.startswith(f"Cancelling {SWEEP_ID}.")
    assert len([each for each in stacked.asked if each.target.endswith("/cancel")]) == 1


def test_the_runs_of_a_sweep_are_listed_with_their_trial(droptrain: Command, stacked: Stacked) -> None:
    header, *rows = droptrain("runs", "--sweep", "0123").output.splitlines()
    assert header.split()[:2] == ["TRIAL", "RUN"]
    assert [row.split()[0] for row in rows] == ["1", "2", "3", "4", "5"]
    assert stacked.asked[-1].target == f"/runs?sweep={SWEEP_ID}&limit=20"


def test_a_project_with_the_name_of_a_command_is_started_by_its_command(
    droptrain: Command, stacked: Stacked
) -> None:
    assert droptrain("sweep", "start", "show", *SPACE, "--no-follow").exit_code == 0
    assert stacked.posted()[-1]["project"] == "show"
    assert "Missing argument 'SWEEP'" in droptrain("sweep", "show").output
    assert "sweep start PROJECT" in droptrain("sweep", "--help").output


def test_a_dataset_in_place_of_the_project_is_refused_in_plain_words(
    droptrain: Command, stacked: Stacked
) -> None:
    refused = droptrain("sweep", "start", "penguins/first", *SPACE, "--no-follow")
    assert (refused.exit_code, stacked.posted()) == (1, [])
    assert "'penguins/first' can't be a project's name." in refused.output


def test_a_shell_completes_commands_projects_and_the_options_of_a_start(droptrain: Command) -> None:
    def completed(words: str) -> list[str]:
        asked = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        said = droptrain(env={"_DROPTRAIN_COMPLETE": "bash_complete", **asked})
        return [line.partition(",")[2] for line in said.output.splitlines()]

    assert completed("droptrain sweep ") == ["cancel", "list", "show", "start", "penguins"]
    assert completed("droptrain sweep s") == ["show", "start"]
    assert completed("droptrain sweep penguins --se") == ["--set", "--seed"]


@pytest.mark.parametrize("name", ["mice", "feed", "penguins-first-sweep-ba9876543210"])
def test_a_sweep_that_is_not_there_is_told(droptrain: Command, name: str) -> None:
    said = droptrain("sweep", "show", name)
    assert said.exit_code == 1
    assert "`droptrain sweep list` lists ids." in said.output


def test_python_starts_a_sweep_and_waits_for_it(stack: Stack, stacked: Stacked) -> None:
    stacked.states = [a_sweep(TRIALS[3]), ENDED]
    penguins = Project(stack, "penguins")
    sweep = penguins.sweep(
        learning_rate=(1e-4, 1e-1, "log"), units=[32, 64, 128], layers=(1, 4), rate=(0, 0.5, "step=0.1"),
        epochs=5, optimizer="adam", text="1..2", trials=20, space={"odd-name": "a,b"},
    )  # fmt: skip
    assert stacked.posted() == [{
        "project": "penguins", "trials": 20,
        "space": {
            "odd-name": "a,b", "learning_rate": "0.0001..0.1:log", "units": [32, 64, 128],
            "layers": "1..4:int", "rate": "0..0.5:step=0.1", "text": "1..2",
        },
        "overrides": {"hyperparameters": {"epochs": 5, "optimizer": "adam"}},
    }]  # fmt: skip
    assert (sweep.status, sweep.has_ended, sweep.best) == ("RUNNING", False, None)
    assert sweep.wait() is sweep
    assert (sweep.status, sweep.cost, sweep.reason) == ("SUCCEEDED", 0.093, None)
    assert sweep.best and sweep.best.id == TRIALS[2]["run_id"]
    assert [run.id for run in sweep.runs()] == [each["run_id"] for each in TRIALS][:3]
    assert repr(sweep).startswith(f"<Sweep {SWEEP_ID}  SUCCEEDED  3 of 3 ended")
    assert "STOPPED EARLY" in sweep._repr_html_()
    assert [each.id for each in penguins.sweeps()] == [SWEEP_ID]
    assert SWEEP_ID in penguins.sweeps()[0]._repr_html_()
    assert sweep.cancel() is sweep


@pytest.mark.parametrize("wrong", [(1,), ("a", "b"), (0.1, 0.2, "logarithmic"), (True, False)])
def test_a_tuple_that_is_no_range_is_refused_with_an_example(stack: Stack, wrong: tuple[Any, ...]) -> None:
    with pytest.raises(DroptrainError, match=r"units: .* is no range. Write \(low, high\)"):
        Project(stack, "penguins").sweep(units=wrong)
