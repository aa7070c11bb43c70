"""Lists a project's datasets, with the runs that trained on them."""

from collections import defaultdict
from itertools import islice
from typing import Any

from rich.table import Table
from rich.text import Text

from droptrain import formatting
from droptrain.api import Api, quoted
from droptrain.errors import ApiError
from droptrain.run_values import short_id
from droptrain.stack import Stack
from droptrain_cli import output
from droptrain_cli.list_projects import read, waits_for

_PAGE = 100
_RUNS = 1000


def list_all(stack: Stack, project: str, *, as_json: bool) -> None:
    """Print the datasets of a project; DroptrainError if there is no such project."""
    api = Api(stack)
    try:
        found = [
            each
            for page in api.pages(f"/projects/{quoted(project)}/datasets", limit=_PAGE)
            for each in page["datasets"]
        ]
    except ApiError as error:
        if error.problem in ("not-found", "invalid-request"):
            read(api, project)  # which says so
        raise
    runs = _runs(api, project)
    if as_json:
        listed = [
            {**each, "runs": len(mine), "latest_run": mine[0] if mine else None}
            for each in found
            for mine in [runs[each["dataset"]]]
        ]
        output.write_json({"project": project, "datasets": listed})
    elif found:
        screen = output.console()
        tables = (_table(found, runs, short=short) for short in (False, True))
        output.show(screen, output.first_that_fits(screen, tables))
    else:
        output.show(output.console(stderr=True), Text(f"{project} has no datasets."))


_HEADERS = ("DATASET", "RUNS", "NEWEST RUN", "STATUS", "METRIC", "WAITING")
_Runs = dict[str, list[dict[str, Any]]]


def _runs(api: Api, project: str) -> _Runs:
    """The project's newest runs, newest first, by their dataset."""
    found: _Runs = defaultdict(list)
    every = (run for page in api.pages("/runs", project=project, limit=_PAGE) for run in page["runs"])
    for run in islice(every, _RUNS):
        found[run["dataset"]].append(run)
    return found


def _table(datasets: list[dict[str, Any]], runs: _Runs, *, short: bool) -> Table:
    return output.table(_HEADERS, (_row(each, runs, short=short) for each in datasets), folded=_HEADERS[4:])


def _row(dataset: dict[str, Any], runs: _Runs, *, short: bool) -> tuple[str | Text, ...]:
    mine = runs[dataset["dataset"]]
    waiting = waits_for(dataset["waiting"]) if dataset["waiting"] else ""
    if not mine:
        return dataset["dataset"], "0", "", "", "", waiting
    status, metric = output.styled(mine[0]["status"]), formatting.headline(mine[0])
    run_id = short_id(mine[0]["run_id"]) if short else mine[0]["run_id"]
    return dataset["dataset"], str(len(mine)), run_id, status, metric, waiting
