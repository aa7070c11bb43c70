"""The price list that ships with the layer."""

from pathlib import Path

from droptrain_core.domain.costs.pricing import PriceList, read_price_list

_FILE = Path(__file__).parent / "data" / "on_demand_prices.csv"


def shipped_prices(region: str) -> PriceList:
    """The shipped on-demand prices of `region`, in USD an hour, and the sizes of all shipped types."""
    return read_price_list(_FILE.read_text("utf-8"), region)
