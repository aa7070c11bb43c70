"""The `droptrain` command as people run it: a process, which finds the laptop cloud by its state."""

import copy
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.waiting import wait_for

_COMMAND = [sys.executable, "-c", "from droptrain_cli.main import main; main()"]
_SECONDS = 60


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        assert self.out.count("\n") == 1, "one document, and nothing else"
        return json.loads(self.out)


class CommandLine:
    """Runs the command in `folder`, with the state folder that a laptop cloud's file is in.

    `more` are further variables of its environment.
    """

    def __init__(self, folder: Path, state: Path, **more: str) -> None:
        self._folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self._environment = {**kept, "DROPTRAIN_STATE_DIR": str(state), "PYTHONUNBUFFERED": "1", **more}

    def with_variables(self, **more: str) -> "CommandLine":
        """The same command with further variables of its environment."""
        same = copy.copy(self)
        same._environment = {**self._environment, **more}
        return same

    def __call__(self, *words: str, typed: str = "") -> Said:
        """Run a command to its end; `typed` is its stdin."""
        started = self.start(*words, typed=typed)
        return started.wait()

    def start(self, *words: str, typed: str = "") -> "Started":
        """Start a command and leave it running."""
        process = subprocess.Popen(
            [*_COMMAND, *words], cwd=self._folder, env=self._environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip
        assert process.stdin
        with process.stdin as stdin:
            stdin.write(typed)
        return Started(process)


class Started:
    """A command that runs; its output is read as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._out: list[str] = []
        self._err: list[str] = []
        self._readers = [
            threading.Thread(target=lines.extend, args=(stream,), daemon=True)
            for lines, stream in ((self._out, process.stdout), (self._err, process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    @property
    def out(self) -> str:
        """What is on stdout till now."""
        return "".join(self._out)

    def wait_for(self, text: str) -> None:
        """Until `text` is on stdout."""
        wait_for(f"{text!r} on stdout", lambda: any(text in line for line in list(self._out)))

    def press_ctrl_c(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def wait(self, seconds: float = _SECONDS) -> Said:
        try:
            code = self._process.wait(seconds)
        finally:
            self._process.kill()
        for reader in self._readers:
            reader.join(5)
        return Said(code, "".join(self._out), "".join(self._err))
