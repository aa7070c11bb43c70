"""How things are worded: times, prices, sizes, and text that comes from elsewhere."""

from datetime import UTC, datetime

import pytest

from droptrain import formatting

NOW = datetime(2026, 11, 23, 3, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "words"), [
    (0, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (3599.9, "1 h 0 min"),
    (3900, "1 h 5 min"), (183600, "2 d 3 h"), (-5, "0 s"),
])  # fmt: skip
def test_a_duration_has_the_two_units_that_say_something(seconds: float, words: str):
    assert formatting.duration(seconds) == words


def test_an_age_has_one_unit():
    assert formatting.age("2026-11-23T02:10:00Z", NOW) == "50 min"
    assert formatting.age("2026-11-20T02:10:00Z", NOW) == "3 d"


def test_a_run_that_trains_has_trained_until_now():
    assert formatting.took({"started_at": "2026-11-23T02:59:00Z", "stopped_at": None}, NOW) == "1 min 0 s"
    assert formatting.took({"started_at": None, "stopped_at": None}, NOW) == ""


@pytest.mark.parametrize(("usd", "words"), [(0.0016, "$0.0016"), (0.5, "$0.5000"), (12.345, "$12.35")])
def test_small_prices_keep_their_digits(usd: float, words: str):
    assert formatting.price({"estimate_usd": usd}) == words


@pytest.mark.parametrize(("count", "words"), [
    (0, "0 B"), (999, "999 B"), (24817, "24.8 KB"), (5_000_000, "5.0 MB"), (3 * 10**15, "3000.0 TB"),
])  # fmt: skip
def test_sizes_are_decimal(count: int, words: str):
    assert formatting.size(count) == words


@pytest.mark.parametrize(("text", "left"), [
    ("\x1b[31mred\x1b[0m", "red"),
    ("a\x1b]0;title\x07b", "ab"),
    ("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "alink"),
    (" 10%\r 50%\r100%\r\n", "100%"),
    ("\ttab stays", "\ttab stays"),
    ("bell\x07 null\x00 del\x7f csi\x9b", "bell null del csi"),
    ("größe ✓", "größe ✓"),
    ("\u202eevil", "evil"),
    ("\r\n", ""),
])  # fmt: skip
def test_text_from_elsewhere_can_not_steer_a_terminal(text: str, left: str):
    assert formatting.clean(text) == left


def test_the_headline_metric_is_named_once_it_is_there():
    assert formatting.headline({"metric": "accuracy", "metrics": {"accuracy": 0.98765}}) == "accuracy 0.9877"
    assert formatting.headline({"metric": "accuracy", "metrics": {}}) == ""
    assert formatting.headline({"metric": None, "metrics": {"loss": 1.0}}) == ""
