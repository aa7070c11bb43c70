"""Ends the children of an engine that died without closing: a guard process that its pipe's end wakes.

The engine starts this very file as a script, so it imports nothing but the standard library.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

_LOOK_SECONDS = 0.05


def kill_session(leader: int) -> None:
    """KILL to every process of a session, as a container's end is the end of all that it started.

    The container's script leads a process group of its own, so a signal to the leader's group isn't enough.
    """
    killed: set[int] = set()
    while members := {pid for pid in _all_pids() if _session(pid) == leader} - killed:
        for pid in members:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed |= members


class OrphanGuard:
    """The engine's side: tells the guard which children run. The guard starts with the first one."""

    def __init__(self, kill_after: float) -> None:
        self._kill_after = kill_after
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def watch(self, pid: int) -> None:
        """End this child and its group, should the engine die."""
        self._tell(f"+{pid}\n")

    def forget(self, pid: int) -> None:
        """The child has ended: its id may belong to another process from now on."""
        self._tell(f"-{pid}\n")

    def close(self) -> None:
        """End the guard, and what it still watches."""
        with self._lock:
            process, self._process = self._process, None
        if process:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()

    def _tell(self, line: str) -> None:
        with self._lock:
            if self._process is None:
                # A session of its own: Ctrl-C must not end the guard before the engine.
                command = [sys.executable, "-I", str(Path(__file__)), str(self._kill_after)]
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
            assert self._process.stdin is not None
            with suppress(BrokenPipeError):  # somebody ended the guard: jobs go on without it
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()


def main() -> None:
    """Listen until the engine's end of the pipe closes, then end what is left: TERM, later KILL."""
    watched: set[int] = set()
    for line in sys.stdin:
        pid = int(line[1:])
        if line[0] == "+":
            watched.add(pid)
        else:
            watched.discard(pid)
    for pid in watched:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + float(sys.argv[1])
    while any(_runs(pid) for pid in watched) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    for pid in watched:
        kill_session(pid)


def _all_pids() -> list[int]:
    if Path("/proc/self").exists():
        return [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]
    listed = subprocess.run(["ps", "-axo", "pid="], capture_output=True, text=True, check=True)
    return [int(pid) for pid in listed.stdout.split()]


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
