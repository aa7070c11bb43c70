"""Logs runs to an MLflow tracking server: a run of droptrain is one run of MLflow, found again by its tag."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from droptrain.api import Api, quoted
from droptrain.mlflow_server import MlflowServer

TAG = "droptrain.run_id"
# What servers take: https://mlflow.org/docs/latest/api_reference/rest-api.html
_KEY, _PARAM_VALUE, _TAG_VALUE = 250, 6000, 5000
_NOT_IN_NAMES = re.compile(r"[^\w\-. /]", re.ASCII)
_STATUSES = {
    "SUCCEEDED": "FINISHED", "FAILED": "FAILED", "REJECTED": "FAILED", "CANCELLED": "KILLED",
    "RUNNING": "RUNNING",
}  # fmt: skip


class MlflowExport:
    """Logs runs into experiments: into `experiment`, or into one for each project with the project's name."""

    def __init__(self, api: Api, server: MlflowServer, experiment: str | None = None) -> None:
        self._api = api
        self._server = server
        self._experiment = experiment
        self._experiments: dict[str, str] = {}

    def log(self, record: Mapping[str, Any]) -> str:
        """Log a run as the API gives it: parameters, metrics by step, tags, outcome; its page's address.

        What was logged before stays, and what is new is added.
        """
        experiment = self._find_experiment(self._experiment or record["project"])
        began = _milliseconds(record["started_at"] or record["created_at"])
        known = self._server.find_run(experiment, TAG, record["run_id"])
        run_id = known or self._server.make_run(experiment, began, {TAG: record["run_id"]})
        series = self._api.get(f"/runs/{quoted(record['run_id'])}/metrics")["series"]
        self._server.log(
            run_id,
            [point for each in series for point in self._points(known, each, began)],
            _texts(record["hyperparameters"] or {}, _PARAM_VALUE),
            _texts(_tags(record), _TAG_VALUE),
        )
        ended = _milliseconds(record["stopped_at"]) if record["stopped_at"] else None
        self._server.set_status(run_id, _STATUSES.get(record["status"], "SCHEDULED"), ended)
        return f"{self._server.address}/#/experiments/{experiment}/runs/{run_id}"

    def _find_experiment(self, name: str) -> str:
        if name not in self._experiments:
            self._experiments[name] = self._server.find_experiment(name)
        return self._experiments[name]

    def _points(
        self, known: str | None, series: Mapping[str, Any], began: int
    ) -> Iterator[tuple[str, float, int, int]]:
        """The points that the server lacks: some stores keep what they are given twice."""
        name = _name(series["name"])
        steps = self._server.known_steps(known, name) if known else set()
        for point in series["points"]:
            step = int(point["step"])
            if step not in steps:
                steps.add(step)
                yield name, point["value"], began, step


def _tags(record: Mapping[str, Any]) -> dict[str, Any]:
    cause, cost, links = record["cause"], record["cost"], record["links"]
    tags = {
        TAG: record["run_id"],
        "mlflow.runName": record.get("name") or record["run_id"],
        "mlflow.note.content": record.get("note"),
        "droptrain.project": record["project"],
        "droptrain.dataset": record["dataset"],
        "droptrain.status": record["status"],
        "droptrain.cause": cause and f"{cause['message']} {cause['fix']}",
        "droptrain.cost_usd": cost and cost["estimate_usd"],
        "droptrain.tags": ", ".join(record.get("tags") or ()),
        "droptrain.inputs_digest": record["inputs_digest"],
        "droptrain.code_digest": (record["code"] or {}).get("digest"),
        **{
            f"droptrain.{name}_uri": links[name]
            for name in ("run", "export", "model", "log")
            if name in links
        },
    }
    return {name: value for name, value in tags.items() if value not in (None, "")}


def _texts(values: Mapping[str, Any], most: int) -> dict[str, str]:
    """Names and values as MLflow takes them; a value has at most so many characters."""
    return {
        _name(name): (value if isinstance(value, str) else json.dumps(value))[:most]
        for name, value in values.items()
    }


def _name(name: str) -> str:
    """A name as MLflow takes it: of certain characters, and a relative path without empty or dotted parts."""
    parts = _NOT_IN_NAMES.sub("_", name[:_KEY]).split("/")
    return "/".join(part for part in parts if part.strip(".")) or "_"


def _milliseconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp() * 1000)
