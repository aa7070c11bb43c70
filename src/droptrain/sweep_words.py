"""How a sweep is described: its search, its trials, the best one, its cost. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from droptrain.formatting import dollars, number

Record = Mapping[str, Any]


def facts(sweep: Record) -> Iterator[tuple[str, str]]:
    """(title, text) of each fact that is known of a sweep."""
    if reason := sweep.get("reason"):
        yield "Reason", _reason(reason)
    yield "Search", search(sweep)
    yield "Space", space(sweep)
    yield "Trials", trials(sweep)
    if best := sweep.get("best"):
        named = f"{sweep['metric']['name']} {number(best['value'])}"
        yield "Best", f"{named} by trial {best['trial']}: {settings(best['hyperparameters'])}"
    yield "Cost", cost(sweep)
    if importance := sweep.get("importance"):
        shares = (f"{name} {importance[name] * 100:.0f} %" for name in ranked(sweep) if name in importance)
        yield "Importance", ", ".join(shares)


def search(sweep: Record) -> str:
    """How a sweep searches."""
    early = sweep["early_stop"]
    return ", ".join((
        sweep["method"],
        f"{sweep['trials']} trials",
        f"{sweep['parallel']} at a time",
        f"early stopping by {early}" if early != "none" else "no early stopping",
        f"{sweep['metric']['goal']} {sweep['metric']['name']}",
    ))  # fmt: skip


def space(sweep: Record) -> str:
    """What a sweep searches."""
    return ", ".join(f"{name} {text}" for name, text in sweep["space"].items())


def ranked(sweep: Record) -> list[str]:
    """The hyperparameters that a sweep searches, the most important first, as far as that is known."""
    importance = sweep.get("importance") or {}
    return sorted(sweep["space"], key=lambda name: -importance.get(name, 0))


def trials(sweep: Record) -> str:
    """How many trials have ended, and how."""
    counts = sweep["counts"]
    ended = counts["succeeded"] + counts["failed"] + counts["cancelled"]
    stopped = f" ({counts['stopped_early']} stopped early)" if counts["stopped_early"] else ""
    parts = [
        f"{counts[name]} {name}{stopped if name == 'succeeded' else ''}"
        for name in ("running", "succeeded", "failed", "cancelled")
        if counts[name]
    ]
    parts += [f"{counts['left']} not started"] if counts["left"] else []
    return f"{ended} of {sweep['trials']} ended" + (f": {', '.join(parts)}" if parts else "")


def cost(sweep: Record) -> str:
    """What a sweep has cost so far, and what it may cost."""
    words = [f"about {dollars(sweep['cost_usd'])}{' so far' if sweep['status'] == 'RUNNING' else ''}"]
    words += [estimate(sweep)] if sweep["estimate"]["max_usd"] is not None else []
    if saved := sweep.get("saved_usd"):
        words.append(f"early stopping saved about {dollars(saved)}")
    return "; ".join(words)


def estimate(sweep: Record) -> str:
    """What a sweep is expected to cost, and may cost at most."""
    expected, most = sweep["estimate"]["expected_usd"], sweep["estimate"]["max_usd"]
    if most is None:
        return "unknown: the stack's instance types have no price"
    at_most = f"at most {dollars(most)}"
    return at_most if expected is None else f"about {dollars(expected)} expected, {at_most}"


def budget(sweep: Record, month: Record) -> str:
    """Whether the most that a sweep can cost fits into what is left of the month's budget."""
    caps = [month, *(each for each in month["projects"] if each["project"] == sweep["project"])]
    capped = [cap for cap in caps if cap["cap_usd"] is not None]
    if not capped:
        return "the stack has no cap"
    left = min(cap["cap_usd"] - cap["spent_usd"] - cap["reserved_usd"] for cap in capped)
    most = sweep["estimate"]["max_usd"]
    fits = "" if most is None else "it fits: " if most <= left else "it doesn't fit: "
    return f"{fits}{dollars(max(left, 0))} left this month"


def result(sweep: Record) -> str:
    """What has come of a sweep, in few words."""
    best = sweep.get("best")
    reached = f"best {sweep['metric']['name']} {number(best['value'])}" if best else ""
    return "  ".join(filter(None, (trials(sweep), reached, dollars(sweep["cost_usd"]))))


def settings(hyperparameters: Mapping[str, Any]) -> str:
    """Hyperparameters in one line."""
    return ", ".join(f"{name}={value(each)}" for name, each in hyperparameters.items())


def value(of: Any) -> str:
    """A hyperparameter's value, a fraction in four digits."""
    return number(of) if isinstance(of, float) else str(of)


def leaderboard(sweep: Record) -> Sequence[Record]:
    """The trials from the best to the worst; then those without a value, the newest first."""
    runs = sweep.get("runs", ())  # a list of sweeps has none
    having = [run for run in runs if run.get("value") is not None]
    lacking = [run for run in runs if run.get("value") is None]
    highest_first = sweep["metric"]["goal"] == "maximize"
    return (
        *sorted(having, key=lambda run: run["value"], reverse=highest_first),
        *sorted(lacking, key=lambda run: run["trial"], reverse=True),
    )


def reached(run: Record) -> str:
    """A trial's value of the metric; empty without one."""
    return "" if run.get("value") is None else number(run["value"])


def state(run: Record) -> str:
    """A trial's status, or that it was stopped early; empty for a moment before its run is recorded."""
    return "STOPPED EARLY" if run.get("stopped_early") else run["status"] or ""


def _reason(reason: Any) -> str:
    return f"{reason['message']} {reason['fix']}" if isinstance(reason, Mapping) else str(reason)
