"""AWS's price list: what instances cost on demand."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_pricing import PricingClient

# One product of an instance type: Linux, no software on it, not dedicated, used rather than reserved.
_PLAIN = {
    "operatingSystem": "Linux",
    "preInstalledSw": "NA",
    "tenancy": "Shared",
    "capacitystatus": "Used",
    "marketoption": "OnDemand",
}
_HOURS = "Hrs"


class OnDemandPrices:
    """The price list as the Price List Query API answers it; its client is of one of that API's regions."""

    def __init__(self, client: "PricingClient") -> None:
        self._client = client

    def read(self, instance_types: Iterable[str], region: str) -> dict[str, float]:
        """The types' prices in USD an hour in `region`; absent if not sold there.

        One call a type: AWS documents how a filter matches one value, not how it takes many.
        """
        found: dict[str, float] = {}
        for name in instance_types:
            terms = {**_PLAIN, "regionCode": region, "instanceType": name}
            filters: Any = [
                {"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in terms.items()
            ]
            pages = self._client.get_paginator("get_products").paginate(
                ServiceCode="AmazonEC2", FormatVersion="aws_v1", Filters=filters
            )
            documents = (json.loads(document) for page in pages for document in page["PriceList"])
            usd = max((_usd_per_hour(document, name) for document in documents), default=0.0)
            if usd > 0:
                found[name] = usd
        return found


def _usd_per_hour(document: Mapping[str, Any], instance_type: str) -> float:
    """What one product costs; 0 for another product, or without a price in USD for an hour."""
    if document["product"]["attributes"].get("instanceType") != instance_type:
        return 0.0
    prices = [
        float(dimension["pricePerUnit"]["USD"])
        for term in document["terms"].get("OnDemand", {}).values()
        for dimension in term["priceDimensions"].values()
        if dimension["unit"] == _HOURS and "USD" in dimension["pricePerUnit"]
    ]
    return max(prices, default=0.0)
