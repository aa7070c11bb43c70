"""Shows a sweep: its facts and its trials from the best on, once or to its end."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from droptrain import formatting, sweep_words
from droptrain.api import Api
from droptrain.find_sweep import find_sweep
from droptrain.follow_sweep import follow_sweep
from droptrain.run_values import short_id
from droptrain.stack import Stack
from droptrain_cli import exit_codes, output

_TITLE_WIDTH = 10
_STYLES = {"STOPPED EARLY": "dim"}


def show(stack: Stack, name: str, *, watch: bool, as_json: bool) -> None:
    """Print the sweep that `name` means; with `watch` to its end, and end as it ended."""
    api = Api(stack)
    sweep = find_sweep(api, name)
    if watch:
        follow(stack, api, sweep["sweep_id"], as_json=as_json)
    if as_json:
        output.write_json(sweep)
        return
    screen = output.console()
    for part in view(sweep, screen):
        output.show(screen, part)


def follow(stack: Stack, api: Api, sweep_id: str, *, as_json: bool) -> NoReturn:
    """Show the sweep each time that it has changed, and end as it ended.

    On a terminal it stays in its place; elsewhere a trial is a line each time that its state has changed.
    """
    screen = output.console()
    sweep: Mapping[str, Any] = {}
    with _left_running(sweep_id):
        changes = follow_sweep(stack, api, sweep_id)
        if as_json:
            for sweep in changes:
                output.write_json(sweep)
        elif screen.is_terminal:
            with Live(console=screen, auto_refresh=False, vertical_overflow="crop") as live:
                for sweep in changes:
                    live.update(Group(*view(sweep, screen)), refresh=True)
        else:
            sweep = _print_changes(changes, screen)
    raise SystemExit(exit_codes.of_outcome(sweep["status"]))


def view(sweep: Mapping[str, Any], screen: Console) -> Iterator[Table | Text]:
    """A sweep's id, its facts and its trials, as wide as the console."""
    yield Text(sweep["sweep_id"], style="bold").append("  ").append_text(output.styled(sweep["status"]))
    yield from (line_of(title, text) for title, text in sweep_words.facts(sweep))
    if runs := sweep_words.leaderboard(sweep):
        yield Text()
        yield from _leaderboard(sweep, runs, screen)


def line_of(title: str, text: str) -> Text:
    """A fact in a line."""
    return Text().append(f"  {title:<{_TITLE_WIDTH}} ", style="dim").append(formatting.clean(text))


@contextmanager
def _left_running(sweep_id: str) -> Iterator[None]:
    """Say at Ctrl-C that the sweep continues, and how to follow or cancel it."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Stopped watching. {sweep_id} continues.\n"
            f"Follow it:  droptrain sweep show {sweep_id} --watch\n"
            f"Cancel it:  droptrain sweep cancel {sweep_id}"
        ) from None


def _print_changes(changes: Iterator[dict[str, Any]], screen: Console) -> Mapping[str, Any]:
    """Print a line for each state of a trial and for the end; the sweep as it ended."""
    sweep: Mapping[str, Any] = {}
    seen: dict[int, str] = {}
    for sweep in changes:
        for run in sorted(sweep.get("runs", ()), key=lambda run: run["trial"]):
            state = sweep_words.state(run)
            if seen.get(run["trial"]) != state:
                seen[run["trial"]] = state
                settings = sweep_words.settings(run["hyperparameters"])
                told = (f"trial {run['trial']}", state, sweep_words.reached(run), settings, run["run_id"])
                output.show(screen, Text(formatting.clean("  ".join(filter(None, told)))))
    output.show(screen, Text(f"{sweep['sweep_id']} is {sweep['status']}  {sweep_words.result(sweep)}"))
    for title, text in sweep_words.facts(sweep):
        if title in ("Reason", "Best"):
            output.show(screen, line_of(title, text))
    return sweep


def _leaderboard(
    sweep: Mapping[str, Any], runs: Sequence[Mapping[str, Any]], screen: Console
) -> Iterator[Table | Text]:
    """The trials, with as many of the hyperparameters as there is room for, the most important first."""
    ranked = sweep_words.ranked(sweep)
    for count in range(len(ranked), -1, -1):
        names = [name for name in sweep["space"] if name in ranked[:count]]
        headers = ("TRIAL", "STATUS", sweep["metric"]["name"], *names, "COST", "RUN")
        made = output.table(headers, (_row(run, names) for run in runs), folded=headers[2:3])
        if output.fits(screen, made):
            break
    if hidden := ranked[count:]:
        yield Text(formatting.clean(f"This terminal has no room for {', '.join(hidden)}."), style="dim")
    yield made


def _row(run: Mapping[str, Any], names: Sequence[str]) -> tuple[str | Text, ...]:
    return (
        str(run["trial"]),
        _state(run),
        sweep_words.reached(run),
        *(sweep_words.value(run["hyperparameters"].get(name, "")) for name in names),
        formatting.dollars(run["cost_usd"]) if run.get("cost_usd") is not None else "",
        short_id(run["run_id"]),
    )


def _state(run: Mapping[str, Any]) -> Text:
    state = sweep_words.state(run)
    return Text(state, style=_STYLES[state]) if state in _STYLES else output.styled(state)
