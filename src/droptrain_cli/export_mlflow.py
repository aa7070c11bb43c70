"""Logs runs to MLflow, and with `follow` each that ends from then on."""

from collections.abc import Iterator
from typing import Any

import click
from droptrain_core.domain.runs.run import TERMINAL

from droptrain.api import Api
from droptrain.find_run import find_runs
from droptrain.mlflow_export import MlflowExport
from droptrain.mlflow_server import MlflowServer
from droptrain.patience import Patience
from droptrain.stack import Stack
from droptrain_cli import output
from droptrain_local.stopping import stop_signals

_LAPTOP_LOOK_SECONDS, _AWS_LOOK_SECONDS = 2.0, 30.0


def export(
    stack: Stack,
    names: tuple[str, ...],
    address: str | None,
    experiment: str | None,
    newest: int,
    *,
    follow: bool,
    as_json: bool,
) -> None:
    """Log the runs that `names` mean, of a project its `newest`; with `follow` each once it has ended."""
    server = MlflowServer(address)
    api = Api(stack)
    exported = MlflowExport(api, server, experiment)
    found = list(_find(api, names, newest))
    if not follow:
        for record in found:
            _log(exported, record, as_json=as_json)
        return
    logged, patience = set[str](), Patience()
    with stop_signals() as stopped:
        while not stopped.wait(_LAPTOP_LOOK_SECONDS if stack.is_laptop else _AWS_LOOK_SECONDS):
            with patience.attempt():
                for record in _find(api, names, newest):
                    if record["status"] in TERMINAL and record["run_id"] not in logged:
                        _log(exported, record, as_json=as_json)
                        logged.add(record["run_id"])


def _find(api: Api, names: tuple[str, ...], newest: int) -> Iterator[dict[str, Any]]:
    for name in names:
        yield from find_runs(api, name, newest)


def _log(exported: MlflowExport, record: dict[str, Any], *, as_json: bool) -> None:
    url = exported.log(record)
    if as_json:
        output.write_json({"run_id": record["run_id"], "status": record["status"], "url": url})
    else:
        click.echo(f"{record['run_id']}  {record['status']}  {url}")
