"""How commands word what the API says: durations, ages, prices, sizes. Pure: the time is an argument."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from droptrain_core.domain.datasets.finding import Finding, describe
from droptrain_core.domain.errors import Cause

# Terminal sequences (CSI, OSC and the like), then any other control character but the tab.
_SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_METRICS_OF_STEP = 5
_UNITS = ("B", "KB", "MB", "GB", "TB")


def clean(text: str) -> str:
    """A line without control characters; of what a progress bar overwrote, the last state."""
    parts = [part for part in _SEQUENCES.sub("", text).split("\r") if part.strip()]
    return _CONTROL.sub("", parts[-1]) if parts else ""


def cause(view: Mapping[str, Any]) -> Cause:
    """A cause as the API gives it; an older stack's has no evidence."""
    evidence = tuple(view.get("evidence", ()))
    return Cause(view["code"], view["message"], view["fix"], evidence, view.get("retry_helps"))


def duration(seconds: float) -> str:
    """Seconds in the two largest units that say something: `18 s`, `3 min 20 s`, `1 h 5 min`, `2 d 3 h`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def age(at: str, now: datetime) -> str:
    """How long ago a time of the API was, in one unit: `3 min`."""
    number, unit = duration((now - parsed(at)).total_seconds()).split()[:2]
    return f"{number} {unit}"


def took(run: Mapping[str, Any], now: datetime) -> str:
    """How long a run has trained, or has trained till now; empty if it hasn't started."""
    if not run["started_at"]:
        return ""
    end = parsed(run["stopped_at"]) if run["stopped_at"] else now
    return duration((end - parsed(run["started_at"])).total_seconds())


def price(cost: Mapping[str, Any] | None) -> str:
    """An estimate in US dollars, of which small ones keep two digits; empty without one."""
    if cost is None:
        return ""
    return dollars(cost["estimate_usd"])


def dollars(usd: float) -> str:
    """US dollars; small amounts keep two digits."""
    return f"${usd:.2f}" if usd >= 1 else f"${usd:.4f}"


def estimate(of: Mapping[str, Any]) -> str:
    """What a run is expected to cost and may cost at worst."""
    worst = f"at worst {dollars(of['worst_usd'])}"
    if step := of.get("prepare_worst_usd"):  # a stack of before preparation steps sends none
        worst += f", {dollars(step)} of it for the preparation step"
    if of["expected_usd"] is None:
        return worst
    took = duration(of["expected_seconds"])
    return f"about {dollars(of['expected_usd'])} for {took}, {worst}"


def size(count: int) -> str:
    """Bytes in decimal units: `24.8 KB`."""
    value = float(count)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            break
        value /= 1000
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"


def count(number: int, thing: str) -> str:
    """So many things: `1 file`, `2 files`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def number(value: float) -> str:
    """A metric's value in four digits."""
    return f"{value:.4g}"


def headline(run: Mapping[str, Any]) -> str:
    """The recipe's headline metric with its value; empty if there is none (yet)."""
    name = run["metric"]
    return f"{name} {number(run['metrics'][name])}" if name in run["metrics"] else ""


def result(run: Mapping[str, Any]) -> str:
    """What has come of a run, in few words: its headline metric and its cost."""
    return "  ".join(filter(None, (headline(run), price(run["cost"]))))


def parsed(at: str) -> datetime:
    """A time of the API."""
    return datetime.fromisoformat(at)


def finding(found: Mapping[str, Any]) -> str:
    """What preflight found, in one line with its fix."""
    return f"{describe(Finding(**found))}. {found['fix']}"


def prepared(run: Mapping[str, Any]) -> str:
    """The data that a run's preparation step left, or an earlier run's, with the step's cost and metrics."""
    data = run["prepared"]
    names = sorted(data["metrics"])[:_METRICS_OF_STEP]
    metrics = "".join(f"; {name} {number(data['metrics'][name])}" for name in names)
    what = f"{count(data['files'], 'file')}, {size(data['bytes'])}"
    if data["run_id"] != run["run_id"]:
        return f"{what} of {data['run_id']} reused, {duration(data['seconds'])} saved{metrics}"
    attempts = run["cost"]["attempts"] if run["cost"] else ()
    usd = sum(each["usd"] for each in attempts if each["step"] == "prepare")
    cost = f", about {dollars(usd)} of the cost" if usd else ""
    return f"{what} in {duration(data['seconds'])}{cost}{metrics}"
