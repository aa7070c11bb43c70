"""Shows which part a run is in, how long each part took, and how long it usually takes."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from droptrain import formatting
from droptrain_cli import output

# For each part: the name of its row, and what a run does in it.
_PARTS = {
    "queued": ("queued", "being launched"),
    "instance_launched": ("instance launched", "waiting for an instance"),
    "instance_started": ("instance started", "waiting for an instance"),
    "image_pulled": ("image pulled", "pulling the image"),
    "container_started": ("container started", "pulling the image and starting the container"),
    "fetched": ("fetched", "fetching code and inputs"),
    "first_step": ("first step", "before its first output or metric"),
    "trained": ("trained", "training"),
    "saved": ("saved", "saving what the training left"),
}


def write(run: Mapping[str, Any], timing: Mapping[str, Any], screen: Console, now: datetime) -> None:
    """Write a row for each part of the run's last attempt."""
    title = f"{run['run_id']} is {run['status']}, attempt {timing['attempt']}"
    output.show(screen, Text(title, style="bold"))
    if timing["underway"]:
        output.show(screen, Text(f"  Now: {underway(timing, now)}"))
    headers = ("PART", "ENDED AT", "TOOK", "USUALLY")
    rows = (("", *row) for row in _rows(timing))
    output.show(screen, output.table(("", *headers), rows))


def underway(timing: Mapping[str, Any], now: datetime) -> str | None:
    """What the run does now, for how long, and how long that usually takes; None if it has ended."""
    found = timing["underway"]
    if found is None:
        return None
    since = formatting.duration((now - formatting.parsed(found["since"])).total_seconds())
    usual = f"; usually {_usual(found['usual'])}" if found["usual"] else ""
    return f"{_PARTS[found['name']][1]}, for {since}{usual}"


def _rows(timing: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    previous: str | None = None
    queued_at = timing["parts"][0]["at"]
    for part in timing["parts"]:
        name, at = part["name"], part["at"]
        took = "" if part["seconds"] is None else formatting.duration(part["seconds"])
        if name == "instance_launched" and at and queued_at and at < queued_at:
            took = "before the run"
        elif took and part["after"] != previous:
            took += f" since {_PARTS[part['after']][0]}"
        yield _PARTS[name][0], at or "not reported", took, _usual(part["usual"])
        previous = name


def _usual(usual: Mapping[str, Any] | None) -> str:
    if usual is None:
        return ""
    runs = formatting.count(usual["runs"], "run")
    return f"{formatting.duration(usual['seconds'])} (median of {runs} of the {usual['of']})"
