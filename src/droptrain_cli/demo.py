"""The demo: drop the example's two CSVs into a laptop cloud, then only watch."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.runs.run import Run, run_prefix
from rich.console import Console

from droptrain_cli import artifacts
from droptrain_cli.example import PENGUINS, Example
from droptrain_cli.report import show_failure, show_glance, show_next, show_notice, show_result
from droptrain_cli.screen import Screen
from droptrain_cli.serve_console import of_laptop
from droptrain_cli.watch import LogTail, NoticeQueue, Watch
from droptrain_local.cloud import LaptopCloud
from droptrain_local.state import Ready, read_state, remove_state, write_state
from droptrain_local.stopping import stop_signals

LOOK_EVERY = 0.4  # seconds; the laptop cloud shares the processor with the training
NO_RUN_AFTER = 45  # seconds from the drop
NOTICE_WITHIN = 20  # seconds from the outcome
TERMINATED = 143  # 128 + SIGTERM


class _DemoError(Exception):
    """The demo can't go on; `fix` says what to do."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


def run(output: Path, timeout_seconds: int, *, keep: bool) -> int:
    """Run the demo and return its exit code: 0 only if the run SUCCEEDED.

    With `keep` the laptop cloud stays up until SIGINT or SIGTERM, and other commands find it.
    """
    signal.signal(signal.SIGTERM, _terminate)
    screen = Screen(Console())
    try:
        _check(PENGUINS, output)
        with ExitStack() as stack:
            stack.enter_context(screen.live("Starting the laptop cloud"))
            work_dir = (output / artifacts.WORK_FOLDER).resolve()
            cloud = stack.enter_context(LaptopCloud(work_dir=work_dir, serve_console=of_laptop))
            stack.callback(_ignore_interrupts)  # a second Ctrl-C must not stop the cleaning up
            if keep:
                stack.enter_context(_found_by_others(cloud.ready))
            code = _train(cloud, screen, output, time.monotonic() + timeout_seconds, keep=keep)
            if keep:
                _wait(screen)
            screen.now("Stopping the laptop cloud")
            return code
    except _DemoError as error:
        screen.problem(str(error), error.fix)
        return 1


def _check(example: Example, output: Path) -> None:
    if not (example.folder / "train.yaml").is_file():
        raise _DemoError(f"{example.folder} isn't there.", "Run the demo from a checkout of droptrain.")
    try:
        artifacts.make_room(output)
    except artifacts.NotOursError as error:
        raise _DemoError(f"{error}.", "Move it away, or say --output with another folder.") from None


@contextmanager
def _found_by_others(ready: Ready) -> Iterator[None]:
    """Let other commands find this laptop cloud, unless they find another one."""
    if read_state():
        yield
        return
    write_state(ready)
    try:
        yield
    finally:
        remove_state(ready.pid)


def _wait(screen: Screen) -> None:
    with stop_signals() as stopped:
        screen.now("The laptop cloud and its console are up until Ctrl-C")
        stopped.wait()


def _train(cloud: LaptopCloud, screen: Screen, output: Path, deadline: float, *, keep: bool) -> int:
    ready, s3 = cloud.ready, cloud.client("s3")
    screen.event("ready", f"laptop cloud at {ready.endpoint_url}, bucket {ready.bucket}")
    screen.event("console", f"{ready.console_url}")
    for key in PENGUINS.publish(s3, ready.bucket):
        screen.event("published", key)
    for key in PENGUINS.drop(s3, ready.bucket):
        screen.event("dropped", key)
    watch = Watch(
        RunTable(cloud.client("dynamodb"), ready.table), LogTail(cloud.client("logs")), PENGUINS.project
    )
    ended = _follow(watch, screen, deadline, cloud.work_dir / "logs")
    screen.now("Waiting for the notice")
    notice = NoticeQueue(cloud.client("sqs"), ready.notices_queue_url).wait(NOTICE_WITHIN)
    if notice is None:
        raise _DemoError(
            f"{ended.run_id} {ended.status}, but no notice came within {NOTICE_WITHIN} s.",
            f"Read the functions' logs in {cloud.work_dir / 'logs'}.",
        )
    show_notice(screen, notice)
    screen.now("Copying the results")
    prefix = run_prefix(ended.project, ended.run_id)
    copies = artifacts.fetch(s3, ready.bucket, prefix, output)
    if ended.status != "SUCCEEDED":
        show_failure(screen, ended, copies)
        return 1
    show_result(screen, ended, f"s3://{ready.bucket}/{prefix}", copies)
    show_next(screen, ready.console_url if keep else None)
    return 0


def _follow(watch: Watch, screen: Screen, deadline: float, logs: Path) -> Run:
    """Show what happens until the run has its outcome, and return it."""
    no_run_after = time.monotonic() + NO_RUN_AFTER
    while True:
        glance = watch.look()
        show_glance(screen, glance)
        run, now = glance.run, time.monotonic()
        if run and run.ended:
            return run
        state = f"{run.run_id} is {run.status}" if run else "Waiting for the drop to launch a run"
        if now > deadline:
            raise _DemoError(
                f"Out of time after {screen.elapsed:.0f} s: {state}.",
                f"Say --timeout with more seconds, or read the functions' logs in {logs}.",
            )
        if run is None and now > no_run_after:
            raise _DemoError(
                f"The drop launched no run within {NO_RUN_AFTER} s.", f"Read the functions' logs in {logs}."
            )
        screen.now(state)
        time.sleep(LOOK_EVERY)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(TERMINATED)
