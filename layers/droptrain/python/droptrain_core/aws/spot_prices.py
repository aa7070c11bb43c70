"""EC2's current Spot prices."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


class SpotPrices:
    """What Linux instances cost on Spot in the client's region."""

    def __init__(self, client: "EC2Client") -> None:
        self._client = client

    def read(self, instance_types: Iterable[str], now: datetime) -> dict[str, dict[str, float]]:
        """Prices in USD an hour by type and zone; a type that Spot doesn't offer here isn't in it.

        A history that starts now holds the price of now (EC2 API reference, DescribeSpotPriceHistory). Of
        several prices of a zone the newest counts.
        """
        pages = self._client.get_paginator("describe_spot_price_history").paginate(
            InstanceTypes=list(instance_types),  # type: ignore[arg-type]  # more are there than stubs know
            ProductDescriptions=["Linux/UNIX"],
            StartTime=now,
        )
        prices: dict[str, dict[str, tuple[datetime, float]]] = {}
        for page in pages:
            for each in page["SpotPriceHistory"]:
                zones = prices.setdefault(each["InstanceType"], {})
                quote = (each["Timestamp"], float(each["SpotPrice"]))
                zones[each["AvailabilityZone"]] = max(quote, zones.get(each["AvailabilityZone"], quote))
        return {
            name: {zone: usd for zone, (_, usd) in sorted(zones.items())}
            for name, zones in sorted(prices.items())
        }
