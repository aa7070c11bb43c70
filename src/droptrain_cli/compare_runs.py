"""Compares runs side by side: what went in, what came out, and what of it differs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from droptrain import formatting
from droptrain.api import Api
from droptrain.errors import DroptrainError
from droptrain.find_run import find_run
from droptrain.run_files import RunFiles
from droptrain.run_values import short_id
from droptrain.stack import Stack
from droptrain_cli import output

_PLAN = "run.json"
_MARK = "*"


@dataclass(frozen=True)
class Row:
    """One property of every run, in the runs' order; None where a run has none."""

    section: str
    name: str
    values: tuple[Any, ...]

    @property
    def differs(self) -> bool:
        """Whether the runs differ in it."""
        return any(value != self.values[0] for value in self.values)


def compare(stack: Stack, names: Sequence[str], *, differences: bool, as_json: bool) -> None:
    """Print the runs that `names` mean side by side; with `differences` only what differs."""
    api = Api(stack)
    runs = [find_run(api, name) for name in names]
    if len({run["run_id"] for run in runs}) == 1:
        raise DroptrainError(f"{' and '.join(names)} are the same run, {runs[0]['run_id']}. Name another.")
    plans = [plan_of(stack, api, run["run_id"]) for run in runs]
    made = [row for row in rows(runs, plans, datetime.now(UTC)) if row.differs or not differences]
    if as_json:
        output.write_json(_document(runs, made))
        return
    screen = output.console()
    wide, narrow = ([name(run["run_id"]) for run in runs] for name in (str, short_id))
    tables = (output.table(("", "", *headers), _lines(made)) for headers in (wide, narrow))
    output.show(screen, output.first_that_fits(screen, tables))


def rows(
    runs: Sequence[Mapping[str, Any]], plans: Sequence[Mapping[str, Any]], now: datetime
) -> Iterator[Row]:
    """What there is to compare; hyperparameters and resources come from each run's `run.json`, or {}."""
    yield Row("", "status", tuple(run["status"] for run in runs))
    yield Row("", "cause", tuple(run["cause"]["code"] if run["cause"] else None for run in runs))
    yield from _mappings("metrics", [run["metrics"] for run in runs])
    yield from _mappings("hyperparameters", [plan.get("hyperparameters", {}) for plan in plans])
    yield from _mappings("resources", [plan.get("resources", {}) for plan in plans])
    yield Row("", "code", tuple(run["code"]["digest"] if run["code"] else None for run in runs))
    yield Row("", "recipe", tuple(run["recipe"]["version_id"] if run["recipe"] else None for run in runs))
    yield Row("", "dataset", tuple(f"{run['project']}/{run['dataset']}" for run in runs))
    yield from _mappings("inputs", [_inputs(run) for run in runs])
    yield Row("", "took", tuple(formatting.took(run, now) or None for run in runs))
    yield Row("", "GPU busy %", tuple(run["gpu"]["busy_percent"] if run["gpu"] else None for run in runs))
    yield Row("", "attempts", tuple(len(run["attempts"]) for run in runs))
    yield Row("", "cost", tuple(run["cost"]["estimate_usd"] if run["cost"] else None for run in runs))


def _mappings(section: str, found: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    for name in dict.fromkeys(name for each in found for name in each):
        yield Row(section, name, tuple(each.get(name) for each in found))


def _inputs(run: Mapping[str, Any]) -> dict[str, str]:
    """Versions by file name: the same name in two datasets is compared."""
    folder = f"projects/{run['project']}/data/{run['dataset']}/"
    return {item["key"].removeprefix(folder): item["version_id"] for item in run["inputs"]}


def plan_of(stack: Stack, api: Api, run_id: str) -> Mapping[str, Any]:
    """What a run was to do, by its `run.json`; {} if it has none, as one that was rejected."""
    files = RunFiles(stack, api, run_id)
    found = next((file for file in files.each() if file.path == _PLAN), None)
    plan: Mapping[str, Any] = files.read_json(found) if found else {}
    return plan


def _lines(made: Sequence[Row]) -> Iterator[tuple[str | Text, ...]]:
    for row in made:
        name = f"{row.section}: {row.name}" if row.section else row.name
        style = "bold" if row.differs else "dim"
        cells = (Text(formatting.clean(_text(row, value)), style=style) for value in row.values)
        yield _MARK if row.differs else "", Text(formatting.clean(name)), *cells


def _text(row: Row, value: Any) -> str:
    if value is None:
        return "-"
    if row.name == "cost" and not row.section:
        return formatting.price({"estimate_usd": value})
    return formatting.number(value) if row.section == "metrics" else str(value)


def _document(runs: Sequence[Mapping[str, Any]], made: Sequence[Row]) -> dict[str, Any]:
    listed = [
        {"section": row.section or None, "name": row.name, "values": list(row.values), "differs": row.differs}
        for row in made
    ]
    return {"runs": [run["run_id"] for run in runs], "rows": listed}
