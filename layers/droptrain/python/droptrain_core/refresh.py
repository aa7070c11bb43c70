"""Refresh: write the current prices of instances into the table, so that a launch reads one item."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from droptrain_core.aws.price_lists import OnDemandPrices
from droptrain_core.aws.price_table import PriceTable
from droptrain_core.aws.spot_prices import SpotPrices
from droptrain_core.domain import times
from droptrain_core.domain.costs.pricing import Refreshed
from droptrain_core.telemetry import logger


@dataclass(frozen=True)
class Done:
    """How many instance types have each price, whether it was written, and which half failed."""

    on_demand: int
    spot: int
    written: bool
    failed: tuple[str, ...]


class Refresh:
    """Reads both lists; a list that can't be read leaves its half of the table's prices unchanged.

    A list is None where AWS has no prices in USD.
    """

    def __init__(
        self,
        spot: SpotPrices | None,
        on_demand: OnDemandPrices | None,
        prices: PriceTable,
        instance_types: tuple[str, ...],
        region: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._spot = spot
        self._on_demand = on_demand
        self._prices = prices
        self._instance_types = instance_types
        self._region = region
        self._clock = clock

    def all(self) -> Done:
        """One refresh, of every instance type that the stack may use.

        After an empty answer, its half of the prices stays unchanged, too.
        """
        now = self._clock()
        at, failed = times.to_text(now), []
        types = self._prices.shipped.expand(self._instance_types)
        try:
            spot = self._spot.read(types, now) if self._spot else {}
        except (BotoCoreError, ClientError):
            logger.exception("EC2 didn't return Spot prices; the known prices stay")
            spot, failed = {}, ["spot"]
        try:
            on_demand = self._on_demand.read(types, self._region) if self._on_demand else {}
        except (BotoCoreError, ClientError):
            logger.exception("The price list didn't answer; the known on-demand prices stay")
            on_demand, failed = {}, [*failed, "on_demand"]
        read = Refreshed(on_demand, at if on_demand else None, spot, at if spot else None)
        written = bool(on_demand or spot) and self._prices.refresh(read, at)
        return Done(len(on_demand), len(spot), written, tuple(failed))
