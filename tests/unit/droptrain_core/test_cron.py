"""Recipes' schedules: what they say to EventBridge Scheduler, when they come next, and what is refused."""

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aws_croniter import AwsCroniter
from croniter import croniter
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes import cron
from droptrain_core.domain.recipes.recipe import parse
from droptrain_core.domain.recipes.time_zones import NAMES
from droptrain_core.domain.recipes.values import Retrain
from hypothesis import assume, given
from hypothesis import strategies as st

BERLIN = ZoneInfo("Europe/Berlin")


def field(low: int, high: int, *names: str) -> st.SearchStrategy[str]:
    """A field of crontab(5): a star, numbers, ranges, steps, names, and lists of these."""
    number = st.integers(low, high).map(str) | (st.sampled_from(names) if names else st.nothing())
    # croniter takes a range of one number for a star.
    spans = st.lists(st.integers(low, high), min_size=2, max_size=2, unique=True).map(sorted)
    ranges = spans.map(lambda two: f"{two[0]}-{two[1]}")
    steps = st.tuples(ranges | st.just("*"), st.integers(1, 30)).map(lambda two: f"{two[0]}/{two[1]}")
    return st.just("*") | st.lists(number | ranges | steps, min_size=1, max_size=3).map(",".join)


MINUTES = st.sampled_from(("0", "30", "*/15", "7,22", "5-50/20", "59"))
DAYS = st.tuples(field(1, 31), st.just("*")) | st.tuples(st.just("*"), field(0, 7, "sun", "MON", "fri"))
EXPRESSIONS = st.tuples(MINUTES, field(0, 23), DAYS, field(1, 12, "jan", "Aug")).map(
    lambda parts: f"{parts[0]} {parts[1]} {parts[2][0]} {parts[3]} {parts[2][1]}"
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2040, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


@given(EXPRESSIONS, MOMENTS)
def test_scheduler_s_six_fields_come_when_the_five_fields_of_cron_do(text: str, moment: datetime) -> None:
    try:
        parsed = cron.parse(text)
    except ValueError:
        assume(False)
    expression = parsed.expression
    assert len(expression) <= 256
    assert expression.startswith("cron(") and expression.endswith(" *)")
    wanted = croniter(text.lower(), moment).get_next(datetime)
    assert AwsCroniter(expression[5:-1]).get_next(moment)[0] == wanted
    assert cron.next_after(parsed, moment, UTC) == wanted


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("0 6 * * mon", "cron(0 6 ? * 2 *)"),
        ("*/15 * * * *", "cron(0,15,30,45 * * * ? *)"),
        ("30 2 1 */3 *", "cron(30 2 1 1,4,7,10 ? *)"),
        ("0 0 * * 1-5", "cron(0 0 ? * 2,3,4,5,6 *)"),
        ("0 0 * * 7", "cron(0 0 ? * 1 *)"),
        ("0 0 29 2 *", "cron(0 0 29 2 ? *)"),
        ("55 23 * * mon", "cron(55 23 ? * 2 *)"),
    ],
)
def test_a_schedule_is_translated(text: str, expression: str) -> None:
    assert cron.parse(text).expression == expression


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0 6 * *", "has to be five fields"),
        ("@daily", "has to be five fields"),
        ("0 6 * * * *", "has to be five fields"),
        ("60 6 * * *", "has '60' as its minute, which is a number from 0 to 59"),
        ("0 24 * * *", "has '24' as its hour"),
        ("0 6 * * moon", "has 'moon' as its weekday, which is a number from 0 to 7, or a name such as mon"),
        ("0 6 L * *", "has 'l' as its day of month"),
        ("0 6 5-1 * *", "can't have '5-1' as its day of month"),
        ("5/15 * * * *", "can't have '5/15' as its minute"),
        ("*/0 * * * *", "can't have '*/0' as its minute"),
        ("*/90 * * * *", "can't have '*/90' as its minute"),
        ("0 */36 * * *", "can't have '*/36' as its hour"),
        ("0 6 1 * mon", "has a day of month and a weekday; set one of them to *"),
        ("0 6 30 2 *", "never comes: none of its months has a day 30"),
        ("*/10 * * * *", "comes more often than every 15 minutes"),
        ("* * * * *", "comes more often than every 15 minutes"),
        ("55,0 0,23 * * *", "comes more often than every 15 minutes"),
        ("55,0 0,23 1,31 * *", "comes more often than every 15 minutes"),
        ("0 ² * * *", "has '²' as its hour"),
    ],
)
def test_what_is_no_schedule_gets_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match="^" + reason.replace("*", r"\*")):
        cron.parse(text)


def test_times_around_midnight_of_days_that_never_follow_each_other_are_far_apart() -> None:
    assert cron.parse("55,0 0,23 * * mon").minutes == (0, 55)


def test_the_clock_s_change_leaves_out_the_time_that_is_skipped_and_repeats_none() -> None:
    daily = cron.parse("30 2 * * *")
    saturday = datetime(2027, 3, 27, 12, tzinfo=UTC)
    assert cron.next_after(daily, saturday, BERLIN) == datetime(2027, 3, 29, 0, 30, tzinfo=UTC)
    first = cron.next_after(daily, datetime(2027, 10, 30, 12, tzinfo=UTC), BERLIN)
    assert first == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert cron.next_after(daily, first, BERLIN) == first + timedelta(hours=25)


def test_zones_are_those_of_the_time_zone_database() -> None:
    assert frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split()) == NAMES


def refusal(retrain: Any) -> str:
    with pytest.raises(RejectedError) as refused:
        parse({"retrain": retrain})
    return refused.value.cause.message


def test_a_recipe_names_a_schedule_and_its_zone() -> None:
    recipe = parse(
        {"retrain": {"schedule": " 0 6  * * mon", "timezone": "Europe/Berlin", "only_if_new": True}}
    )
    assert recipe.retrain == Retrain(None, "0 6 * * mon", "Europe/Berlin", only_if_new=True)


def test_a_recipe_with_a_wrong_schedule_or_zone_is_refused_by_field() -> None:
    assert "retrain.schedule: comes more often than" in refusal({"schedule": "*/5 * * * *"})
    assert "retrain.schedule: has to be at most 200" in refusal(
        {"schedule": "0 6 * * " + "mon," * 60 + "tue"}
    )
    zone = refusal({"schedule": "0 6 * * *", "timezone": "Europe/berlin"})
    assert "'Europe/berlin' (did you mean Europe/Berlin?)" in zone
    assert "did you mean Europe/Berlin?" in refusal({"schedule": "0 6 * * *", "timezone": "Berlin"})
    assert "retrain.timezone: is for a schedule" in refusal({"timezone": "UTC"})
