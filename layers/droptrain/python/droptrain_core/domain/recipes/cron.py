"""Cron expressions: five fields as in crontab(5), translated for EventBridge Scheduler, and their next time.

Scheduler has six fields, a `?` for the day that doesn't count, and weekdays 1 to 7 from Sunday.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise

from droptrain_core.domain.frozen import frozen

_SHORTEST_MINUTES = 15
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(?P<all>\*)?(?P<first>\w+)?(?:-(?P<last>\w+))?(?:/(?P<step>\d{1,2}))?")
_MOST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_EVERY_DAY = tuple(range(1, 32))
_EVERY_WEEKDAY = tuple(range(7))
# From 29 February 2096 to the next one there are eight years.
_DAYS_AHEAD = 8 * 366 + 1


@frozen
class Cron:
    """The times at which an expression comes: ascending numbers of each field; weekday 0 is Sunday."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    def includes(self, day: date) -> bool:
        """Whether it comes on this date."""
        is_day = day.day in self.days and day.isoweekday() % 7 in self.weekdays
        return is_day and day.month in self.months

    @property
    def expression(self) -> str:
        """The expression for EventBridge Scheduler."""
        days, weekdays = _listed(self.days, _EVERY_DAY), "?"
        if self.weekdays != _EVERY_WEEKDAY:
            days, weekdays = "?", _listed(tuple(day + 1 for day in self.weekdays), ())
        minutes, hours = _listed(self.minutes, ()), _listed(self.hours, tuple(range(24)))
        months = _listed(self.months, tuple(range(1, 13)))
        return f"cron({minutes} {hours} {days} {months} {weekdays} *)"


def parse(text: str) -> Cron:
    """The times of five fields; ValueError, with the reason in plain words, if they aren't a schedule."""
    fields = text.lower().split()
    if len(fields) != 5:
        raise ValueError(
            'has to be five fields: minute, hour, day of month, month and weekday, such as "0 6 * * mon"'
        )
    minutes, hours, days, months, weekdays = (
        _numbers(field, *known) for field, known in zip(fields, _FIELDS, strict=True)
    )
    weekdays = tuple(sorted({day % 7 for day in weekdays}))
    cron = Cron(minutes, hours, days, months, weekdays)
    if days != _EVERY_DAY and weekdays != _EVERY_WEEKDAY:
        raise ValueError("has a day of month and a weekday; set one of them to *")
    if all(_MOST_DAYS[month - 1] < days[0] for month in months):
        raise ValueError(f"never comes: none of its months has a day {days[0]}")
    if _shortest_gap(cron) < _SHORTEST_MINUTES:
        raise ValueError(f"comes more often than every {_SHORTEST_MINUTES} minutes")
    return cron


def next_after(cron: Cron, moment: datetime, zone: tzinfo) -> datetime | None:
    """The first time after `moment` (aware) at which the schedule comes, in UTC; None if there is none.

    As in Scheduler, a time that the clock skips in spring is left out, and one that it repeats in autumn
    comes once.
    """
    first = moment.astimezone(zone).date() - timedelta(days=1)
    for day in (first + timedelta(days=number) for number in range(_DAYS_AHEAD)):
        if cron.includes(day):
            found = next((each for each in _times_of(cron, day, zone) if each > moment), None)
            if found:
                return found
    return None


def _times_of(cron: Cron, day: date, zone: tzinfo) -> Iterator[datetime]:
    for hour in cron.hours:
        for minute in cron.minutes:
            local = datetime.combine(day, time(hour, minute), zone)
            moment = local.astimezone(UTC)
            if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
                yield moment


# Of each field: its name, its lowest and highest number, the names of its numbers from the lowest on.
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 7, _WEEKDAYS),
)


def _numbers(field: str, name: str, low: int, high: int, names: tuple[str, ...]) -> tuple[int, ...]:
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        step = int(match["step"] or 1) if match else 0
        if match is None or not 0 < step <= high - low + 1 or bool(match["all"]) == bool(match["first"]):
            raise ValueError(f"can't have {part[:20]!r} as its {name}")
        first, last = low, high
        if match["first"]:
            first = _number(match["first"], name, low, high, names)
            last = _number(match["last"], name, low, high, names) if match["last"] else first
        starts_a_range = bool(match["all"]) ^ bool(match["last"])
        if first > last or (match["step"] and not starts_a_range) or (match["all"] and match["last"]):
            raise ValueError(f"can't have {part[:20]!r} as its {name}")
        found.update(range(first, last + 1, step))
    return tuple(sorted(found))


def _number(text: str, name: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if text in names:
        return low + names.index(text)
    if not (text.isascii() and text.isdecimal()) or not low <= int(text[:3]) <= high:
        or_name = f", or a name such as {names[1]}" if names else ""
        raise ValueError(f"has {text[:20]!r} as its {name}, which is a number from {low} to {high}{or_name}")
    return int(text)


def _listed(numbers: tuple[int, ...], every: tuple[int, ...]) -> str:
    return "*" if numbers == every else ",".join(map(str, numbers))


def _shortest_gap(cron: Cron) -> int:
    """The fewest minutes between two times, but for a change of the clock."""
    times = [hour * 60 + minute for hour in cron.hours for minute in cron.minutes]
    gaps = [after - before for before, after in pairwise(times)]
    if _has_neighbours(cron):
        gaps.append(times[0] + 24 * 60 - times[-1])
    return min(gaps, default=24 * 60)


def _has_neighbours(cron: Cron) -> bool:
    """Whether it can come on two days that follow each other."""
    if cron.weekdays != _EVERY_WEEKDAY:
        return any((day + 1) % 7 in cron.weekdays for day in cron.weekdays)
    is_a_new_month = 1 in cron.days and cron.days[-1] >= min(_MOST_DAYS) - 1
    return is_a_new_month or any(day + 1 in cron.days for day in cron.days)
