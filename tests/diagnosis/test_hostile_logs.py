"""No log makes the rules slow: their time grows no faster than the part of the log that they look at."""

import time

import pytest
from diagnosis import corpus
from droptrain_core.domain.runs import outcome

# What the patterns of the rules begin with, over and over: the most work that a line can make.
_BEGINNINGS = [
    "An error occurred (AccessDenied) ", "An error occurred (", "NCCL WARN ", "shared memory segment ",
    "RESOURCE_EXHAUSTED: ", "ResourceExhaustedError ", "bad_alloc: ", "thrust", "unable to open ", "cupy.",
    "OOM when allocating tensor ", "No module named 'tensorflow.a.", "module 'keras.", "libcu", "libdevice",
    "cannot import name 'x' from 'a' (", "could not convert string to float: '1,", "'utf-8", "loss ",
    "could not convert string '", "is not a valid float: 1", "loss is ", "KeyError: ", "NotFoundError ",
    "PermissionDeniedError ", "{{function_node ", "host='a", "//a", ": error: argument -", "usage: aws ",
    "is not authorized to perform: a-", "2026-01-02 10:00:00.1", "what():  ", "_np_qint8 = ", "a.", "Error: ",
    "Failed to establish a new connection: ", '  File "', "Epoch ", "1/2 [", "- ", "\t", "' '",
    "Traceback (most recent call last):",
]  # fmt: skip
_LINES, _LENGTH = 200, 1024
_HEAD = ["Traceback (most recent call last):", '  File "train.py", line 1, in <module>', "    main()"]


def _printed(beginning: str, lines: int = _LINES, length: int = _LENGTH) -> str:
    return "\n".join([(beginning * length)[:length]] * lines)


def _raised(beginning: str, lines: int = _LINES, length: int = _LENGTH) -> str:
    message = (beginning * length)[:length]
    return "\n".join([*_HEAD, f"ValueError: {message}", *[f" {message}"] * lines])


def _seconds(tail: str) -> float:
    began = time.process_time()
    assert corpus.diagnose({"tail": tail})
    return time.process_time() - began


@pytest.mark.parametrize("beginning", _BEGINNINGS)
def test_no_log_s_end_takes_long(beginning: str) -> None:
    assert _seconds(_printed(beginning)) < 1
    assert _seconds(_raised(beginning)) < 1


@pytest.mark.parametrize("beginning", _BEGINNINGS)
def test_four_times_the_text_takes_about_four_times_as_long(beginning: str) -> None:
    def fastest(tail: str) -> float:
        return min(_seconds(tail) for _ in range(3))

    for end in (_printed, _raised):
        whole = fastest(end(beginning))
        assert whole < 12 * fastest(end(beginning, lines=_LINES // 4)) + 0.02
        assert whole < 12 * fastest(end(beginning, length=_LENGTH // 4)) + 0.02


def test_of_a_log_of_a_gigabyte_the_end_alone_is_looked_at() -> None:
    lines = ["x" * 5000] * 10_000
    account = outcome.read({"batch_job_id": "j", "attempt": 1, "cause": {"log_tail": lines}})
    assert account
    assert sum(map(len, account.log_tail)) <= _LINES * _LENGTH
