"""Runs and sweeps as HTML, as a notebook shows them: no script, colours that fit light and dark."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from droptrain import formatting, sweep_words
from droptrain.curves import Series, curves

_COLOURS = {
    "SUCCEEDED": "#1a7f37",
    "FAILED": "#cf222e",
    "REJECTED": "#cf222e",
    "CANCELLED": "#9a6700",
}
_OPEN = "#0969da"  # a run that hasn't ended
_SHOWN = 12  # hyperparameters
_TRIALS = 20


def run_html(run: Mapping[str, Any], series: Series) -> str:
    """A run: its status, what it trained with and reached, its curves, its cost, its cause and the fix."""
    return _card(run["status"], run["run_id"], _facts(run), curves(series))


def sweep_html(sweep: Mapping[str, Any]) -> str:
    """A sweep: its status, its search and its cost, and the trials from the best on."""
    facts = ((title, escape(text)) for title, text in sweep_words.facts(sweep))
    return _card(sweep["status"], sweep["sweep_id"], facts, _leaderboard(sweep))


def runs_html(runs: Sequence[Mapping[str, Any]]) -> str:
    """Runs as a table."""
    now = datetime.now(UTC)
    head = "".join(f"<th>{title}</th>" for title in ("run", "status", "age", "took", "metric", "cost"))
    body = "".join(
        "<tr>"
        + f"<td>{escape(run['run_id'])}</td><td>{_pill(run['status'])}</td>"
        + f"<td>{formatting.age(run['created_at'], now)}</td><td>{formatting.took(run, now)}</td>"
        + f"<td>{escape(formatting.headline(run))}</td><td>{formatting.price(run['cost'])}</td></tr>"
        for run in runs
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _facts(run: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(title, HTML) of each fact that there is."""
    if cause := run["cause"]:
        yield "What happened", escape(cause["message"])
        yield "What to do", escape(cause["fix"])
    yield "Dataset", escape(f"{run['project']}/{run['dataset']}")
    if settings := run["hyperparameters"]:
        named = [f"{name} {value}" for name, value in list(settings.items())[:_SHOWN]]
        more = [f"and {len(settings) - _SHOWN} more"] * (len(settings) > _SHOWN)
        yield "Settings", escape(" · ".join([*named, *more]))
    if metrics := run["metrics"]:
        yield "Metrics", escape(" · ".join(f"{name} {formatting.number(metrics[name])}" for name in metrics))
    if took := formatting.took(run, datetime.now(UTC)):
        yield "Took", took
    if run["cost"]:
        yield "Cost", f"about {formatting.price(run['cost'])}"
    elif run["estimate"]:
        yield "Estimate", escape(formatting.estimate(run["estimate"]))


def _card(status: str, name: str, facts: Iterable[tuple[str, str]], rest: str) -> str:
    rows = "".join(
        f'<tr><th style="text-align:left;font-weight:normal;opacity:.7">{escape(title)}</th>'
        f'<td style="text-align:left">{value}</td></tr>'
        for title, value in facts
    )
    return f"<div><div>{_pill(status)} <b>{escape(name)}</b></div><table>{rows}</table>{rest}</div>"


def _leaderboard(sweep: Mapping[str, Any]) -> str:
    names = [*sweep["space"]]
    head = "".join(
        f"<th>{escape(name)}</th>" for name in ("trial", sweep["metric"]["name"], *names, "status")
    )
    body = "".join(
        "<tr>"
        + f"<td>{run['trial']}</td><td>{sweep_words.reached(run)}</td>"
        + "".join(
            f"<td>{escape(sweep_words.value(run['hyperparameters'].get(name, '')))}</td>" for name in names
        )
        + f"<td>{escape(sweep_words.state(run))}</td></tr>"
        for run in sweep_words.leaderboard(sweep)[:_TRIALS]
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _pill(status: str) -> str:
    colour = _COLOURS.get(status, _OPEN)
    style = f"background:{colour};color:#fff;border-radius:1em;padding:0 .6em"
    return f'<span style="{style}">{escape(status)}</span>'
