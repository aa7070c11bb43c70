"""Promotes a run's model, goes back to an earlier one, and lists what was promoted."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import click
from rich.text import Text

from droptrain import formatting, promotions
from droptrain.api import Api
from droptrain.find_run import find_run
from droptrain.stack import Stack
from droptrain_cli import output

_HEADERS = ("RUN", "PROMOTED", "BY", "METRIC", "UNTIL")


def promote(stack: Stack, name: str, *, as_json: bool) -> None:
    """Make the model of the run that `name` means current; ApiError if it has none."""
    api = Api(stack)
    _say(promotions.promote(api, find_run(api, name)["run_id"]), as_json=as_json)


def roll_back(stack: Stack, project: str, *, as_json: bool) -> None:
    """Make the model before the project's current one current; ApiError if there is none."""
    _say(promotions.roll_back(Api(stack), project), as_json=as_json)


def show(stack: Stack, project: str, *, limit: int, as_json: bool) -> None:
    """Print the project's current model, its latest and best run, and its promotions."""
    api = Api(stack)
    models = promotions.read(api, project)
    promoted = list(islice(promotions.history(api, project), limit))
    if as_json:
        output.write_json(
            {name: models[name] for name in ("current", "latest", "best")} | {"promoted": promoted}
        )
        return
    screen = output.console()
    for name in ("current", "latest", "best"):
        model = models[name]
        output.show(screen, Text(f"{name.capitalize():<9}{model['run_id'] if model else 'none'}"))
    if missing := promotions.what_is_missing(project, models):
        output.show(screen, Text(f"{'Missing':<9}{missing}"))
    elif models["current"]:
        output.show(screen, Text(f"{'Model':<9}{models['current']['export']}"))
    if promoted:
        now = datetime.now(UTC)
        output.show(screen, Text())
        output.show(screen, output.table(_HEADERS, (_row(each, now) for each in promoted)))


def _say(model: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        output.write_json(model)
        return
    click.echo(f"The current model is that of {model['run_id']}.")
    if not model["is_copied"]:
        click.echo(
            f"Its files will be in {model['export']} as soon as they are copied. Then current.json names it."
        )
        return
    click.echo(f"Its files are in {model['export']}")
    if not model["is_published"]:
        click.echo("current.json names it within seconds.")


def _row(promoted: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    metric = promoted["metric"]
    by = promoted["promoted_by"]
    if promoted["kind"] == "rolled_back":
        by = f"{by} (rollback)"
    if promoted["missing_at"]:
        by = f"{by} (its files were gone)"
    value = f"{metric['name']}={metric['value']:.4g}" if metric else ""
    at = f"{formatting.age(promoted['promoted_at'], now)} ago"
    return promoted["run_id"], at, by, value, promoted["until"] or "now"
