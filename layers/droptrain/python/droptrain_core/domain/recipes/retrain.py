"""The recipe's field `retrain`: when a project trains again."""

from collections.abc import Mapping
from typing import Any

from droptrain_core.domain.recipes.readers import (
    Reader,
    WrongValueError,
    boolean,
    duration,
    mapping,
    mapping_schema,
    short,
    takes,
    text_of,
)
from droptrain_core.domain.recipes.values import Retrain

_LONGEST_SCHEDULE = 200
_LONGEST_ZONE = 50  # EventBridge Scheduler's limit


@takes(type="string", maxLength=_LONGEST_SCHEDULE, pattern=r"^\s*\S+(?:\s+\S+){4}\s*$")
def _schedule(value: object) -> str:
    from droptrain_core.domain.recipes import cron  # noqa: PLC0415  few recipes have a schedule

    text = text_of(value)
    if len(text) > _LONGEST_SCHEDULE:
        raise WrongValueError(f"has to be at most {_LONGEST_SCHEDULE} characters long, not {len(text)}")
    try:
        cron.parse(text)
    except ValueError as error:
        raise WrongValueError(str(error)) from None
    return " ".join(text.split())


@takes(type="string", minLength=1, maxLength=_LONGEST_ZONE)
def _timezone(value: object) -> str:
    from droptrain_core.domain.recipes.time_zones import NAMES, nearest  # noqa: PLC0415

    text = text_of(value)
    if text in NAMES:
        return text
    near = nearest(text)
    hint = f" (did you mean {near}?)" if near else ""
    raise WrongValueError(f"has to be a time zone such as Europe/Berlin or UTC, not {short(text)}{hint}")


_RETRAIN: Mapping[str, Reader[Any]] = {
    # A dataset that waits without a run is forgotten after 30 days.
    "cooldown": duration(60, 28 * 86400),
    "schedule": _schedule,
    "timezone": _timezone,
    "only_if_new": boolean,
}


@takes(**mapping_schema(_RETRAIN, dependencies={"timezone": ["schedule"], "only_if_new": ["schedule"]}))
def read_retrain(value: object) -> Retrain:
    """The times at which a project trains again."""
    read = mapping(value, _RETRAIN)
    for name in ("timezone", "only_if_new"):
        if name in read and "schedule" not in read:
            raise WrongValueError('is for a schedule, such as {schedule: "0 6 * * mon"}', f".{name}")
    return Retrain(cooldown_seconds=read.pop("cooldown", None), **read)
