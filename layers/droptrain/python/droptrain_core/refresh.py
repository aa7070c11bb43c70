"""Refresh: write the prices and sizes of instances into the table, so that a launch reads one item."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from droptrain_core.aws.instance_types import InstanceTypes
from droptrain_core.aws.price_lists import OnDemandPrices
from droptrain_core.aws.price_table import PriceTable
from droptrain_core.aws.spot_prices import SpotPrices
from droptrain_core.domain import times
from droptrain_core.domain.costs.pricing import Refreshed
from droptrain_core.domain.frozen import frozen
from droptrain_core.telemetry import logger

Found = TypeVar("Found")


@frozen
class Done:
    """How many instance types have each price and a size, whether that was written, and which part failed.

    `fractions` are the stack's types that have a fraction of a GPU, on which no run can train.
    """

    on_demand: int
    spot: int
    sizes: int
    written: bool
    failed: tuple[str, ...]
    fractions: tuple[str, ...]


class Refresh:
    """Reads all three lists; a list that can't be read leaves its part of the table's prices unchanged.

    A list of prices is None where AWS has none in USD.
    """

    def __init__(
        self,
        types: InstanceTypes,
        spot: SpotPrices | None,
        on_demand: OnDemandPrices | None,
        prices: PriceTable,
        instance_types: tuple[str, ...],
        region: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._types = types
        self._spot = spot
        self._on_demand = on_demand
        self._prices = prices
        self._instance_types = instance_types
        self._region = region
        self._clock = clock

    def all(self) -> Done:
        """One refresh, of every instance type that the stack may use.

        After an empty answer, its part of the prices stays unchanged, too.
        """
        now = self._clock()
        at = times.to_text(now)
        failed: list[str] = []
        sizes = _read("sizes", lambda: self._types.read(self._instance_types), failed)
        types = self._prices.shipped.refreshed(Refreshed(sizes=sizes)).expand(self._instance_types)
        spot = _read("spot", lambda: self._spot.read(types, now) if self._spot else {}, failed)
        on_demand = _read(
            "on_demand", lambda: self._on_demand.read(types, self._region) if self._on_demand else {}, failed
        )
        read = Refreshed(
            on_demand, at if on_demand else None, spot, at if spot else None, sizes, at if sizes else None
        )
        written = bool(on_demand or spot or sizes) and self._prices.refresh(read, at)
        fractions = tuple(name for name, size in sorted(sizes.items()) if not size.has_whole_gpus)
        return Done(len(on_demand), len(spot), len(sizes), written, tuple(failed), fractions)


def _read(name: str, read: Callable[[], Mapping[str, Found]], failed: list[str]) -> Mapping[str, Found]:
    """What a list answers; nothing, and its name in `failed`, if it can't be read."""
    try:
        return read()
    except (BotoCoreError, ClientError):
        logger.exception("AWS didn't answer with %s; the known ones stay", name)
        failed.append(name)
        return {}
