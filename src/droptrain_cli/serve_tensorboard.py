"""Starts TensorBoard on runs, follows them while it is shown, and ends it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import click

from droptrain import formatting
from droptrain.errors import DroptrainError
from droptrain.stack import Stack
from droptrain.tensorboard_logs import TensorBoardLogs
from droptrain_cli import output
from droptrain_local.loopback import listen
from droptrain_local.stopping import stop_signals

_ENDS_WITHIN_SECONDS = 5
_LAPTOP_LOOK_SECONDS, _AWS_LOOK_SECONDS = 1.0, 10.0
_RELOAD_SECONDS = 5
_LAST_WORDS = 5  # lines


def serve(stack: Stack, names: tuple[str, ...], newest: int, port: int, *, as_json: bool) -> None:
    """Show runs in TensorBoard on 127.0.0.1 until SIGINT or SIGTERM; a project's `newest` runs.

    DroptrainError if TensorBoard isn't here or doesn't start, and if a name means no run.
    """
    program = _find()
    with stop_signals() as stopped, tempfile.TemporaryDirectory(prefix="droptrain-") as folder:
        logs = TensorBoardLogs(stack, Path(folder, "runs"), names, newest)
        count = logs.update()
        free = _free_port(port)
        with _running(program, Path(folder), free) as tensorboard:
            url = f"http://127.0.0.1:{free}/"
            while not _answers(url):
                _check(tensorboard, Path(folder))
                if stopped.wait(0.1):
                    return
            if as_json:
                output.write_json({"url": url, "folder": str(Path(folder, "runs")), "pid": os.getpid()})
            else:
                click.echo(f"TensorBoard shows {formatting.count(count, 'run')}: {url}\nCtrl-C ends it.")
            while not stopped.wait(_LAPTOP_LOOK_SECONDS if stack.is_laptop else _AWS_LOOK_SECONDS):
                _check(tensorboard, Path(folder))
                logs.update()


def _find() -> str:
    """TensorBoard's program: of the environment that droptrain is in, else of the PATH."""
    here = Path(sys.executable).parent
    if program := shutil.which("tensorboard", path=f"{here}{os.pathsep}{os.environ.get('PATH', '')}"):
        return program
    raise DroptrainError(
        f"TensorBoard isn't installed here. Install it: {sys.executable} -m pip install tensorboard"
    )


@contextmanager
def _running(program: str, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """TensorBoard on the runs in `folder`, for this machine alone, while the context lasts."""
    Path(folder, "runs").mkdir(exist_ok=True)
    words = [program, "--logdir", str(folder / "runs"), "--host", "127.0.0.1", "--port", str(port)]
    with _log_of(folder).open("wb") as log:
        process = subprocess.Popen(
            [*words, "--reload_interval", str(_RELOAD_SECONDS)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _check(tensorboard: subprocess.Popen[bytes], folder: Path) -> None:
    """DroptrainError with TensorBoard's last words if it has ended."""
    if (code := tensorboard.poll()) is not None:
        words = _log_of(folder).read_text("utf-8", "replace").strip().splitlines()[-_LAST_WORDS:]
        cleaned = "\n".join(map(formatting.clean, words))
        raise DroptrainError(f"TensorBoard ended with {code}: {cleaned}")


def _log_of(folder: Path) -> Path:
    return folder / "tensorboard.log"


def _free_port(port: int) -> int:
    """`port`, or a free one if it is 0; PortTakenError."""
    with listen(port) as listener:
        return int(listener.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1):  # noqa: S310  an address of this machine
            return True
    except (URLError, OSError):
        return False
