"""Logs runs to an MLflow tracking server, by its REST API.

https://mlflow.org/docs/latest/api_reference/rest-api.html
A run of droptrain is one run of MLflow, which is found again by its tag.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from droptrain.api import Api, quoted
from droptrain.errors import DroptrainError
from droptrain.mlflow_server import MlflowServer, RefusedError

TAG = "droptrain.run_id"
# Of a call of log-batch.
_METRICS, _PARAMS, _TAGS = 1000, 100, 100
_KEY, _PARAM_VALUE, _TAG_VALUE = 250, 6000, 5000
_NOT_IN_NAMES = re.compile(r"[^\w\-. /]", re.ASCII)
_STATUSES = {
    "SUCCEEDED": "FINISHED", "FAILED": "FAILED", "REJECTED": "FAILED", "CANCELLED": "KILLED",
    "RUNNING": "RUNNING",
}  # fmt: skip
_GONE = "RESOURCE_DOES_NOT_EXIST"
_TAKEN = "RESOURCE_ALREADY_EXISTS"


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
        tags = _pairs(_tags(record), _TAG_VALUE)
        run_id, is_new = self._find_run(experiment, record["run_id"], began, tags)
        series = self._api.get(f"/runs/{quoted(record['run_id'])}/metrics")["series"]
        metrics = [point for each in series for point in self._points(run_id, each, began, is_new=is_new)]
        params = _pairs(record["hyperparameters"] or {}, _PARAM_VALUE)
        for batch in _batches({"metrics": metrics, "params": params, "tags": tags}):
            self._server.post("runs/log-batch", {"run_id": run_id, **batch})
        update = {"run_id": run_id, "status": _STATUSES.get(record["status"], "SCHEDULED")}
        ended = {"end_time": _milliseconds(record["stopped_at"])} if record["stopped_at"] else {}
        self._server.post("runs/update", {**update, **ended})
        return f"{self._server.address}/#/experiments/{experiment}/runs/{run_id}"

    def _find_experiment(self, name: str) -> str:
        """The id of the experiment with that name, which is made if it isn't there."""
        if name not in self._experiments:
            try:
                found = self._server.get("experiments/get-by-name", experiment_name=name)["experiment"]
            except RefusedError as error:
                if error.code != _GONE:
                    raise
                found = self._make_experiment(name)
            self._experiments[name] = str(found["experiment_id"])
        return self._experiments[name]

    def _make_experiment(self, name: str) -> Any:
        try:
            return self._server.post("experiments/create", {"name": name})
        except RefusedError as error:
            if error.code != _TAKEN:
                raise
            return self._server.get("experiments/get-by-name", experiment_name=name)["experiment"]

    def _find_run(
        self, experiment: str, run_id: str, began: int, tags: Sequence[Mapping[str, str]]
    ) -> tuple[str, bool]:
        """The id of MLflow's run, and whether it is new."""
        query = {"experiment_ids": [experiment], "filter": f"tags.`{TAG}` = '{run_id}'", "max_results": 1}
        found = self._server.post("runs/search", query).get("runs", [])
        if found:
            return str(found[0]["info"]["run_id"]), False
        name = next(tag["value"] for tag in tags if tag["key"] == "mlflow.runName")
        body = {"experiment_id": experiment, "run_name": name, "start_time": began}
        body["tags"] = [{"key": TAG, "value": run_id}]
        return str(self._server.post("runs/create", body, once=True)["run"]["info"]["run_id"]), True

    def _points(
        self, run_id: str, series: Mapping[str, Any], began: int, *, is_new: bool
    ) -> Iterator[dict[str, Any]]:
        """The points that the server lacks: some stores keep what they are given twice."""
        key = _name(series["name"])
        steps = set() if is_new else self._known_steps(run_id, key)
        for point in series["points"]:
            step = int(point["step"])
            if step not in steps:
                steps.add(step)
                yield {"key": key, "value": point["value"], "timestamp": began, "step": step}

    def _known_steps(self, run_id: str, key: str) -> set[int]:
        token, steps = None, set[int]()
        while True:
            page = self._server.get("metrics/get-history", run_id=run_id, metric_key=key, page_token=token)
            steps |= {int(each.get("step", 0)) for each in page.get("metrics", [])}
            token = page.get("next_page_token")
            if not token:
                return steps


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


def _pairs(values: Mapping[str, Any], most: int) -> list[dict[str, str]]:
    return [{"key": _name(name), "value": _text(value)[:most]} for name, value in values.items()]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _name(name: str) -> str:
    """A name as MLflow takes it."""
    return _NOT_IN_NAMES.sub("_", name)[:_KEY]


def _batches(values: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Sequence[Any]]]:
    """Parts that a call of log-batch may have: of one kind each, so that all together are few enough."""
    sizes = {"metrics": _METRICS, "params": _PARAMS, "tags": _TAGS}
    for kind, items in values.items():
        for start in range(0, len(items), sizes[kind]):
            yield {kind: items[start : start + sizes[kind]]}


def _milliseconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp() * 1000)


def check_address(address: str | None) -> str:
    """The tracking server's address; DroptrainError if there is none, or it isn't one of HTTP."""
    if address and re.match(r"https?://[^/]", address):
        return address.rstrip("/")
    what = f"{address!r} isn't the address of a tracking server." if address else "Which tracking server?"
    raise DroptrainError(f"{what} Name it: --to http://HOST:5000, or MLFLOW_TRACKING_URI.")
