"""Shows one run: what people want to know first comes first."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from droptrain_core.domain.notices import cause_text
from droptrain_core.domain.runs.labels import labelled_texts
from droptrain_core.domain.runs.run import TERMINAL
from rich.console import Console
from rich.text import Text

from droptrain import formatting
from droptrain.api import Api, quoted
from droptrain.find_run import find_run
from droptrain.stack import Stack
from droptrain_cli import output, queue_places, show_timing

_INPUTS_SHOWN = 10
_TITLE_WIDTH = 14
_FILES_LISTED = 100
_PLACES = {"export": "export/", "model": "model/"}
EMPTY = "nothing there"


def show(stack: Stack, name: str, *, as_json: bool) -> None:
    """Print the run that `name` means."""
    api = Api(stack)
    run = find_run(api, name)
    if as_json:
        output.write_json(run)
        return
    run = {**run, "links": _links(api, run)}
    is_active, now = run["status"] not in TERMINAL, datetime.now(UTC)
    underway = show_timing.underway(_timing(api, run), now) if is_active else None
    write(run, output.console(), now, queue_places.describe(stack, run), underway)


def timing(stack: Stack, name: str, *, as_json: bool) -> None:
    """Print how long each part of the run that `name` means took."""
    api = Api(stack)
    run = find_run(api, name)
    found = _timing(api, run)
    if as_json:
        output.write_json(found)
        return
    show_timing.write(run, found, output.console(), datetime.now(UTC))


def _timing(api: Api, run: Mapping[str, Any]) -> Any:
    return api.get(f"/runs/{quoted(run['run_id'])}/timing")


def _links(api: Api, run: Mapping[str, Any]) -> dict[str, str]:
    """Where the run's files are; a place without files is EMPTY."""
    page = api.get(f"/runs/{quoted(run['run_id'])}/artifacts", limit=_FILES_LISTED)
    paths = [item["path"] for item in page["artifacts"]]
    links = dict(run["links"])
    # The log is that of the step in which the run is.
    places = _PLACES | {"log": links["log"].removeprefix(links["run"])}
    for title, place in places.items():
        # A page ends before the paths that follow its last one.
        is_listed = page["cursor"] is None or place < paths[-1]
        if is_listed and not any(path.startswith(place) for path in paths):
            links[title] = EMPTY
    return links


def write(
    run: Mapping[str, Any],
    screen: Console,
    now: datetime,
    place: str | None = None,
    underway: str | None = None,
) -> None:
    """Write a run in sections; those that would be empty are left out.

    `place` is its place in a queue, `underway` what it does now.
    """
    output.show(screen, Text(run["run_id"], style="bold"))
    for title, value in _facts(run, now, place, underway):
        _fact(screen, title, value)
    metrics = sorted(run["metrics"].items(), key=lambda item: (item[0] != run["metric"], item[0]))
    if metrics:
        _heading(screen, "Metrics")
        width = max(_TITLE_WIDTH, *(len(formatting.clean(name)) for name, _ in metrics))
        for name, value in metrics:
            _fact(screen, name, formatting.number(value), width)
    if run["attempts"]:
        _heading(screen, "Attempts")
        _table(screen, ("NO.", "STARTED", "TOOK", "EXIT CODE", "REASON"), _attempts(run, now))
    if run["inputs"]:
        _heading(screen, "Inputs")
        _table(screen, ("CHANNEL", "SIZE", "FILE", "VERSION"), _inputs(run))
        if run["input_count"] > _INPUTS_SHOWN:
            output.show(screen, Text(f"  and {run['input_count'] - _INPUTS_SHOWN} more: all are in run.json"))
    _heading(screen, "History")
    _table(screen, ("AT", "STATUS", "NOTE"), _history(run))
    _heading(screen, "Where it is")
    for title in ("export", "model", "log", "run"):
        _fact(screen, title, run["links"][title])
    for title, name in (("Batch job", "batch_job_id"), ("log stream", "log_stream")):
        if run[name]:
            _fact(screen, title, run[name])


def _facts(  # noqa: C901  a line for each fact
    run: Mapping[str, Any], now: datetime, place: str | None, underway: str | None
) -> Iterator[tuple[str, str | Text]]:
    yield "Status", output.styled(run["status"])
    yield from ((title, text) for title, text in (("Waits", place), ("Now", underway)) if text)
    if run["cause"]:
        yield from cause_text.of(formatting.cause(run["cause"]))
    for warning in run.get("warnings", ()):  # a stack of before preflight sends none
        yield "Warning", formatting.finding(warning)
    for advice in run["advice"]:
        yield "Advice", advice
    yield "Dataset", f"{run['project']}/{run['dataset']}"
    yield (
        "Created",
        f"{run['created_at']} ({formatting.age(run['created_at'], now)} ago), by {run['launched_by']}",
    )
    yield from labelled_texts(run)
    if run["started_at"]:
        yield "Took", f"{formatting.took(run, now)}, from {run['started_at']}"
    if estimate := run.get("estimate"):
        yield "Estimate", f"{formatting.estimate(estimate)}: {estimate['basis']}"
        yield "Prices", ", ".join(_offer(each) for each in estimate["offers"]) + f"; {_dates(estimate)}"
    if cost := run["cost"]:
        usd = f"${cost['usd_per_hour']} an hour, as of {cost['priced_at']}; {cost['basis']}"
        spent = f"{formatting.duration(cost['seconds'])} of {cost['instance_type']}"
        yield "Cost", f"about {formatting.price(cost)} (an estimate): {spent} at {usd}"
        if cost.get("reclaimed_usd"):
            yield (
                "Reclaimed",
                f"{formatting.dollars(cost['reclaimed_usd'])} of it is for attempts that Spot reclaimed",
            )
    if run.get("prepared"):  # a stack of before preparation steps sends none
        yield "Prepared", formatting.prepared(run)
    if gpu := run["gpu"]:
        yield "GPU", ", ".join(_gpu(gpu))
    if code := run["code"]:
        yield "Code", f"{code['digest']}, {formatting.count(code['files'], 'file')}"
    if recipe := run["recipe"]:
        yield "Recipe", f"{recipe['key']}, version {recipe['version_id']}"


def _offer(offer: Mapping[str, Any]) -> str:
    """An instance type with what an hour of it costs."""
    spot, on_demand = offer["spot_usd_per_hour"], offer["on_demand_usd_per_hour"]
    price = f"Spot ${spot:.4g} in {offer['spot_zone']}" if spot is not None else "Spot unknown"
    listed = f"on demand ${on_demand:.4g}" if on_demand is not None else "on demand unknown"
    # An estimate of before an update of the stack has no memory.
    memory = offer.get("gpu_memory_gib")
    gpu = f" ({memory:.3g} GiB a GPU)" if memory else ""
    return f"{offer['instance_type']}{gpu} {price}, {listed}"


def _dates(estimate: Mapping[str, Any]) -> str:
    spot = f", Spot's of {estimate['spot_priced_at']}" if estimate["spot_priced_at"] else ""
    return f"an hour, on-demand prices of {estimate['priced_at']}{spot}"


def _gpu(gpu: Mapping[str, Any]) -> Iterator[str]:
    yield formatting.count(gpu["count"], "GPU")
    if gpu["busy_percent"] is not None:
        yield f"busy {gpu['busy_percent']:.0f} % of the time"
    if gpu["peak_memory_gib"] is not None:
        yield f"at most {gpu['peak_memory_gib']:.1f} GiB of memory"
    if gpu["waiting_seconds"] is not None:
        yield f"{formatting.duration(gpu['waiting_seconds'])} before the first work"


def _attempts(run: Mapping[str, Any], now: datetime) -> Iterator[tuple[str, ...]]:
    has_steps = any(attempt["step"] == "prepare" for attempt in run["attempts"])
    for attempt in run["attempts"]:
        code = attempt["exit_code"]
        yield (
            f"{attempt['number']} {attempt['step']}" if has_steps else str(attempt["number"]),
            attempt["started_at"] or "",
            formatting.took(attempt, now),
            "" if code is None else str(code),
            "" if code == 0 else attempt["reason"] or "",  # what ECS says of success sounds like a failure
        )


def _inputs(run: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for item in run["inputs"][:_INPUTS_SHOWN]:
        yield item["channel"], formatting.size(item["size"]), item["key"], item["version_id"]


def _history(run: Mapping[str, Any]) -> Iterator[tuple[str | Text, ...]]:
    for step in run["history"]:
        note = "" if step["status"] == "SUCCEEDED" else step["note"]
        yield step["at"], output.styled(step["status"]), note


def _heading(screen: Console, text: str) -> None:
    output.show(screen, Text())
    output.show(screen, Text(text, style="bold"))


def _fact(screen: Console, title: str, value: str | Text, width: int = _TITLE_WIDTH) -> None:
    line = Text().append(f"  {formatting.clean(title):<{width}} ", style="dim")
    output.show(screen, line.append_text(output.cell(value)))


def _table(screen: Console, headers: tuple[str, ...], rows: Iterator[tuple[str | Text, ...]]) -> None:
    output.show(screen, output.table(("", *headers), (("", *row) for row in rows)))
