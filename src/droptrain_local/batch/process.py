"""A job's container as a child process: its own session, TERM first, KILL for all that is left."""

import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from droptrain_local.batch.orphans import kill_session


class ChildProcess:
    """A running child, the leader of its own session; its output and errors come through one pipe."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        """Start the command in `folder` with exactly this environment; OSError if that can't be."""
        self._lock = threading.Lock()
        self._ended = False
        self._killer: threading.Timer | None = None
        self._kill_at = math.inf
        self._process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The child's id, which is its session's too."""
        return self._process.pid

    @property
    def output(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def wait(self) -> int:
        """Wait for the child, end the rest of its session, return its exit code: 128 + n after signal n."""
        if hasattr(os, "waitid"):
            # Not reaped yet: its id can't go to another process before the session is killed.
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
            self._kill_rest()
            code = self._process.wait()
        else:  # macOS before Python 3.13
            code = self._process.wait()
            self._kill_rest()
        if self._killer:
            self._killer.cancel()
            self._killer.join()
        return 128 - code if code < 0 else code

    def stop(self, kill_after: float) -> None:
        """TERM to the child, as a container's stop does, and KILL to its session `kill_after` seconds later.

        A second call sends no second TERM; it can only bring the KILL forward.
        """
        kill_at = time.monotonic() + kill_after
        with self._lock:
            if self._ended or kill_at >= self._kill_at:
                return
            if self._killer:
                self._killer.cancel()
            else:
                # Not Popen.send_signal: it may reap the child that `wait` waits for.
                with suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGTERM)
            self._kill_at = kill_at
            self._killer = threading.Timer(kill_after, self._kill_all)
            self._killer.daemon = True
            self._killer.start()

    def _kill_all(self) -> None:
        with self._lock:
            if not self._ended:
                kill_session(self.pid)

    def _kill_rest(self) -> None:
        with self._lock:
            self._ended = True
            kill_session(self.pid)
