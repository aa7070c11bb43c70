"""Lambda's runtime client in a few lines, where awslambdaric has no wheel: `python -m … module.function`.

Runs with the function's folder as the working folder; standard library only.
"""

import http.client
import importlib
import json
import os
import sys
import time
import traceback
from dataclasses import dataclass
from typing import Any

_PREFIX = "/2018-06-01/runtime/"


@dataclass(frozen=True)
class Context:
    """What a handler gets besides its event."""

    aws_request_id: str
    invoked_function_arn: str
    deadline_ms: int
    function_name: str
    function_version: str
    memory_limit_in_mb: str
    log_group_name: str
    log_stream_name: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is killed."""
        return max(0, self.deadline_ms - int(time.time() * 1000))


def main() -> None:
    """Handle events until the Runtime API is gone."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    module, _, name = sys.argv[1].rpartition(".")
    try:
        handler = getattr(importlib.import_module(module.replace("/", ".")), name)
    except BaseException as error:
        _post(runtime, "init/error", _describe(error))
        raise
    while True:
        runtime.request("GET", f"{_PREFIX}invocation/next")
        answer = runtime.getresponse()
        event = json.loads(answer.read())
        request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        try:
            result = json.dumps(handler(event, _context(answer.headers)))
        except Exception as error:  # noqa: BLE001  a function's error is its answer
            traceback.print_exc()
            _post(runtime, f"invocation/{request_id}/error", _describe(error))
        else:
            _post(runtime, f"invocation/{request_id}/response", result)


def _context(headers: Any) -> Context:
    return Context(
        aws_request_id=headers["Lambda-Runtime-Aws-Request-Id"],
        invoked_function_arn=headers["Lambda-Runtime-Invoked-Function-Arn"],
        deadline_ms=int(headers["Lambda-Runtime-Deadline-Ms"]),
        function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        function_version=os.environ["AWS_LAMBDA_FUNCTION_VERSION"],
        memory_limit_in_mb=os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
        log_group_name=os.environ["AWS_LAMBDA_LOG_GROUP_NAME"],
        log_stream_name=os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
    )


def _describe(error: BaseException) -> str:
    trace = traceback.format_exception(error)
    return json.dumps({"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": trace})


def _post(runtime: http.client.HTTPConnection, path: str, body: str) -> None:
    runtime.request("POST", _PREFIX + path, body.encode(), {"Content-Type": "application/json"})
    runtime.getresponse().read()


if __name__ == "__main__":
    main()
