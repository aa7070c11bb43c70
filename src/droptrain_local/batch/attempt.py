"""One attempt of a job: wait for its instance, run the child, pass its output on, tell how it ended."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from droptrain_local.batch.logs import MAX_LINE_BYTES, LogLine, LogSink
from droptrain_local.batch.orphans import OrphanGuard
from droptrain_local.batch.process import ChildProcess

# How long the output of an ended child is read: one that left its group may hold the pipe for ever.
_DRAIN_SECONDS = 1.0
# A container's reason (AttemptContainerDetail, Batch API reference).
_MAX_REASON = 255
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class AttemptPlan:
    """What an attempt needs to run; times in seconds."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log_group: str
    log_stream: str
    provisioning: float
    timeout: float | None
    kill_after: float


@dataclass(frozen=True)
class AttemptEnd:
    """How a child ended: its exit code, or why it could not be started."""

    exit_code: int | None = None
    not_started: str | None = None


class AttemptListener(Protocol):
    """Receives an attempt's events, from the attempt's own thread."""

    def instance_ready(self) -> bool:
        """The instance is there; False if nobody wants the container any more."""

    def container_started(self) -> None: ...

    def timed_out(self) -> None: ...

    def container_ended(self, end: AttemptEnd) -> None: ...


class AttemptRun:
    """Runs one attempt in a thread of its own."""

    def __init__(
        self, plan: AttemptPlan, logs: LogSink | None, guard: OrphanGuard, listener: AttemptListener
    ) -> None:
        self._plan = plan
        self._logs = logs
        self._guard = guard
        self._listener = listener
        self._lock = threading.Lock()
        self._child: ChildProcess | None = None
        self._stop_asked = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"batch-{plan.log_stream}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, kill_after: float | None = None) -> None:
        """TERM, then KILL after the plan's `kill_after` seconds or the ones given; returns at once."""
        with self._lock:
            self._stop_asked.set()
            if self._child:
                self._child.stop(self._plan.kill_after if kill_after is None else kill_after)

    @property
    def over(self) -> bool:
        return not self._thread.is_alive()

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        if self._stop_asked.wait(self._plan.provisioning) or not self._listener.instance_ready():
            return
        try:
            child = self._start_child()
        except (OSError, ValueError) as error:  # ValueError: a null character, or = in a variable's name
            reason = f"CannotStartContainerError: {error}"[:_MAX_REASON]
            self._listener.container_ended(AttemptEnd(not_started=reason))
            return
        self._listener.container_started()
        reader = _in_thread("output", lambda: self._pass_output_on(child))
        self._listener.container_ended(AttemptEnd(exit_code=self._wait(child, reader)))

    def _start_child(self) -> ChildProcess:
        self._plan.folder.mkdir(parents=True)
        child = ChildProcess(self._plan.command, self._plan.environment, self._plan.folder)
        self._guard.watch(child.pid)
        with self._lock:
            self._child = child
            if self._stop_asked.is_set():
                child.stop(self._plan.kill_after)
        return child

    def _wait(self, child: ChildProcess, reader: threading.Thread) -> int:
        timer = None
        if self._plan.timeout is not None:
            timer = threading.Timer(self._plan.timeout, self._listener.timed_out)
            timer.daemon = True
            timer.start()
        code = child.wait()
        self._guard.forget(child.pid)
        if timer:
            timer.cancel()
            timer.join()
        reader.join(_DRAIN_SECONDS)
        if reader.is_alive():
            _logger.warning("a process that left its job holds the output of %s open", self._plan.log_stream)
        else:
            child.output.close()
        if self._logs:
            self._logs.flush()
        return code

    def _pass_output_on(self, child: ChildProcess) -> None:
        while line := child.output.readline(MAX_LINE_BYTES):
            if self._logs:
                text = line.decode(errors="replace").rstrip("\r\n")
                at = time.time_ns() // 1_000_000
                self._logs.write(self._plan.log_group, self._plan.log_stream, LogLine(at, text))


def _in_thread(name: str, target: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=target, name=f"batch-{name}", daemon=True)
    thread.start()
    return thread
