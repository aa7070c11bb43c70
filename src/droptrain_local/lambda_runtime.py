"""Runs functions as Lambda does: one process an invocation at a time, killed when it takes too long."""

import importlib.util
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from droptrain_local.batch.orphans import OrphanGuard
from droptrain_local.functions import MAX_PROCESSES, Function
from droptrain_local.runtime_api import Invocation, RuntimeApi

AWS_RUNTIME = "awslambdaric"
OWN_RUNTIME = "droptrain_local.runtime_loop"
_INIT_SECONDS = 60.0  # imports on a busy laptop; on AWS it is 10
_LOOK_SECONDS = 0.02
_logger = logging.getLogger(__name__)


class FunctionError(Exception):
    """A function failed: it raised, crashed or took too long. `payload` is what Lambda answers then."""

    def __init__(self, function: Function, payload: Mapping[str, Any], log: Path) -> None:
        super().__init__(
            f"{function.name}: {payload.get('errorType')}: {payload.get('errorMessage')} (log: {log})"
        )
        self.payload = payload


class RuntimeClosedError(Exception):
    """The laptop cloud is closing: no function is called any more, and calls that ran are cut off."""


class LambdaRuntime:
    """The functions of a stack, by ARN; logs go to `log_folder`/<function's name>.log."""

    def __init__(
        self, functions: Mapping[str, Function], log_folder: Path, runtime: str | None = None
    ) -> None:
        runtime = runtime or (AWS_RUNTIME if importlib.util.find_spec(AWS_RUNTIME) else OWN_RUNTIME)
        log_folder.mkdir(parents=True, exist_ok=True)
        # Should this process be killed, the functions' processes are killed too.
        self._guard = OrphanGuard(0)
        self._pools = {
            arn: _Pool(function, log_folder / f"{function.name}.log", runtime, self._guard)
            for arn, function in functions.items()
        }

    def start(self, arn: str) -> None:
        """Start a function's first process ahead of its first event."""
        self._pools[arn].start()

    def invoke(self, arn: str, event: Any) -> Any:
        """Call a function and wait for its result; FunctionError if it fails,
        RuntimeClosedError if the runtime is closed meanwhile.

        While as many calls run as there may be processes, others wait for their turn.
        """
        return self._pools[arn].invoke(event)

    def pids(self) -> list[int]:
        """The ids of the functions' processes."""
        return [pid for pool in self._pools.values() for pid in pool.pids()]

    def retire(self) -> None:
        """Close when the calls that run have ended; those that wait or come later get RuntimeClosedError."""
        for pool in self._pools.values():
            pool.retire()
        self._guard.close()

    def close(self) -> None:
        """Kill every process; calls that run end with a RuntimeClosedError."""
        for pool in self._pools.values():
            pool.close()
        self._guard.close()


class _Pool:
    def __init__(self, function: Function, log: Path, runtime: str, guard: OrphanGuard) -> None:
        self._function = function
        self._guard = guard
        self._log_path = log
        self._runtime = runtime
        self._log = log.open("ab", buffering=0)
        self._turns = threading.BoundedSemaphore(MAX_PROCESSES)
        self._lock = threading.Lock()
        self._idle: list[_Process] = []
        self._all: set[_Process] = set()
        self._closed = False

    def start(self) -> None:
        with self._lock:
            if not self._all and not self._closed:
                self._idle.append(self._new())

    def invoke(self, event: Any) -> Any:
        invocation = Invocation(json.dumps(event).encode(), self._function.timeout)
        with self._turns:
            process = self._take()
            process.run(invocation)
            self._put_back(process)
        if self._closed:
            raise RuntimeClosedError
        if invocation.error is not None:
            raise FunctionError(self._function, invocation.error, self._log_path)
        return json.loads(invocation.result or b"null")

    def pids(self) -> list[int]:
        with self._lock:
            return [process.pid for process in self._all if process.is_alive()]

    def retire(self) -> None:
        for _ in range(MAX_PROCESSES):
            self._turns.acquire()
        self.close()
        self._turns.release(MAX_PROCESSES)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            processes, self._all = self._all, set()
        for process in processes:
            process.kill()
        self._log.close()

    def _take(self) -> "_Process":
        with self._lock:
            if self._closed:
                raise RuntimeClosedError
            while self._idle:
                process = self._idle.pop()
                if process.is_alive():
                    return process
                self._all.discard(process)
                process.kill()
            return self._new()

    def _put_back(self, process: "_Process") -> None:
        with self._lock:
            if process.is_alive() and not self._closed:
                self._idle.append(process)
                return
            self._all.discard(process)
        process.kill()

    def _new(self) -> "_Process":
        process = _Process(self._function, self._runtime, self._log, self._guard)
        self._all.add(process)
        return process


class _Process:
    """A function's process with the Runtime API that is its own."""

    def __init__(self, function: Function, runtime: str, log: IO[bytes], guard: OrphanGuard) -> None:
        self._guard = guard
        self._api = RuntimeApi(function.arn)
        self._log = log
        self._killing = threading.Lock()
        self._is_killed = False
        environment = {**function.environment, "AWS_LAMBDA_RUNTIME_API": self._api.address}
        # A session of its own: Ctrl-C is for the laptop cloud, which then ends its functions.
        self._child = subprocess.Popen(
            [sys.executable, "-m", runtime, function.handler],
            cwd=function.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self.pid = self._child.pid
        self._guard.watch(self.pid)

    def is_alive(self) -> bool:
        return self._child.poll() is None

    def run(self, invocation: Invocation) -> None:
        """Let the process handle an event until it is ended one way or the other."""
        self._api.hand_over(invocation)
        self._wait(invocation.started, invocation, _INIT_SECONDS)
        if not invocation.started.is_set():
            invocation.fail(
                "Sandbox.Timedout", f"The function didn't start within {_INIT_SECONDS:.0f} seconds"
            )
            self.kill()
        self._wait(invocation.ended, invocation, invocation.timeout)
        if not invocation.ended.is_set():
            invocation.fail(
                "Sandbox.Timedout",
                f"{invocation.request_id} Task timed out after {invocation.timeout:.2f} seconds",
            )
            self.kill()
        self._report(invocation)

    def kill(self) -> None:
        """Kill the process and whatever it started."""
        with self._killing:
            if self._is_killed:
                return
            self._is_killed = True
            with suppress(ProcessLookupError, PermissionError):
                if self._child.returncode is None:
                    os.killpg(self.pid, signal.SIGKILL)
            self._child.wait()
            self._guard.forget(self.pid)
            self._api.close()

    def _wait(self, event: threading.Event, invocation: Invocation, seconds: float) -> None:
        """Wait for the event, the process's death, or the time's end; a dead process ends the invocation."""
        deadline = time.monotonic() + seconds
        while not event.wait(_LOOK_SECONDS) and time.monotonic() < deadline:
            if not self.is_alive() and not event.is_set():
                if self._api.init_error:
                    invocation.fail_with(self._api.init_error)
                else:
                    code = self._child.returncode
                    how = f"signal: {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
                    message = f"RequestId: {invocation.request_id} Error: Runtime exited with error: {how}"
                    invocation.fail("Runtime.ExitError", message)
                return

    def _report(self, invocation: Invocation) -> None:
        seconds = invocation.ended_at - invocation.started_at if invocation.started_at else 0.0
        error = f" {json.dumps(invocation.error)}" if invocation.error else ""
        line = f"REPORT RequestId: {invocation.request_id} Duration: {seconds * 1000:.2f} ms{error}\n"
        with suppress(ValueError):  # the log is closed: so is the laptop cloud
            self._log.write(line.encode())
