"""Estimates of cost from a shipped list of EC2 on-demand prices."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from droptrain.domain import times
from droptrain.domain.run import Attempt, Cost

PRICES_AS_OF = "2025-11-30"


@dataclass(frozen=True)
class PriceList:
    """On-demand prices of one region, USD an hour, by instance type."""

    usd_per_hour: Mapping[str, float]

    def estimate(self, attempts: Iterable[Attempt], instance_type: str) -> Cost | None:
        """What `attempts` would cost on demand; None if the type has no price here. Spot costs less."""
        price = self.usd_per_hour.get(instance_type)
        if price is None:
            return None
        seconds = sum(_seconds(attempt) for attempt in attempts)
        return Cost(
            estimate_usd=round(seconds * price / 3600, 6),
            instance_type=instance_type,
            usd_per_hour=price,
            seconds=round(seconds),
            basis="on-demand list price; Spot costs less",
            priced_at=PRICES_AS_OF,
        )

    def seconds_for(self, usd: float, instance_type: str) -> float | None:
        """How many seconds of `instance_type` `usd` buys on demand; None without a price."""
        price = self.usd_per_hour.get(instance_type)
        return usd / price * 3600 if price else None


def read_price_list(text: str, region: str) -> PriceList:
    """The prices of `region` in the shipped CSV."""
    rows = (row for row in csv.DictReader(text.splitlines()) if row["region"] == region)
    return PriceList({row["instance_type"]: float(row["on_demand_usd_per_hour"]) for row in rows})


def _seconds(attempt: Attempt) -> float:
    moments = [_moment(attempt.started_at), _moment(attempt.stopped_at)]
    started, stopped = moments
    return max((stopped - started).total_seconds(), 0.0) if started and stopped else 0.0


def _moment(text: str | None) -> datetime | None:
    return times.from_text(text) if text else None
