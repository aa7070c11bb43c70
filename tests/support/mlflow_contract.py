"""A tracking server by MLflow's documented REST API, as far as runs are logged: it refuses what that forbids.

https://mlflow.org/docs/latest/api_reference/rest-api.html. No code of MLflow is in it.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from support.scripted_server import Asked, Reply, ScriptedServer

_NAME = re.compile(r"[\w\-. /]+", re.ASCII)
_FILTER = re.compile(r"tags\.`([^`]+)` = '([^']+)'")
_STATUSES = {"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"}
_LIMITS = {"metrics": 1000, "params": 100, "tags": 100}
_HISTORY_PAGE = 500


class _RefusedError(Exception):
    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.reply = Reply(status, {"error_code": code, "message": message})


@dataclass
class LoggedRun:
    """A run of MLflow; `metrics` are points by key, kept twice if they are given twice."""

    run_id: str
    experiment_id: str
    info: dict[str, Any]
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


class MlflowContract:
    """Serves on 127.0.0.1 until it is closed; `user` is what the header Authorization has to say."""

    def __init__(self) -> None:
        self.experiments: dict[str, str] = {}
        self.runs: dict[str, LoggedRun] = {}
        self.calls: list[str] = []
        self.authorization: str | None = None
        self._server = ScriptedServer()
        self._server.answer = self._answer
        self.url = self._server.url

    def close(self) -> None:
        self._server.close()

    def _answer(self, asked: Asked) -> Reply:
        target = urlsplit(asked.target)
        call = target.path.removeprefix("/api/2.0/mlflow/")
        if self.authorization and asked.headers.get("authorization") != self.authorization:
            return Reply(401, {"message": "who are you?"})
        given = dict(parse_qsl(target.query)) if asked.method == "GET" else asked.document
        self.calls.append(call)
        try:
            return Reply(200, getattr(self, f"_{asked.method}_{re.sub('[^a-z]', '_', call)}")(given))
        except _RefusedError as refused:
            return refused.reply

    def _GET_experiments_get_by_name(self, given: Any) -> Any:
        name = given["experiment_name"]
        if name not in self.experiments:
            raise _RefusedError("RESOURCE_DOES_NOT_EXIST", f"no experiment {name}", 404)
        return {"experiment": {"experiment_id": self.experiments[name], "name": name}}

    def _POST_experiments_create(self, given: Any) -> Any:
        if given["name"] in self.experiments:
            raise _RefusedError("RESOURCE_ALREADY_EXISTS", "it is there")
        return {"experiment_id": self.experiments.setdefault(given["name"], str(len(self.experiments) + 1))}

    def _POST_runs_search(self, given: Any) -> Any:
        matched = _FILTER.fullmatch(given["filter"])
        if not matched:
            raise _RefusedError("INVALID_PARAMETER_VALUE", f"filter: {given['filter']}")
        found = [
            {"info": each.info}
            for each in self.runs.values()
            if each.experiment_id in given["experiment_ids"] and each.tags.get(matched[1]) == matched[2]
        ]
        return {"runs": found[: given["max_results"]]} if found else {}

    def _POST_runs_create(self, given: Any) -> Any:
        assert set(given) <= {"experiment_id", "run_name", "start_time", "tags"}
        if given["experiment_id"] not in self.experiments.values():
            raise _RefusedError("RESOURCE_DOES_NOT_EXIST", "no such experiment", 404)
        run_id = f"{len(self.runs) + 1:032x}"
        info = {"run_id": run_id, "status": "RUNNING", "start_time": given["start_time"]}
        tags = {tag["key"]: tag["value"] for tag in given["tags"]}
        self.runs[run_id] = LoggedRun(run_id, given["experiment_id"], info, tags)
        return {"run": {"info": info}}

    def _POST_runs_log_batch(self, given: Any) -> Any:
        run = self._run(given)
        for kind, limit in _LIMITS.items():
            items = given.get(kind, [])
            if len(items) > limit:
                raise _RefusedError("INVALID_PARAMETER_VALUE", f"{len(items)} {kind}")
            for item in items:
                if not _NAME.fullmatch(item["key"]) or len(item["key"]) > 250:
                    raise _RefusedError("INVALID_PARAMETER_VALUE", f"name {item['key']!r}")
        for tag in given.get("tags", []):
            assert len(tag["value"]) <= 5000
            run.tags[tag["key"]] = tag["value"]
        for param in given.get("params", []):
            assert len(param["value"]) <= 6000
            if run.params.setdefault(param["key"], param["value"]) != param["value"]:
                raise _RefusedError("INVALID_PARAMETER_VALUE", f"{param['key']} can't be changed")
        for metric in given.get("metrics", []):
            assert isinstance(metric["timestamp"], int) and isinstance(metric["step"], int)
            run.metrics.setdefault(metric["key"], []).append(metric)
        return {}

    def _POST_runs_update(self, given: Any) -> Any:
        assert given["status"] in _STATUSES
        self._run(given).info.update(given)
        return {"run_info": given}

    def _GET_metrics_get_history(self, given: Any) -> Any:
        points = self._run(given).metrics.get(given["metric_key"], [])
        start = int(given.get("page_token", 0))
        page: dict[str, Any] = {"metrics": points[start : start + _HISTORY_PAGE]}
        more = start + _HISTORY_PAGE
        return page | ({"next_page_token": str(more)} if more < len(points) else {})

    def _run(self, given: Any) -> LoggedRun:
        if given["run_id"] not in self.runs:
            raise _RefusedError("RESOURCE_DOES_NOT_EXIST", "no such run", 404)
        return self.runs[given["run_id"]]
