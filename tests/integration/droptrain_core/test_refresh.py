"""A refresh of the prices, from what EC2 and the price list answer over HTTP to the table."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import botocore.session
import pytest
from botocore.config import Config
from droptrain_core.aws.price_lists import OnDemandPrices
from droptrain_core.aws.spot_prices import SpotPrices
from droptrain_core.domain.costs.pricing import Listing, Size
from droptrain_core.refresh import Done, Refresh
from support.core_stack import PRICES, Stack
from support.scripted_server import Asked, ScriptedServer, Told

AT = "2026-11-23T02:10:00Z"
TYPES = ("g4dn.xlarge", "g5.xlarge")
SPOT = [
    [("g4dn.xlarge", "eu-west-1a", "0.245600", "2026-11-23T01:05:13.000Z"),
     ("g4dn.xlarge", "eu-west-1b", "0.236300", "2026-11-22T20:17:40.000Z")],
    [("g5.xlarge", "eu-west-1a", "0.488700", "2026-11-23T00:31:02.000Z"),
     ("g4dn.xlarge", "eu-west-1b", "0.300000", "2026-11-22T08:02:11.000Z")],
]  # fmt: skip


def spot_page(prices: list[tuple[str, str, str, str]], token: str = "") -> bytes:
    """A page as EC2's protocol words it (botocore's model: ec2, DescribeSpotPriceHistoryResult)."""
    items = "".join(
        f"<item><instanceType>{name}</instanceType><productDescription>Linux/UNIX</productDescription>"
        f"<spotPrice>{usd}</spotPrice><timestamp>{at}</timestamp>"
        f"<availabilityZone>{zone}</availabilityZone><availabilityZoneId>euw1-az1</availabilityZoneId></item>"
        for name, zone, usd, at in prices
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<DescribeSpotPriceHistoryResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        "<requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId>"
        f"<spotPriceHistorySet>{items}</spotPriceHistorySet><nextToken>{token}</nextToken>"
        "</DescribeSpotPriceHistoryResponse>"
    ).encode()


def product(name: str, usd: str, *, memory: str = "16 GiB", gpu: str | None = "1", **dimension: Any) -> str:
    """A product as the price list writes it, a JSON text (Price List user guide, GetProducts)."""
    attributes = {
        "instanceType": name, "vcpu": "4", "memory": memory, "operatingSystem": "Linux", "tenancy": "Shared",
        "preInstalledSw": "NA", "capacitystatus": "Used", "regionCode": "eu-west-1",
        **({"gpu": gpu} if gpu else {}),
    }  # fmt: skip
    term = {
        "sku": "SKU1", "offerTermCode": "JRTCKXETXF", "effectiveDate": "2026-11-01T00:00:00Z",
        "termAttributes": {},
        "priceDimensions": {"SKU1.JRTCKXETXF.6YS6EN2CT7": {
            "unit": "Hrs", "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": usd}, **dimension,
        }},
    }  # fmt: skip
    reserved = {"SKU1.4NA7Y494T4": {"priceDimensions": {"x": {"unit": "Hrs", "pricePerUnit": {"USD": "9"}}}}}
    return json.dumps({
        "product": {"productFamily": "Compute Instance", "attributes": attributes, "sku": "SKU1"},
        "serviceCode": "AmazonEC2", "terms": {"OnDemand": {"SKU1.JRTCKXETXF": term}, "Reserved": reserved},
        "version": "20261120", "publicationDate": "2026-11-20T00:00:00Z",
    })  # fmt: skip


class Shop:
    """What the two APIs answer: pages of Spot prices, and pages of products by instance type."""

    def __init__(self) -> None:
        self.spot: list[bytes | int] = [spot_page(SPOT[0], "more"), spot_page(SPOT[1])]
        self.products: dict[str, list[list[str]]] = {
            "g4dn.xlarge": [[], [product("g4dn.xlarge", "0.5870000000")]],
            "g5.xlarge": [[product("g5.xlarge", "1.1230000000", memory="1,024 GiB")]],
        }
        self.fails: int | None = None
        self.at = AT

    def answer(self, asked: Asked) -> Told:
        if asked.headers.get("x-amz-target") == "AWSPriceListService.GetProducts":
            return self._products(asked.document)
        form = parse_qs(asked.body.decode())
        assert form["Action"] == ["DescribeSpotPriceHistory"]
        assert [form[f"InstanceType.{number}"][0] for number in (1, 2)] == list(TYPES)
        assert (form["ProductDescription.1"], form["StartTime"]) == (["Linux/UNIX"], [self.at])
        page = self.spot[1 if form.get("NextToken") == ["more"] else 0]
        if isinstance(page, int):
            error = (
                b"<Response><Errors><Error><Code>%s</Code><Message>m</Message></Error></Errors></Response>"
            )
            return Told(page, error % b"UnauthorizedOperation", {"Content-Type": "text/xml"})
        return Told(200, page, {"Content-Type": "text/xml"})

    def _products(self, asked: dict[str, Any]) -> Told:
        wanted = {each["Field"]: each["Value"] for each in asked["Filters"]}
        assert wanted == {
            "operatingSystem": "Linux", "preInstalledSw": "NA", "tenancy": "Shared",
            "capacitystatus": "Used", "marketoption": "OnDemand", "regionCode": "eu-west-1",
            "instanceType": wanted["instanceType"],
        }  # fmt: skip
        assert {each["Type"] for each in asked["Filters"]} == {"TERM_MATCH"}
        if self.fails:
            return Told(self.fails, {"__type": "AccessDeniedException", "message": "no"})
        pages = self.products.get(wanted["instanceType"], [[]])
        number = int(asked.get("NextToken", 0))
        body: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": pages[number]}
        if number + 1 < len(pages):
            body["NextToken"] = str(number + 1)
        return Told(200, body, {"Content-Type": "application/x-amz-json-1.1"})


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def server(shop: Shop) -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    server.answer = shop.answer
    yield server
    server.close()


def client(server: ScriptedServer, service: str) -> Any:
    config = Config(retries={"total_max_attempts": 1}, proxies={})
    return botocore.session.get_session().create_client(
        service, "eu-west-1", endpoint_url=server.url, config=config
    )


@pytest.fixture
def refresh(stack: Stack, server: ScriptedServer) -> Refresh:
    spot, on_demand = SpotPrices(client(server, "ec2")), OnDemandPrices(client(server, "pricing"))
    return Refresh(spot, on_demand, stack.prices, TYPES, "eu-west-1", stack.clock)


def test_a_refresh_puts_both_lists_into_one_item(stack: Stack, refresh: Refresh) -> None:
    assert refresh.all() == Done(on_demand=2, spot=2, written=True, failed=())
    prices = stack.prices.read("p").prices
    assert prices.on_demand == {"g4dn.xlarge": 0.587, "g5.xlarge": 1.123}
    assert prices.sizes == {"g4dn.xlarge": Size(1, 4, 16), "g5.xlarge": Size(1, 4, 1024)}
    assert prices.spot == {
        "g4dn.xlarge": {"eu-west-1a": 0.2456, "eu-west-1b": 0.2363},  # the newer of two
        "g5.xlarge": {"eu-west-1a": 0.4887},
    }
    assert (prices.priced_at, prices.spot_priced_at) == (AT, AT)


def test_the_answers_are_what_botocore_s_models_know(server: ScriptedServer) -> None:
    """No field of the fixtures is one that the protocol has no name for: nothing gets lost on the way."""
    server.answer = lambda asked: Told(200, spot_page(SPOT[0][:1], "more"), {"Content-Type": "text/xml"})
    answer = client(server, "ec2").describe_spot_price_history()
    assert answer["NextToken"] == "more"
    assert answer["SpotPriceHistory"] == [{
        "InstanceType": "g4dn.xlarge", "ProductDescription": "Linux/UNIX", "SpotPrice": "0.245600",
        "Timestamp": datetime(2026, 11, 23, 1, 5, 13, tzinfo=UTC), "AvailabilityZone": "eu-west-1a",
        "AvailabilityZoneId": "euw1-az1",
    }]  # fmt: skip
    model = botocore.session.get_session().get_service_model("pricing").operation_model("GetProducts")
    assert model.output_shape
    assert set(model.output_shape.members) == {"FormatVersion", "PriceList", "NextToken"}


@pytest.mark.parametrize(("trouble", "failed"), [
    ("spot", ("spot",)),
    ("on_demand", ("on_demand",)),
    ("both", ("spot", "on_demand")),
])  # fmt: skip
def test_what_can_not_be_read_leaves_its_half_as_it_is(
    stack: Stack, refresh: Refresh, shop: Shop, trouble: str, failed: tuple[str, ...]
) -> None:
    refresh.all()
    before = stack.prices.read("p").prices
    stack.later(hours=6)
    shop.at = "2026-11-23T08:10:00Z"
    if trouble != "on_demand":
        shop.spot = [403]
    if trouble != "spot":
        shop.fails = 400
    done = refresh.all()
    assert (done.failed, done.written) == (failed, trouble != "both")
    after = stack.prices.read("p").prices
    assert (after.on_demand, after.spot) == (before.on_demand, before.spot)
    assert (after.priced_at == AT) == (trouble != "spot")
    assert (after.spot_priced_at == AT) == (trouble != "on_demand")


def test_an_empty_list_is_no_price_list(stack: Stack, refresh: Refresh, shop: Shop) -> None:
    shop.spot, shop.products = [spot_page([])], {}
    assert refresh.all() == Done(on_demand=0, spot=0, written=False, failed=())
    assert stack.prices.read("p").prices == PRICES


@pytest.mark.parametrize("other", [
    product("g4dn.2xlarge", "0.9"),
    product("g4dn.xlarge", "0.0000000000"),
    product("g4dn.xlarge", "3", unit="Quantity"),
    product("g4dn.xlarge", "3", pricePerUnit={"CNY": "3.7"}),
])  # fmt: skip
def test_what_is_no_price_of_an_hour_in_usd_is_passed_over(refresh: Refresh, shop: Shop, other: str) -> None:
    shop.products = {"g4dn.xlarge": [[other]]}
    assert refresh.all().on_demand == 0


def test_a_product_without_a_gpu_or_a_size_is_read_all_the_same(
    stack: Stack, server: ScriptedServer, shop: Shop
) -> None:
    shop.products = {
        "m7i.large": [[product("m7i.large", "0.1", gpu=None)]],
        "g9.xlarge": [[product("g9.xlarge", "2", memory="NA")]],
    }
    found = OnDemandPrices(client(server, "pricing")).read(("m7i.large", "g9.xlarge"), "eu-west-1")
    assert found == {"m7i.large": Listing(0.1, Size(0, 4, 16)), "g9.xlarge": Listing(2.0, None)}


def test_a_part_of_aws_without_prices_in_usd_is_asked_for_none(stack: Stack) -> None:
    refresh = Refresh(None, None, stack.prices, TYPES, "cn-north-1", stack.clock)
    assert refresh.all() == Done(on_demand=0, spot=0, written=False, failed=())


def test_the_next_launch_takes_what_was_refreshed(stack: Stack, refresh: Refresh) -> None:
    refresh.all()
    stack.publish_project()
    for event in stack.drop():
        stack.launch.upload(*event)
    (run,) = stack.query.runs(limit=1).runs
    assert run.estimate
    assert [offer.spot_zone for offer in run.estimate.offers] == ["eu-west-1b"]
