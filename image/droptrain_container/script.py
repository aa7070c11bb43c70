"""The user's script as a child process: its output while it comes, its end, and how it is stopped."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from droptrain_container.layout import Layout
from droptrain_container.output import Output
from droptrain_container.stops import Event, Stops

# AWS Batch kills a container 30 s after TERM; the last checkpoint and the outcome need the rest.
GRACE_SECONDS = 20.0
# Spot's notice comes two minutes ahead.
RECLAIM_GRACE_SECONDS = 60.0
_LAST_OUTPUT_SECONDS = 2.0
# A process that waits inside a driver can't even be killed.
_DEATH_SECONDS = 5.0
_LOOK_SECONDS = 0.05


class Script:
    """A running script. It leads a process group of its own, which ends with it."""

    def __init__(
        self,
        words: Sequence[str],
        layout: Layout,
        environment: Mapping[str, str],
        write: Callable[[bytes], None],
        stops: Stops,
    ) -> None:
        self._process = subprocess.Popen(
            list(words),
            cwd=layout.code,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,  # in this session still, so that who kills us without a container finds it
        )
        self._reclaim_file = layout.reclaim_file
        self._stops = stops
        assert self._process.stdout is not None
        self._output = Output(self._process.stdout.fileno(), write)
        threading.Thread(target=self._wait, name="script", daemon=True).start()

    def run(self) -> tuple[int, Event]:
        """Wait for the end, or stop the script on request: (return code, what ended it).

        The return code is negative for a signal, as subprocess says it.
        """
        event: Event = self._stops.events.get()
        if event != "ended":
            self._stop(event)
        self.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_DEATH_SECONDS)
        self._output.finish(_LAST_OUTPUT_SECONDS)
        returncode = self._process.returncode
        return -signal.SIGKILL if returncode is None else returncode, event

    def kill(self) -> None:
        """KILL to what is left of the group."""
        self._signal(signal.SIGKILL)

    def _stop(self, event: Event) -> None:
        """TERM to the whole group, then KILL to what is left after the grace.

        A TERM to us, or the run's timeout, shortens the grace.
        """
        if event == "reclaimed":
            with suppress(OSError):  # a full disk; the TERM tells it as well
                self._reclaim_file.touch()
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + (RECLAIM_GRACE_SECONDS if event == "reclaimed" else GRACE_SECONDS)
        while self._is_alive() and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
            if not self._stops.events.empty() and self._stops.events.get() in ("terminated", "out_of_time"):
                deadline = min(deadline, time.monotonic() + GRACE_SECONDS)

    def _is_alive(self) -> bool:
        """Whether a process of the group is left: a shell that died of TERM may leave Python saving."""
        if self._process.returncode is not None:
            # A container's first process inherits orphans; they stay in its group until it waits for them.
            with suppress(ChildProcessError):
                os.waitpid(-self._process.pid, os.WNOHANG)
        try:
            os.killpg(self._process.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def _signal(self, number: int) -> None:
        # macOS says PermissionError for a group of zombies.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _wait(self) -> None:
        self._process.wait()
        self._stops.events.put("ended")
