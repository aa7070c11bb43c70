"""What is secret is masked, however the script's output is cut into chunks."""

import json
import time
from itertools import pairwise
from urllib.parse import quote

import pytest
from droptrain_container.mask import Mask
from hypothesis import example, given
from hypothesis import strategies as st

SECRET = "canary-7f3a/9+b=c"


def masked(values: list[str], *chunks: bytes) -> bytes:
    mask = Mask()
    mask.hide(values)
    return b"".join([*(mask.feed(chunk) for chunk in chunks), mask.flush()])


@given(st.lists(st.integers(0, 200), max_size=6), st.sampled_from([b"", b"\n"]))
def test_a_value_is_masked_wherever_the_chunks_are_cut(cuts: list[int], end: bytes) -> None:
    whole = f"token {SECRET}{SECRET} and cana {SECRET}".encode() + end
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    chunks = [whole[start:stop] for start, stop in pairwise(places)]
    assert masked([SECRET], *chunks) == b"token ****** and cana ***" + end


@example("\x1b\x98000000", "Ø")
@given(st.text(min_size=8).filter(lambda text: text.strip() == text), st.text(max_size=20))
def test_no_value_is_left_in_what_is_printed(value: str, around: str) -> None:
    lines = [line.strip() for line in value.splitlines()]
    # A control sequence may begin with half of a letter; what is masked then leaves the other half.
    out = masked([value], f"{around}{value}{around}\n".encode(errors="replace")).decode(errors="replace")
    assert not [line for line in lines if len(line) >= 8 and line not in around * 2 and line in out]


@pytest.mark.parametrize("written", [
    repr({"KEY": 'quo"ted\\back\ttab é value'}),
    json.dumps({"KEY": 'quo"ted\\back\ttab é value'}),
    quote('https://user:quo"ted\\back\ttab é value@host', safe="/:@"),
])  # fmt: skip
def test_a_value_is_masked_as_python_json_and_urls_write_it(written: str) -> None:
    out = masked(['quo"ted\\back\ttab é value'], written.encode() + b"\n").decode()
    assert "***" in out
    assert "ted" not in out


def test_lines_of_a_key_and_texts_of_a_json_secret_are_masked_one_by_one() -> None:
    key = "-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\n-----END KEY-----\n"
    assert masked([key], b"MIIEowIBAAKCAQEA\n") == b"***\n"
    account = json.dumps({"user": "ada", "password": "hunter2hunter2", "hosts": ["db.example.org"]})
    assert masked([account], b"ada hunter2hunter2 db.example.org\n") == b"ada *** ***\n"
    assert masked([account], account.encode()) == b"***"


def test_a_line_is_handed_on_at_once_and_without_secrets_everything_is() -> None:
    mask = Mask()
    assert mask.feed(b"half a li") == b"half a li"
    mask.hide([SECRET])
    assert mask.feed(b"epoch 1\n") == b"epoch 1\n"
    assert mask.feed(b"x" * 100).startswith(b"x" * 70)


@pytest.mark.parametrize(
    "values", [["token-abc", "token-abc-and-more"], ["abcdefgh", "efghijkl-and-more", "abc-"]]
)
@given(cut=st.integers(0, 30))
def test_a_value_that_begins_another_shows_nothing_of_it(values: list[str], cut: int) -> None:
    whole = "".join(values[-2:]).encode() if values[0].startswith("token") else b"abcdefghijkl-and-more"
    assert set(masked(values, whole[:cut], whole[cut:])) == {ord("*")}


def test_the_beginning_of_a_value_is_held_until_it_is_none() -> None:
    mask = Mask()
    mask.hide([SECRET])
    assert mask.feed(b"is canary-7f3a") == b"is "
    assert mask.feed(b"/9 it\n") == b"canary-7f3a/9 it\n"
    assert mask.feed(b"the canary\n") == b"the ", "the rest may follow in the next line"
    assert mask.settle() == b"canary\n", "nothing has come for a while"
    assert mask.feed(b"50 % canary-7f3a") == b"50 % "
    assert mask.settle() == b""
    assert mask.flush() == b"***", "killed while it printed a value"


def test_a_text_that_looks_like_a_value_everywhere_is_masked_in_bounded_time() -> None:
    began = time.process_time()
    mask = Mask()
    mask.hide(["'" * 63 + "x", "\\" * 63 + "x", "ab" * 20_000])
    for line in (b"'" * 65_536, b"\\" * 65_536, b"ab" * 32_768):
        mask.feed(line)
    assert len(mask.flush()) < 200_000
    assert time.process_time() - began < 20


def test_values_that_are_in_every_log_are_left_alone() -> None:
    assert masked(["", "1", "on"], b"step 1 is on\n") == b"step 1 is on\n"
