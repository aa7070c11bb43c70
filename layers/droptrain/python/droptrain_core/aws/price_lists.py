"""AWS's price list: what instances cost on demand."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from droptrain_core.domain.costs.pricing import Listing, Size

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

    def read(self, instance_types: Iterable[str], region: str) -> dict[str, Listing]:
        """The types' prices in USD an hour in `region`, with their sizes; absent if not sold there.

        One call a type: AWS documents how a filter matches one value, not how it takes many.
        """
        found: dict[str, Listing] = {}
        for name in instance_types:
            terms = {**_PLAIN, "regionCode": region, "instanceType": name}
            filters: Any = [
                {"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in terms.items()
            ]
            pages = self._client.get_paginator("get_products").paginate(
                ServiceCode="AmazonEC2", FormatVersion="aws_v1", Filters=filters
            )
            documents = (json.loads(document) for page in pages for document in page["PriceList"])
            listings = [each for document in documents if (each := _listing(document, name))]
            if listings:
                found[name] = max(listings, key=lambda each: each.usd_per_hour)
        return found


def _listing(document: Mapping[str, Any], instance_type: str) -> Listing | None:
    """What one product says; None for another product, or without a price in USD for an hour."""
    attributes = document["product"]["attributes"]
    if attributes.get("instanceType") != instance_type:
        return None
    prices = [
        float(dimension["pricePerUnit"]["USD"])
        for term in document["terms"].get("OnDemand", {}).values()
        for dimension in term["priceDimensions"].values()
        if dimension["unit"] == _HOURS and "USD" in dimension["pricePerUnit"]
    ]
    usd = max(prices, default=0.0)
    return Listing(usd, _size(attributes)) if usd > 0 else None


def _size(attributes: Mapping[str, str]) -> Size | None:
    """The size that a product's attributes tell, such as "16 GiB"; None if they tell none."""
    memory, _, unit = attributes.get("memory", "").partition(" ")
    if unit != "GiB":
        return None
    return Size(
        gpus=int(attributes.get("gpu", "0")),
        vcpus=int(attributes["vcpu"]),
        memory_gib=float(memory.replace(",", "")),
    )
