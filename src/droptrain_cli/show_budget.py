"""Shows the caps of the month, and what is left of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from droptrain.api import Api
from droptrain.stack import Stack
from droptrain_cli import output

_HEADERS = ("WHAT", "CAP", "SPENT", "RESERVED", "LEFT")


def show(stack: Stack, *, as_json: bool) -> None:
    """Print the budget of the current month."""
    budget = Api(stack).get("/budget")
    if as_json:
        output.write_json(budget)
        return
    screen = output.console()
    output.show(screen, output.table(_HEADERS, _rows(budget)))
    note = "Estimates from EC2's prices, of runs launched in this month (UTC)."
    if budget["cap_usd"] is None:
        note = "The stack has no cap, so nothing is counted: its parameter MonthlyBudgetUsd is 0."
    output.show(screen, Text(note))


def _rows(budget: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    yield (f"stack, {budget['month']}", *_money(budget))
    for project in budget["projects"]:
        yield (project["project"], *_money(project))
    most, running = budget["runs_at_once"], budget["running"]
    if most is not None:
        yield ("runs at a time", str(most), "", str(running), str(most - running))


def _money(cap: Mapping[str, Any]) -> tuple[str, ...]:
    if cap["cap_usd"] is None:
        return ("none", "", "", "")
    left = cap["cap_usd"] - cap["spent_usd"] - cap["reserved_usd"]
    return tuple(f"${usd:.2f}" for usd in (cap["cap_usd"], cap["spent_usd"], cap["reserved_usd"], left))
