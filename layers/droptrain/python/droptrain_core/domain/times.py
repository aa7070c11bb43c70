"""Times as the contract writes them: UTC, to the second, `2026-11-23T02:10:00Z`."""

from datetime import UTC, datetime


def to_text(moment: datetime) -> str:
    """`moment` (aware) as the contract's text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_text(text: str) -> datetime:
    """The contract's text, or any ISO 8601 text with a zone, as an aware datetime; ValueError otherwise."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return moment.astimezone(UTC)


def from_epoch_ms(milliseconds: object) -> datetime | None:
    """Batch's epoch milliseconds as an aware datetime; None for anything that isn't a time."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def in_words(seconds: int) -> str:
    """A duration in two units: `1 h 5 min`, `3 min 20 s`, `18 s`."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
