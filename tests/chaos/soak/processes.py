"""The processes of this machine by parentage; an id that was given away again is another process."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process that runs; `started` tells it from a later one with its id."""

    pid: int
    parent: int
    started: str
    command: str

    @property
    def identity(self) -> tuple[int, str]:
        return self.pid, self.started

    @property
    def folder(self) -> Path | None:
        """Its working folder, where the machine tells."""
        with suppress(OSError):
            return Path(f"/proc/{self.pid}/cwd").readlink()
        return None


def descendants(root: int | None = None) -> list[Process]:
    """What a process, by default this one, has started, and what these have started."""
    of_parent: dict[int, list[Process]] = {}
    for process in _running():
        of_parent.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    parents = [root or os.getpid()]
    while parents:
        children = [child for parent in parents for child in of_parent.get(parent, [])]
        found += children
        parents = [child.pid for child in children]
    return found


def still_running(identities: Iterable[tuple[int, str]]) -> list[Process]:
    """Which of these processes run, whoever is their parent by now."""
    wanted = set(identities)
    return [process for process in _running() if process.identity in wanted]


def _running() -> Iterator[Process]:
    """All but those that only wait to be reaped; from /proc where there is one."""
    if not Path("/proc/self/stat").exists():
        yield from _listed_by_ps()
        return
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, parent, *rest = (folder / "stat").read_text().rpartition(")")[2].split()
            if state not in "ZX":
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                yield Process(int(folder.name), int(parent), rest[17], command)


def _listed_by_ps() -> Iterator[Process]:
    command = ["ps", "-axo", "pid=,ppid=,state=,lstart=,command="]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        pid, parent, state, *rest = line.split(None, 8)
        if not state.startswith("Z"):
            yield Process(int(pid), int(parent), " ".join(rest[:5]), "".join(rest[5:]))
