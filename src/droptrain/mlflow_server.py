"""An MLflow tracking server, called by MLflow's own client: mlflow-skinny, loaded with the first server."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from droptrain.errors import DroptrainError, UnreachableError

# MLflow reads these. Its defaults report each use to its makers, and call a server that is down for minutes.
_DEFAULTS = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}


class MlflowServer:
    """A tracking server at `address`, such as http://127.0.0.1:5000; DroptrainError if it isn't one of HTTP.

    MLflow's own variables have the credentials. Methods raise DroptrainError if the server refuses a call,
    and UnreachableError if no answer comes.
    """

    def __init__(self, address: str | None) -> None:
        self.address = _checked(address)
        self._mlflow = _load()
        self._client = self._mlflow.MlflowClient(tracking_uri=self.address)

    def find_experiment(self, name: str) -> str:
        """The id of the experiment with that name, which is made if it doesn't exist."""
        with self._errors():
            found = self._client.get_experiment_by_name(name)
            return str(found.experiment_id if found else self._make_experiment(name))

    def _make_experiment(self, name: str) -> str:
        try:
            return str(self._client.create_experiment(name))
        except self._mlflow.MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            return str(self._client.get_experiment_by_name(name).experiment_id)

    def find_run(self, experiment: str, tag: str, value: str) -> str | None:
        """The id of the run that has the tag with that value."""
        with self._errors():
            found = self._client.search_runs([experiment], f"tags.`{tag}` = '{value}'", max_results=1)
        return str(found[0].info.run_id) if found else None

    def make_run(self, experiment: str, began: int, tags: Mapping[str, str]) -> str:
        """The id of a new run that began then, in milliseconds."""
        with self._errors():
            return str(self._client.create_run(experiment, start_time=began, tags=dict(tags)).info.run_id)

    def known_steps(self, run_id: str, metric: str) -> set[int]:
        """The steps that the server has a value of."""
        with self._errors():
            return {point.step for point in self._client.get_metric_history(run_id, metric)}

    def log(
        self,
        run_id: str,
        metrics: Iterable[tuple[str, float, int, int]],
        params: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> None:
        """Add values to a run, in as many calls as it takes. A metric is name, value, milliseconds, step."""
        entities = self._mlflow.entities
        with self._errors():
            self._client.log_batch(
                run_id,
                [entities.Metric(*metric) for metric in metrics],
                [entities.Param(*param) for param in params.items()],
                [entities.RunTag(*tag) for tag in tags.items()],
            )

    def set_status(self, run_id: str, status: str, ended: int | None) -> None:
        """Give a run its status, and if it has `ended` the time of that, in milliseconds."""
        with self._errors():
            if ended is None:
                self._client.update_run(run_id, status)
            else:
                self._client.set_terminated(run_id, status, ended)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        exceptions = self._mlflow.exceptions
        try:
            yield
        except exceptions.MlflowException as error:
            if isinstance(error.__context__, OSError):
                raise UnreachableError(
                    f"{self.address} doesn't answer. Does the tracking server run?"
                ) from error
            if error.get_http_status_code() in (401, 403):
                raise DroptrainError(
                    f"{self.address} refuses these credentials. Set MLFLOW_TRACKING_TOKEN, or "
                    "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
                ) from error
            if isinstance(error, exceptions.RestException) and "error_code" in error.json:
                raise DroptrainError(f"MLflow: {error.json.get('message', error.error_code)}") from error
            raise DroptrainError(
                f"{self.address} doesn't answer as MLflow does. Is that its address?"
            ) from error


def _checked(address: str | None) -> str:
    if address and re.match(r"https?://[^/]", address):
        return address.rstrip("/")
    what = f"{address!r} isn't the address of a tracking server." if address else "Which tracking server?"
    raise DroptrainError(f"{what} Name it: --to http://HOST:5000, or MLFLOW_TRACKING_URI.")


def _load() -> Any:
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"  # stdout is the command's
    try:
        return import_module("mlflow")
    except ModuleNotFoundError as error:
        raise DroptrainError(
            "MLflow's client isn't installed. Install it: pip install 'droptrain[mlflow]'"
        ) from error
