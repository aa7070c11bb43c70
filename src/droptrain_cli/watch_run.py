"""Shows a run on its way, its states and its log, and ends as it ended."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, NoReturn

import click
from droptrain_core.domain.runs.log_line import LogLine
from droptrain_core.domain.runs.run import TERMINAL
from rich.console import Console
from rich.text import Text

from droptrain import formatting
from droptrain.api import Api
from droptrain.find_run import find_run
from droptrain.follow import LogTail, RunFollower
from droptrain.stack import Stack
from droptrain_cli import exit_codes, output
from droptrain_cli.screen import Screen

_NO_LINES = "It has printed nothing yet; with -f its log is followed."
_NEVER = "It was never started, so there is no log; droptrain show says why."


def watch(stack: Stack, api: Api, run_id: str, *, as_json: bool) -> NoReturn:
    """Show states and log lines as they come; with `as_json` the run, a line each time that it changed."""
    follower = RunFollower(stack, api, run_id)
    if as_json:
        run: Mapping[str, Any] = {}
        with _left_running(run_id):
            for news in follower.news(with_log=False):
                run = news.run
                if news.changed:
                    output.write_json(run)
        raise SystemExit(exit_codes.of_outcome(run["status"]))
    screen = Screen(output.console())
    with _left_running(run_id), screen.live(run_id):
        run = _show_states_and_lines(follower, screen)
    _tell_outcome(run, screen)
    raise SystemExit(exit_codes.of_outcome(run["status"]))


def logs(stack: Stack, name: str, step: str | None = None, *, follow: bool, as_json: bool) -> None:
    """Print the log of the run that `name` means, or of one of its steps.

    With `follow` to the run's end, and end as it ended.
    """
    api = Api(stack)
    run: Mapping[str, Any] = find_run(api, name)
    if not follow:
        writer = _LineWriter(as_json=as_json)
        tail = LogTail(api, run["run_id"], step)
        while page := tail.page():
            writer.write(page)
        if not writer.has_written:
            why = _NEVER if run["status"] == "REJECTED" else _why_empty(run, step)
            output.show(output.console(stderr=True), Text(f"{run['run_id']} is {run['status']}. {why}"))
        return
    screen, errors = output.console(), output.console(stderr=True)
    # Anything else that writes to the terminal would write into the moving line.
    is_live = screen.is_terminal and errors.is_terminal and not as_json
    writer = _LineWriter(as_json=as_json, live=screen if is_live else None)
    with _left_running(run["run_id"]), screen.status("") if is_live else nullcontext() as status:
        for news in RunFollower(stack, api, run["run_id"], step).news():
            run = news.run
            if status:
                status.update(Text(f"{run['run_id']} is {run['status']}"))
            writer.write(news.lines)
    output.show(errors, Text(_outcome(run)))
    raise SystemExit(exit_codes.of_outcome(run["status"]))


def _why_empty(run: Mapping[str, Any], step: str | None) -> str:
    """Why a log has no lines: another run may have prepared the data."""
    prepared = run.get("prepared")
    if step == "prepare" and prepared and prepared["run_id"] != run["run_id"]:
        return f"It uses the data of another run: droptrain logs {prepared['run_id']} --step prepare"
    if step == "prepare" and run["status"] in TERMINAL and not prepared:
        return "It has no log of a preparation step."
    return "It has printed nothing." if run["status"] in TERMINAL else _NO_LINES


@contextmanager
def _left_running(run_id: str) -> Iterator[None]:
    """Say at Ctrl-C that the run continues, and how to follow or cancel it."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Stopped watching. {run_id} continues.\n"
            f"Follow it:  droptrain logs {run_id} -f\n"
            f"Cancel it:  droptrain cancel {run_id}"
        ) from None


class _LineWriter:
    """Writes log lines to stdout and the attempt's number to stderr, or both to the console `live`."""

    def __init__(self, *, as_json: bool, live: Console | None = None) -> None:
        self._as_json = as_json
        self._live = live
        self._attempt: int | None = None
        self.has_written = False
        self._errors = live or output.console(stderr=True)

    def write(self, lines: tuple[LogLine, ...]) -> None:
        for line in lines:
            self.has_written = True
            if self._as_json:
                output.write_json({"at": line.at, "attempt": line.attempt, "text": line.text})
                continue
            if line.attempt is not None and self._attempt is not None and line.attempt != self._attempt:
                output.show(self._errors, Text(f"--- attempt {line.attempt} ---", style="dim"))
            self._attempt = line.attempt
            text = formatting.clean(line.text)
            if self._live:
                output.show(self._live, Text(text))
            else:
                click.echo(text)


def _show_states_and_lines(follower: RunFollower, screen: Screen) -> Mapping[str, Any]:
    run: Mapping[str, Any] = {}
    for news in follower.news():
        run = news.run
        for step in news.steps:
            if step["status"] not in TERMINAL:
                screen.event(step["status"], step["note"])
        for line in news.lines:
            screen.log(line.text)
        screen.now(f"{run['run_id']} is {run['status']}")
    return run


def _tell_outcome(run: Mapping[str, Any], screen: Screen) -> None:
    """The outcome comes after the log's last lines."""
    screen.event(run["status"], "  ".join(part for part in _result(run) if part))
    if run["cause"]:
        screen.cause(formatting.cause(run["cause"]))


def _result(run: Mapping[str, Any]) -> tuple[str, ...]:
    return run["run_id"], formatting.headline(run), formatting.price(run["cost"])


def _outcome(run: Mapping[str, Any]) -> str:
    line = "  ".join(part for part in (run["status"], *_result(run)) if part)
    return f"{line}  {run['cause']['message']} {run['cause']['fix']}" if run["cause"] else line
