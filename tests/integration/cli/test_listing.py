"""Projects, datasets and runs as the command lists them, against a server that plays the API."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result
from support.scripted_server import Asked, Reply, ScriptedServer, problem
from support.terminal_screen import terminal_screen

from droptrain.api import Api
from droptrain.errors import DroptrainError
from droptrain.find_dataset import latest_dataset
from droptrain.stack import Stack
from droptrain_cli import list_datasets, list_projects, list_runs
from droptrain_cli.main import main

Command = Callable[..., Result]
WAITING = {
    "dataset": "second", "since": "2026-11-23T02:10:00Z", "missing": ["train.csv"],
    "present": ["test.csv", "train.CSV"], "due_at": None,
}  # fmt: skip


def a_run(digit: str, dataset: str = "first", by: str = "upload", **metrics: float) -> dict[str, Any]:
    return {
        "run_id": f"penguins-{dataset}-{digit * 12}", "project": "penguins", "dataset": dataset,
        "status": "SUCCEEDED" if metrics else "FAILED", "created_at": f"2026-11-23T02:1{digit}:00Z",
        "started_at": "2026-11-23T02:20:00Z", "stopped_at": "2026-11-23T02:21:30Z", "metric": "test_accuracy",
        "metrics": metrics, "cost": {"estimate_usd": 0.5}, "cause": None if metrics else {"code": "bad_data"},
        "attempts": [{}], "launched_by": by,
    }  # fmt: skip


RUNS = [
    a_run("3", test_accuracy=0.7, loss=0.5),
    a_run("2", "third"),
    a_run("1", test_accuracy=0.9),
]


RETRAINING = {
    "schedule": "0 6 * * *", "time_zone": "Europe/Berlin", "next_at": "2026-11-24T05:00:00Z",
    "due_at": None, "outcome": None, "run_id": None,
}  # fmt: skip


class Stacked:
    """The API of a stack with one project."""

    def __init__(self, server: ScriptedServer) -> None:
        self.runs = list(RUNS)
        self.datasets: list[dict[str, Any]] = [
            {"dataset": "first", "waiting": None}, {"dataset": "second", "waiting": WAITING},
        ]  # fmt: skip
        self.deletions = [{"deleted": 1000, "complete": False}, {"deleted": 2, "complete": True}]
        self.asked = server.asked
        server.answer = self._answer

    def _answer(self, asked: Asked) -> Reply:
        path, query = urlsplit(asked.target).path, parse_qs(urlsplit(asked.target).query)
        project = {
            "project": "penguins", "latest_run": next(iter(self.runs), None), "waiting": [WAITING],
            "retraining": RETRAINING,
        }  # fmt: skip
        if asked.method == "DELETE":
            return Reply(200, self.deletions.pop(0))
        match path.split("/")[1:]:
            case ["projects"]:
                mice = {"project": "mice", "latest_run": None, "waiting": []}
                return Reply(200, {"projects": [mice, project], "cursor": None})
            case ["projects", "penguins"]:
                return Reply(200, project)
            case ["projects", "penguins", "models"]:
                return Reply(200, {"current": None, "served_run_id": None, "promoted": [], "cursor": None})
            case ["projects", "penguins", "datasets"]:
                return Reply(200, {"datasets": self.datasets, "cursor": None})
            case ["runs"] if query.get("project", ["penguins"]) == ["penguins"]:
                return Reply(200, {"runs": self.runs, "cursor": None})
            case ["runs"]:
                return Reply(200, {"runs": [], "cursor": None})
        return problem(404, "not-found", "There is no project")


@pytest.fixture
def stacked(server: ScriptedServer) -> Stacked:
    return Stacked(server)


@pytest.fixture
def droptrain(stack: Stack, stacked: Stacked, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr("droptrain.stack.find_stack", lambda *_, **__: stack)
    return lambda *words, **more: CliRunner().invoke(main, words, prog_name="droptrain", **more)


def test_projects_are_listed_with_their_newest_run_and_what_waits(droptrain: Command) -> None:
    said = droptrain("projects")
    assert said.exit_code == 0, said.output
    header, mice, penguins = said.output.splitlines()
    assert header.split() == ["PROJECT", "NEWEST", "RUN", "STATUS", "CREATED", "METRIC", "WAITING"]
    assert mice.split() == ["mice"]
    assert penguins.split()[:3] == ["penguins", RUNS[0]["run_id"], "SUCCEEDED"]
    assert penguins.endswith("test_accuracy 0.7  second")
    assert droptrain("projects", "list").output == said.output
    assert '"mice"' in droptrain("projects", "--json").output


def test_a_project_says_what_its_datasets_wait_for(droptrain: Command) -> None:
    said = droptrain("projects", "show", "penguins").output
    assert f"Newest run  {RUNS[0]['run_id']}\n  Status      SUCCEEDED  test_accuracy 0.7  $0.5000" in said
    assert "penguins/second waits for train.csv, since 2026-11-23T02:10:00Z" in said
    assert "there: test.csv, train.CSV" in said
    assert "train.CSV exists: rename it to train.csv" in said
    assert "Schedule    0 6 * * *, Europe/Berlin\n  Next time   2026-11-24T05:00:00Z\n" in said
    nobody = droptrain("projects", "show", "nope")
    assert nobody.exit_code == 1
    assert "There is no project 'nope'. `droptrain projects` lists them." in nobody.output


def test_datasets_are_listed_with_their_runs(droptrain: Command) -> None:
    said = droptrain("datasets", "penguins")
    assert said.exit_code == 0, said.output
    _, first, second = said.output.splitlines()
    assert first.split() == ["first", "2", RUNS[0]["run_id"], "SUCCEEDED", "test_accuracy", "0.7"]
    assert second.split(maxsplit=2) == ["second", "0", "waits for train.csv"]
    assert "There is no project 'nope'" in droptrain("datasets", "nope").output


def test_a_dataset_is_deleted_after_a_question_and_to_its_last_version(
    droptrain: Command, stacked: Stacked
) -> None:
    refused = droptrain("delete", "penguins/first", input="n\n")
    assert refused.exit_code == 1
    assert not [asked for asked in stacked.asked if asked.method == "DELETE"]
    said = droptrain("delete", "penguins/first", "--yes")
    assert (said.exit_code, said.output) == (0, "Deleted penguins/first: 1002 versions of its files.\n")
    assert {a.target for a in stacked.asked if a.method == "DELETE"} == {"/projects/penguins/datasets/first"}
    stacked.deletions = [{"deleted": 0, "complete": True}]
    assert "There is no dataset penguins/nope." in droptrain("delete", "penguins/nope", "--yes").output
    assert "isn't PROJECT/DATASET" in droptrain("delete", "penguins", "--yes").output
    assert droptrain("delete", "penguins/first", "--json").exit_code == 2


def test_runs_are_sorted_by_a_metric_and_those_without_it_come_last(droptrain: Command) -> None:
    said = droptrain("runs", "penguins", "--sort", "-test_accuracy")
    assert said.exit_code == 0, said.output
    header, *lines = said.output.splitlines()
    assert [line.split()[0][-1] for line in lines] == ["1", "3", "2"]
    assert header.split() == [
        "RUN",
        "STATUS",
        "CREATED",
        "TOOK",
        "test_accuracy",
        "COST",
        "WHY",
        "NAME",
        "TAGS",
    ]
    lowest = droptrain("runs", "penguins", "--sort", "test_accuracy", "--limit", "1").output.splitlines()
    assert [line.split()[0][-1] for line in lowest[1:]] == ["3"]
    oldest = droptrain("runs", "penguins", "--sort", "created").output.splitlines()
    assert [line.split()[0][-1] for line in oldest[1:]] == ["1", "2", "3"]
    wrong = droptrain("runs", "penguins", "--sort", "accuracy")
    assert wrong.exit_code == 1
    assert "None of these runs has a metric 'accuracy'" in wrong.output
    assert "loss, test_accuracy" in wrong.output


def test_on_a_narrow_terminal_ids_are_short_and_nothing_is_folded(stack: Stack, stacked: Stacked) -> None:
    stacked.runs = [a_run("3", "2026-11-23-4f1c2a09", test_accuracy=0.71234), a_run("2", "third")]
    with terminal_screen() as screen:
        list_runs.once(stack, list_runs.Query("penguins", {}, 20), as_json=False)
    header, first, second, *more = screen.lines
    assert header.split() == ["ID", "DATASET", "STATUS", "AGE", "test_accuracy", "COST"]
    assert (first.split()[0], second.split()[0]) == ("3" * 12, "2" * 12)
    assert not any(more), "a line for each run"
    assert "SUCCEEDED" in first
    assert "$0.5000" in first
    with terminal_screen() as screen:
        list_projects.list_all(stack, as_json=False)
        list_datasets.list_all(stack, "penguins", as_json=False)
    assert all(len(line) <= 80 for line in screen.lines)
    assert sum("SUCCEEDED" in line for line in screen.lines) == 1
    assert any("3" * 12 in line.split() for line in screen.lines)


def test_columns_are_chosen_by_name(droptrain: Command) -> None:
    said = droptrain("runs", "penguins", "--columns", "dataset,loss,took").output.splitlines()
    assert [line.split() for line in said] == [
        ["DATASET", "loss", "TOOK"],
        ["first", "0.5", "1", "min", "30", "s"],
        ["third", "1", "min", "30", "s"],
        ["first", "1", "min", "30", "s"],
    ]


def test_csv_has_plain_values_and_every_metric(droptrain: Command) -> None:
    header, first, second, _ = droptrain("runs", "penguins", "--csv").output.splitlines()
    assert header == (
        "run_id,project,dataset,status,created_at,took_seconds,cost_usd,cause,attempts,launched_by,"
        "name,tags,loss,test_accuracy"
    )
    assert first == (
        f"{RUNS[0]['run_id']},penguins,first,SUCCEEDED,2026-11-23T02:13:00Z,90.0,0.5,,1,upload,,,0.5,0.7"
    )
    assert ",bad_data,1,upload,," in second
    chosen = droptrain(
        "runs", "penguins", "--csv", "--columns", "run,test_accuracy", "--sort", "-cost"
    ).output
    assert chosen.splitlines()[0] == "run_id,test_accuracy"
    assert droptrain("runs", "--csv", "--watch").exit_code == 2


def test_a_project_that_is_not_there_is_an_error_and_one_without_runs_is_none(
    droptrain: Command, stacked: Stacked
) -> None:
    nobody = droptrain("runs", "nope")
    assert nobody.exit_code == 1
    assert "There is no project 'nope'" in nobody.output
    stacked.runs = []
    nothing = droptrain("runs", "penguins")
    assert (nothing.exit_code, nothing.output) == (0, "No runs.\n")


@pytest.mark.parametrize(("words", "offered"), [
    ("droptrain projects show ", ["mice", "penguins"]),
    ("droptrain push p", ["penguins"]),
    ("droptrain show penguins-t", [RUNS[1]["run_id"]]),
    ("droptrain logs l", ["latest"]),
    ("droptrain compare latest penguins-t", [RUNS[1]["run_id"]]),
    ("droptrain launch penguins s", ["second"]),
    ("droptrain drop penguins --dataset f", ["first"]),
    ("droptrain delete pen", ["penguins/"]),
    ("droptrain delete penguins/s", ["penguins/second"]),
    ("droptrain launch nope s", []),
])  # fmt: skip
def test_a_shell_completes_projects_runs_and_datasets(
    droptrain: Command, words: str, offered: list[str]
) -> None:
    env = {"_DROPTRAIN_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    said = droptrain(env=env)
    assert [line.removeprefix("plain,") for line in said.output.split()] == offered


@pytest.mark.parametrize(("words", "said"), [
    (("show", "pengins"), "that name has runs. Did you mean penguins? `droptrain runs` lists ids."),
    (("logs", "mice"), "mice has no run yet. Drop a dataset: droptrain drop mice FILES"),
    (("show", "whales"), "no project with that name has runs. `droptrain runs` lists ids."),
    (("compare", "latest", "penguins"), f"latest and penguins are the same run, {RUNS[0]['run_id']}."),
])  # fmt: skip
def test_a_run_that_is_not_meant_is_told_with_what_may_be(
    droptrain: Command, stacked: Stacked, words: tuple[str, ...], said: str
) -> None:
    del stacked.runs[1:]
    shown = droptrain(*words)
    assert shown.exit_code == 1
    assert said in shown.output.replace("\n", " ")


def test_the_latest_dataset_is_that_of_the_newest_upload(stacked: Stacked, stack: Stack) -> None:
    api = Api(stack)
    stacked.runs = [a_run("3", "old", "arn:ann"), a_run("2", "new"), a_run("1", "old")]
    assert latest_dataset(api, "penguins") == "new"
    stacked.runs = [a_run("3", "old", "arn:ann")]
    assert latest_dataset(api, "penguins") == "old"
    stacked.runs = []
    with pytest.raises(DroptrainError, match="Name one with --dataset"):
        latest_dataset(api, "penguins")
    stacked.datasets = stacked.datasets[:1]
    assert latest_dataset(api, "penguins") == "first"
    stacked.datasets = []
    with pytest.raises(DroptrainError, match="droptrain drop penguins FILES"):
        latest_dataset(api, "penguins")
