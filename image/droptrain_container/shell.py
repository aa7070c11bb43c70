"""A shell beside the training, with the variables, folder and user of its script.

ECS Exec starts this as root (docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html). In a
container root lacks CAP_SYS_PTRACE and can't read another user's variables, so it becomes that user first.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_ENTRYPOINT = b"droptrain_container"
_OF_THE_RUN = "DROPTRAIN_RUN"
_OF_THE_SCRIPT = "CHECKPOINT_DIR"  # in every dialect
_SHELLS = ("/bin/bash", "/bin/sh")
_LOOK_SECONDS = 0.1
_PROCESSES = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A process of this machine; `started` orders them."""

    pid: int
    parent: int
    group: int
    started: int

    @property
    def environment(self) -> dict[str, str]:
        """Its variables as it was started; OSError if they can't be read."""
        entries = (_PROCESSES / str(self.pid) / "environ").read_bytes().split(b"\0")
        pairs = (os.fsdecode(entry).partition("=") for entry in entries if entry)
        return {name: value for name, _, value in pairs}


def main(words: Sequence[str]) -> int:
    """Become a shell beside the run whose folder (s3://...) is named, else beside the only one; 1 if none.

    With --wait the shell comes once the script runs.
    """
    run = next((word for word in words if word != "--wait"), None)
    if not _PROCESSES.is_dir():
        return _refuse("This system doesn't show its processes' variables (it has no /proc).")
    found = _find_entrypoints()
    _become_user_of(found)
    runs = ((each, _variables(each).get(_OF_THE_RUN)) for each in found)
    entrypoint = next((each for each, its in runs if its and run in (None, its)), None)
    if entrypoint is None:
        return _refuse("No training runs here.")
    script = _find_script(entrypoint)
    while script is None and "--wait" in words:
        if not (_PROCESSES / str(entrypoint.pid)).exists():
            return _refuse("The container ended before its script.")
        time.sleep(_LOOK_SECONDS)
        script = _find_script(entrypoint)
    if script is None:
        _say("The script doesn't run, or no more: these are the container's own variables and folder.")
    _become_shell(script or entrypoint)
    return 0


def _find_entrypoints() -> list[Process]:
    """The processes that run the entrypoint, or init with it, oldest first."""
    return [each for each in _processes() if _is_entrypoint(each)]


def _is_entrypoint(process: Process) -> bool:
    try:
        return _ENTRYPOINT in (_PROCESSES / str(process.pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _find_script(entrypoint: Process) -> Process | None:
    """The script below the entrypoint: it leads a process group, and has a script's variables."""
    family = {entrypoint.pid}
    for each in _processes():
        if each.parent in family:
            if each.pid == each.group and _OF_THE_SCRIPT in _variables(each):
                return each
            family.add(each.pid)
    return None


def _processes() -> Iterator[Process]:
    """All that can be seen, oldest first."""
    seen = []
    for folder in _PROCESSES.iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                # Behind the name, which may hold anything: proc_pid_stat(5).
                fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
                seen.append(Process(int(folder.name), *(int(fields[number]) for number in (1, 2, 19))))
    yield from sorted(seen, key=lambda each: (each.started, each.pid))


def _variables(process: Process) -> Mapping[str, str]:
    try:
        return process.environment
    except OSError:
        return {}


def _become_user_of(processes: Sequence[Process]) -> None:
    """Give up root for the user that the training runs as."""
    owners = ((_PROCESSES / str(each.pid)).stat() for each in processes)
    other = next((owner for owner in owners if owner.st_uid != os.geteuid()), None)
    if os.geteuid() == 0 and other:
        os.setgroups([other.st_gid])
        os.setgid(other.st_gid)
        os.setuid(other.st_uid)


def _become_shell(process: Process) -> None:
    environment = process.environment
    for name in ("TERM", "LANG"):
        if name in os.environ:
            environment[name] = os.environ[name]
    os.chdir(_PROCESSES / str(process.pid) / "cwd")
    shell = next(path for path in _SHELLS if Path(path).exists())
    os.execve(shell, [shell, *(["-i"] if sys.stdin.isatty() else [])], environment)  # noqa: S606


def _refuse(why: str) -> int:
    _say(why)
    return 1


def _say(words: str) -> None:
    print(f"[droptrain] {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))
