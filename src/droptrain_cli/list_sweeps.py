"""Lists sweeps."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from droptrain import formatting
from droptrain.api import Api
from droptrain.find_sweep import read_sweeps
from droptrain.stack import Stack
from droptrain_cli import output

_HEADERS = ("SWEEP", "STATUS", "AGE", "TRIALS", "BEST", "COST", "METHOD")
_NONE = "No sweeps. Start one: droptrain sweep PROJECT --set NAME=LOW..HIGH"


def list_all(stack: Stack, project: str | None, limit: int, *, as_json: bool) -> None:
    """Print the newest sweeps, of a project or of all."""
    found = read_sweeps(Api(stack), project, limit=limit)
    if as_json:
        output.write_json({"sweeps": found})
    elif found:
        now = datetime.now(UTC)
        made = output.table(_HEADERS, (_row(each, now) for each in found), folded=("BEST", "METHOD"))
        output.show(output.console(), made)
    else:
        output.show(output.console(stderr=True), Text(_NONE))


def _row(sweep: Mapping[str, Any], now: datetime) -> tuple[str | Text, ...]:
    best, counts = sweep.get("best"), sweep["counts"]
    ended = counts["succeeded"] + counts["failed"] + counts["cancelled"]
    return (
        sweep["sweep_id"],
        output.styled(sweep["status"]),
        formatting.age(sweep["created_at"], now),
        f"{ended} of {sweep['trials']}",
        f"{sweep['metric']['name']} {formatting.number(best['value'])}" if best else "",
        formatting.dollars(sweep["cost_usd"]),
        sweep["method"],
    )
