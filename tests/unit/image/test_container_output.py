"""What a script prints is passed on in time, and what nobody reads holds up nothing."""

import os
import threading
import time
from collections.abc import Iterator

import pytest
from droptrain_container.output import PART_SECONDS, Output
from droptrain_container.stdout import Stdout
from support.waiting import wait_for

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """A pipe's two ends; one that a test has closed is -1."""
    reads, writes = os.pipe()
    yield reads, writes
    for number in (reads, writes):
        try:
            os.close(number)
        except OSError:
            continue


def test_lines_come_at_once_and_a_part_of_one_after_a_moment(pipe: Pipe) -> None:
    came: list[bytes] = []
    output = Output(pipe[0], came.append)
    os.write(pipe[1], b"one\ntwo\nthr")
    wait_for("lines", lambda: came, 5)
    assert came == [b"one\ntwo\n"]
    began = time.monotonic()
    wait_for("part", lambda: len(came) > 1, 5)
    assert came[1] == b"thr"
    assert time.monotonic() - began < 4 * PART_SECONDS
    os.write(pipe[1], b"ee\n")
    os.close(pipe[1])
    output.finish(5)
    assert came[2:] == [b"ee\n"]


def test_a_moment_of_silence_is_told_once(pipe: Pipe) -> None:
    came: list[bytes] = []
    output = Output(pipe[0], came.append)
    os.write(pipe[1], b"one\n")
    wait_for("silence", lambda: len(came) > 1, 10)
    time.sleep(2.5)
    assert came == [b"one\n", b""]
    os.close(pipe[1])
    output.finish(5)


def test_a_pipe_that_stays_open_ends_with_the_time_for_it(pipe: Pipe) -> None:
    came: list[bytes] = []
    output = Output(pipe[0], came.append)
    os.write(pipe[1], b"last words")
    wait_for("last words", lambda: came, 10)
    output.finish(0.1)
    os.write(pipe[1], b"too late\n")
    output.finish(5)
    assert came == [b"last words"]


def test_what_nobody_reads_is_left_out_and_named_when_somebody_reads_again(pipe: Pipe) -> None:
    stdout = Stdout(pipe[1], stall_seconds=0.2)
    began = time.monotonic()
    for _ in range(100):
        stdout.write(b"x" * 4095 + b"\n")
    assert time.monotonic() - began < 5, "it waits once, not for each line"
    came = bytearray()

    def read() -> None:
        while b"the end\n" not in came:
            came.extend(os.read(pipe[0], 1 << 16))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    time.sleep(0.3)
    stdout.write(b"the end\n")
    reader.join(5)
    kept = came.count(b"x" * 4095)
    assert 0 < kept < 100
    assert f"[droptrain] {(100 - kept) * 4096} bytes are left out here".encode() in came


def test_a_reader_that_is_slow_gets_everything(pipe: Pipe) -> None:
    stdout, came = Stdout(pipe[1]), bytearray()

    def read() -> None:
        while len(came) < 1_000_000:
            came.extend(os.read(pipe[0], 1 << 14))
            time.sleep(0.001)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    stdout.write(b"x" * 1_000_000)
    reader.join(10)
    assert len(came) == 1_000_000


def test_a_reader_that_is_gone_is_an_error_of_the_system_s(pipe: Pipe) -> None:
    os.close(pipe[0])
    with pytest.raises(BrokenPipeError):
        Stdout(pipe[1]).write(b"x")
