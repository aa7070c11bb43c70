"""Calls of an MLflow tracking server's REST API, with the credentials that MLflow's own variables name."""

import base64
import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from botocore.awsrequest import AWSRequest
from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from droptrain.errors import DroptrainError, UnreachableError

_ROOT = "/api/2.0/mlflow/"
_SECONDS = 60
_TRIES = 3


class RefusedError(DroptrainError):
    """The server refuses a call; `code` is its error code, "" if it gives none."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class MlflowServer:
    """A tracking server at `address`, such as http://127.0.0.1:5000.

    MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, go along. RefusedError,
    and UnreachableError if no answer comes.
    """

    def __init__(self, address: str, environment: Mapping[str, str] = os.environ) -> None:
        self.address = address
        self._headers = {"Content-Type": "application/json", **_credentials(environment)}
        self._http: Any = URLLib3Session(proxies=get_environ_proxies(address), timeout=_SECONDS)

    def get(self, call: str, **query: str | None) -> Any:
        """The answer to a GET; query parameters that are None are left out."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._call("GET", f"{call}?{urlencode(given)}", b"", _TRIES)

    def post(self, call: str, body: Mapping[str, Any], *, once: bool = False) -> Any:
        """The answer to a POST, which is sent again after a lost answer unless it is `once` alone."""
        return self._call("POST", call, json.dumps(body).encode(), 1 if once else _TRIES)

    def _call(self, method: str, call: str, body: bytes, tries: int) -> Any:
        url = f"{self.address}{_ROOT}{call}"
        for attempt in range(1, tries + 1):
            request = AWSRequest(method, url, data=body, headers=self._headers).prepare()
            try:
                response = self._http.send(request)
            except (HTTPClientError, NoConnectionError) as error:
                if attempt < tries:
                    continue
                raise UnreachableError(f"{str(error).rstrip('.')}. Does the tracking server run?") from error
            return self._checked(response.status_code, response.content)
        raise AssertionError("the last try returns or raises")

    def _checked(self, status: int, content: bytes) -> Any:
        try:
            document = json.loads(content or b"{}")
        except ValueError:
            document = None
        if status < 400 and isinstance(document, dict):
            return document
        if status in (401, 403):
            raise RefusedError(
                f"{self.address} refuses these credentials ({status}). Set MLFLOW_TRACKING_TOKEN, or "
                "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.",
                "",
            )
        if not isinstance(document, dict) or "error_code" not in document:
            raise RefusedError(
                f"{self.address} doesn't answer as MLflow does ({status}). Is that its address?", ""
            )
        raise RefusedError(f"MLflow: {document.get('message', status)}", str(document["error_code"]))


def _credentials(environment: Mapping[str, str]) -> dict[str, str]:
    if token := environment.get("MLFLOW_TRACKING_TOKEN"):
        return {"Authorization": f"Bearer {token}"}
    user, password = (environment.get(f"MLFLOW_TRACKING_{name}") for name in ("USERNAME", "PASSWORD"))
    if user and password:
        return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
    return {}
