"""Following a run, against a server that plays the API: what is told, when, and through which trouble."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.scripted_server import Asked, Reply, ScriptedServer, problem
from support.terminal_screen import terminal_screen

from droptrain import follow, patience
from droptrain.api import Api
from droptrain.errors import ApiError, UnreachableError
from droptrain.follow import RunFollower
from droptrain.stack import Stack
from droptrain_cli import launch_run, watch_run

RUN_ID = "penguins-first-9a8869ef2b6a"
GONE = Reply(cut=-1)


def run(*statuses: str, **more: Any) -> Reply:
    """A run after these statuses; its ETag is how many there were."""
    history = [
        {"at": f"2026-11-23T02:10:0{n}Z", "status": each, "note": ""} for n, each in enumerate(statuses)
    ]
    body = {
        "run_id": RUN_ID, "status": statuses[-1], "history": history, "cause": None, "metric": None,
        "metrics": {}, "cost": None, **more,
    }  # fmt: skip
    return Reply(200, body, {"ETag": f'"{len(statuses)}"'})


def always(answer: Reply) -> Callable[[Asked], Reply]:
    return lambda _: answer


def lines(*texts: str, attempt: int | None = 1, cursor: str | None = "c") -> Reply:
    listed = [{"at": None, "attempt": attempt, "text": text} for text in texts]
    return Reply(200, {"lines": listed, "cursor": cursor})


class Play:
    """Answers for the run and for its log, each in its order; the last one stays."""

    def __init__(self, server: ScriptedServer, runs: list[Reply], logs: list[Reply]) -> None:
        self._answers = {f"/runs/{RUN_ID}": runs, f"/runs/{RUN_ID}/logs": logs}
        server.answer = self._answer

    def _answer(self, asked: Asked) -> Reply:
        waiting = self._answers[asked.target.partition("?")[0]]
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if reply.headers.get("ETag", "") == asked.headers.get("if-none-match"):
            return Reply(304)
        return reply


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_AWS_LOOK_SECONDS", 0.01)


def test_a_launch_says_what_it_may_cost_and_what_it_risks(
    stack: Stack, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    warning = {
        "rule": "no_checkpoint", "level": "warning", "file": "train.yaml", "row": None, "column": None,
        "message": "all begins again", "fix": "Write checkpoints.",
    }  # fmt: skip
    estimate = {"expected_seconds": 3600, "expected_usd": 0.25, "worst_usd": 13.2}
    body = {"run_id": RUN_ID, "status": "SUBMITTED", "estimate": estimate, "warnings": [warning]}
    for status in (202, 200):
        server.answer = always(Reply(status, body))
        launch_run.launch(stack, "penguins", "first", (), follow=False, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        f"Launched {RUN_ID}",
        "Estimated cost: about $0.2500 for 1 h 0 min, at worst $13.20",
        "Warning: train.yaml: all begins again. Write checkpoints.",
        f"There is already {RUN_ID}",
        f"It has the same files, code and settings. To train again: droptrain rerun {RUN_ID}",
    ]


@pytest.mark.parametrize(("status", "first"), [(202, "Rejected"), (200, "There is already")])
def test_a_launch_that_is_rejected_says_why_and_ends_so(
    stack: Stack, server: ScriptedServer, capsys: pytest.CaptureFixture[str], status: int, first: str
) -> None:
    cause = {"code": "over_budget", "message": "$2.59 are left.", "fix": "Say timeout: 1h."}
    body = {"run_id": RUN_ID, "status": "REJECTED", "estimate": None, "warnings": [], "cause": cause}
    server.answer = always(Reply(status, body))
    with pytest.raises(SystemExit) as ended:
        launch_run.launch(stack, "penguins", "first", (), follow=False, as_json=False)
    assert ended.value.code == 5
    headline, why, fix = capsys.readouterr().out.splitlines()
    assert headline == f"{first} {RUN_ID}"
    assert why.endswith("$2.59 are left.")
    assert ("nothing has changed since" in why) == (status == 200)
    assert fix == "What to do: Say timeout: 1h."


def follower(stack: Stack) -> RunFollower:
    return RunFollower(stack, Api(stack, backoff_seconds=0.001), RUN_ID)


def shown_by(stack: Stack) -> list[str]:
    """Steps by their status and lines by their text, as they come."""
    return [
        shown
        for news in follower(stack).news()
        for shown in (*(step["status"] for step in news.steps), *(f"| {line.text}" for line in news.lines))
    ]


def test_states_and_lines_come_once_and_to_the_end(server: ScriptedServer, stack: Stack):
    Play(
        server,
        [run("CLAIMED"), run("CLAIMED"), run("CLAIMED", "RUNNING"), run("CLAIMED", "RUNNING", "SUCCEEDED")],
        [lines(), lines("a"), lines("b"), lines(), lines(), lines("c", cursor=None)],
    )
    assert shown_by(stack) == ["CLAIMED", "| a", "| b", "RUNNING", "SUCCEEDED", "| c"]
    assert any(asked.headers.get("if-none-match") == '"1"' for asked in server.asked)


def test_two_notes_in_the_same_second_are_both_shown(server: ScriptedServer, stack: Stack):
    reused = "Prepared data of penguins-first-1 reused, 14 min saved."
    history = [
        {"at": "2026-11-23T02:10:00Z", "status": status, "note": note}
        for status, note in (("CLAIMED", ""), ("CLAIMED", reused), ("SUCCEEDED", ""))
    ]
    Play(server, [run("SUCCEEDED", history=history)], [lines(cursor=None)])
    shown = [step["note"] for news in follower(stack).news() for step in news.steps]
    assert shown == ["", reused, ""]


def test_the_step_s_log_of_a_run_that_uses_data_is_the_other_run_s(
    server: ScriptedServer, stack: Stack, capsys: pytest.CaptureFixture[str]
):
    Play(server, [run("SUCCEEDED", prepared={"run_id": "penguins-first-1"})], [lines(cursor=None)])
    watch_run.logs(stack, RUN_ID, "prepare", follow=False, as_json=False)
    said = " ".join(capsys.readouterr().err.split())
    assert said.endswith("of another run: droptrain logs penguins-first-1 --step prepare")


def test_a_log_that_comes_after_the_outcome_is_waited_for_but_not_for_ever(
    server: ScriptedServer, stack: Stack, monkeypatch: pytest.MonkeyPatch
):
    Play(server, [run("SUCCEEDED")], [lines(), lines(), lines("late", cursor=None)])
    assert shown_by(stack) == ["SUCCEEDED", "| late"]
    monkeypatch.setattr(follow, "_LAST_LINES_WITHIN_SECONDS", 0.05)
    Play(server, [run("SUCCEEDED")], [lines()])
    assert shown_by(stack) == ["SUCCEEDED"]


def test_an_outage_is_sat_out_and_no_line_is_lost_or_told_twice(server: ScriptedServer, stack: Stack):
    Play(
        server,
        [run("RUNNING"), *[GONE] * 12, run("RUNNING"), run("RUNNING", "SUCCEEDED")],
        [lines("a"), *[GONE] * 12, lines("b", cursor="d"), lines("c", cursor=None)],
    )
    shown = shown_by(stack)
    assert [each for each in shown if each.startswith("|")] == ["| a", "| b", "| c"]
    assert [each for each in shown if not each.startswith("|")] == ["RUNNING", "SUCCEEDED"]


def test_an_outage_that_stays_ends_it(server: ScriptedServer, stack: Stack, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(patience.Patience.__init__, "__defaults__", (0.1,))
    Play(server, [run("RUNNING"), GONE], [lines()])
    with pytest.raises(UnreachableError):
        shown_by(stack)


def test_a_refusal_and_a_failure_at_the_first_look_end_it(server: ScriptedServer, stack: Stack):
    Play(server, [problem(404, "not-found", "There is no run")], [lines()])
    with pytest.raises(ApiError, match="There is no run"):
        shown_by(stack)
    Play(server, [GONE], [lines()])
    with pytest.raises(UnreachableError):
        shown_by(stack)


@pytest.mark.parametrize(
    ("status", "code"), [("SUCCEEDED", 0), ("FAILED", 3), ("CANCELLED", 4), ("REJECTED", 5)]
)
def test_who_follows_ends_as_the_run_did(
    server: ScriptedServer, stack: Stack, capsys: pytest.CaptureFixture[str], status: str, code: int
):
    cause = {"code": "c", "message": "It broke.", "fix": "Mend it."} if code else None
    Play(server, [run("RUNNING"), run("RUNNING", status, cause=cause)], [lines("a", cursor=None)])
    with pytest.raises(SystemExit) as ended:
        watch_run.watch(stack, Api(stack), RUN_ID, as_json=False)
    assert ended.value.code == code
    out = capsys.readouterr().out
    assert out.index("RUNNING") < out.index("| a") < out.index(status)
    assert ("What to do:    Mend it." in out) == bool(code)


def test_json_is_the_run_whenever_it_has_changed_and_no_log(
    server: ScriptedServer, stack: Stack, capsys: pytest.CaptureFixture[str]
):
    Play(server, [run("RUNNING"), run("RUNNING"), run("RUNNING", "FAILED")], [])
    with pytest.raises(SystemExit):
        watch_run.watch(stack, Api(stack), RUN_ID, as_json=True)
    assert [json.loads(line)["status"] for line in capsys.readouterr().out.splitlines()] == [
        "RUNNING",
        "FAILED",
    ]


def test_a_new_attempt_is_told_beside_the_log_and_not_in_it(
    server: ScriptedServer, stack: Stack, capsys: pytest.CaptureFixture[str]
):
    Play(
        server,
        [run("SUCCEEDED")],
        [lines("one\x1b[0m"), lines("two", attempt=2), lines("\x1b]0;evil\x07three", attempt=2, cursor=None)],
    )
    watch_run.logs(stack, RUN_ID, follow=False, as_json=False)
    said = capsys.readouterr()
    assert said.out == "one\ntwo\nthree\n"
    assert said.err == "--- attempt 2 ---\n"


def test_on_a_terminal_the_moving_line_and_the_log_do_not_mix(server: ScriptedServer, stack: Stack):
    texts = [f"line {number}" for number in range(6)]
    pages = [lines(text, attempt=1 + number // 3) for number, text in enumerate(texts)]
    Play(server, [*[run("RUNNING")] * 3, run("RUNNING", "SUCCEEDED")], [*pages, lines(cursor=None)])
    with terminal_screen() as screen, pytest.raises(SystemExit):
        watch_run.logs(stack, RUN_ID, follow=True, as_json=False)
    assert f"{RUN_ID} is RUNNING" in screen.transcript, "the moving line is shown"
    wanted = [*texts[:3], "--- attempt 2 ---", *texts[3:], f"SUCCEEDED  {RUN_ID}"]
    assert [line for line in screen.lines if line] == wanted


@pytest.mark.parametrize("follow", [
    lambda stack: watch_run.watch(stack, Api(stack), RUN_ID, as_json=False),
    lambda stack: watch_run.watch(stack, Api(stack), RUN_ID, as_json=True),
    lambda stack: watch_run.logs(stack, RUN_ID, follow=True, as_json=False),
])  # fmt: skip
def test_ctrl_c_says_that_the_run_continues_and_how_to_follow_or_cancel_it(
    server: ScriptedServer,
    stack: Stack,
    monkeypatch: pytest.MonkeyPatch,
    follow: Callable[[Stack], None],
):
    def press_ctrl_c(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("droptrain.follow.time.sleep", press_ctrl_c)
    Play(server, [run("RUNNING")], [lines()])
    with pytest.raises(KeyboardInterrupt) as stopped:
        follow(stack)
    assert str(stopped.value).splitlines() == [
        f"Stopped watching. {RUN_ID} continues.",
        f"Follow it:  droptrain logs {RUN_ID} -f",
        f"Cancel it:  droptrain cancel {RUN_ID}",
    ]
