"""`droptrain local demo` as a user runs it: its own process, the whole pipeline, real TensorFlow."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = [pytest.mark.tensorflow, pytest.mark.timeout(110)]

DEMO = [sys.executable, "-c", "from droptrain_cli.main import main; main()", "local", "demo"]
PROGRESS = ("ready", "published", "dropped", "CLAIMED", "RUNNING", "SUCCEEDED")


class Demo:
    """A demo in a process group of its own; its output is read as it comes."""

    def __init__(self, *options: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [*DEMO, *options], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self.pid = self._process.pid
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(self._lines)

    def wait(self, seconds: float) -> int:
        code = self._process.wait(seconds)
        self._reader.join(5)
        return code

    def wait_for(self, text: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.output:
            assert self._process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def press_ctrl_c(self) -> None:
        """What a terminal does: SIGINT to the whole foreground process group."""
        os.killpg(self.pid, signal.SIGINT)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)

    def _read(self) -> None:
        assert self._process.stdout is not None
        self._lines.extend(iter(self._process.stdout.readline, ""))


@contextmanager
def started(*options: str, folder: Path) -> Iterator[Demo]:
    demo = Demo(*options, folder=folder)
    try:
        yield demo
    finally:
        demo.close()


def descendants(pid: int) -> set[int]:
    """Every process that `pid` started, and that these started."""
    parents = dict(_parents())
    found: set[int] = set()
    level = {pid}
    while level:
        level = {child for child, parent in parents.items() if parent in level}
        found |= level
    return found


def _parents() -> Iterator[tuple[int, int]]:
    """(process, its parent) of all; from /proc where there is one, since not every machine has ps."""
    if not Path("/proc/self/stat").exists():
        listed = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True)
        for line in listed.stdout.splitlines():
            pid, parent = map(int, line.split())
            yield pid, parent
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        yield int(folder.name), int(stat.rpartition(")")[2].split()[1])


def alive(pids: set[int]) -> set[int]:
    left = set()
    for pid in pids:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            continue
        left.add(pid)
    return left


def test_two_dropped_csvs_become_a_model_and_a_notice(tmp_path: Path):
    with started("--output", str(tmp_path / "out"), folder=tmp_path) as demo:
        demo.wait_for("RUNNING", 60)
        children = descendants(demo.pid)
        assert demo.wait(90) == 0, demo.output
    output = demo.output
    places = [output.index(word) for word in PROGRESS]
    assert places == sorted(places), output
    assert "epoch 12/12" in output
    assert "Subject: SUCCEEDED penguins/first test_accuracy=" in output
    accuracy, baseline = (
        float(re.findall(rf"^ *{name} +([\d.]+)$", output, re.MULTILINE)[0])
        for name in ("test_accuracy", "baseline_accuracy")
    )
    assert accuracy > 0.9 > baseline
    assert "on AWS about $" in output
    assert "make up" in output
    assert "\x1b[" not in output, "without a terminal there are plain lines only"
    assert (tmp_path / "out" / "export" / "saved_model.pb").stat().st_size > 0
    assert "epoch 12/12" in (tmp_path / "out" / "log.txt").read_text()
    assert not alive(children)


def test_ctrl_c_while_it_trains_ends_every_process_and_says_130(tmp_path: Path):
    with started("--output", str(tmp_path / "out"), folder=tmp_path) as demo:
        demo.wait_for("RUNNING", 60)
        children = descendants(demo.pid)
        demo.press_ctrl_c()
        assert demo.wait(40) == 130, demo.output
    assert children
    assert not alive(children)
    assert "Traceback" not in demo.output
