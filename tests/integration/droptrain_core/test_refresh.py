"""A refresh of prices and sizes, from what EC2 and the price list answer over HTTP to the table."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import boto3
import botocore.session
import pytest
from botocore.config import Config
from droptrain_core.aws.instance_types import InstanceTypes
from droptrain_core.aws.price_lists import OnDemandPrices
from droptrain_core.aws.spot_prices import SpotPrices
from droptrain_core.domain.costs.pricing import Size
from droptrain_core.refresh import Done, Refresh
from droptrain_core.shipped_prices import shipped_prices
from moto import mock_aws
from support.core_stack import PRICES, Stack
from support.scripted_server import Asked, Reply, ScriptedServer

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


def described(*found: tuple[str, int, int, int, int, str, float]) -> bytes:
    """EC2's description of types (botocore's model: ec2, DescribeInstanceTypesResult).

    Each is (name, vCPUs, MiB of memory, GPUs, MiB of each GPU, its manufacturer, part of a GPU).
    """
    items = "".join(
        f"<item><instanceType>{name}</instanceType><vCpuInfo><defaultVCpus>{vcpus}</defaultVCpus></vCpuInfo>"
        f"<memoryInfo><sizeInMiB>{mib}</sizeInMiB></memoryInfo><gpuInfo><gpus><item><count>{gpus}</count>"
        f"<manufacturer>{maker}</manufacturer><name>L4</name><memoryInfo><sizeInMiB>{gpu_mib}</sizeInMiB>"
        f"</memoryInfo><logicalGpuCount>1</logicalGpuCount><gpuPartitionSize>{part}</gpuPartitionSize>"
        f"</item></gpus><totalGpuMemoryInMiB>{gpu_mib}</totalGpuMemoryInMiB></gpuInfo></item>"
        for name, vcpus, mib, gpus, gpu_mib, maker, part in found
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<DescribeInstanceTypesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        "<requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId>"
        f"<instanceTypeSet>{items}</instanceTypeSet></DescribeInstanceTypesResponse>"
    ).encode()


def product(name: str, usd: str, *, gpu: str = "1", **dimension: Any) -> str:
    """A product as the price list writes it, a JSON text (Price List user guide, GetProducts)."""
    attributes = {
        "instanceType": name, "vcpu": "4", "memory": "16 GiB", "operatingSystem": "Linux", "gpu": gpu,
        "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used", "regionCode": "eu-west-1",
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


T4 = ("g4dn.xlarge", 4, 16384, 1, 16384, "NVIDIA", 1.0)
A10G = ("g5.xlarge", 4, 16384, 1, 22888, "NVIDIA", 1.0)


class Shop:
    """What the two APIs answer: types, pages of Spot prices, and pages of products by instance type."""

    def __init__(self) -> None:
        self.types: bytes | int = described(T4, A10G)
        self.asked_for = list(TYPES)
        self.spot: list[bytes | int] = [spot_page(SPOT[0], "more"), spot_page(SPOT[1])]
        self.products: dict[str, list[list[str]]] = {
            "g4dn.xlarge": [[], [product("g4dn.xlarge", "0.5870000000")]],
            "g5.xlarge": [[product("g5.xlarge", "1.1230000000", gpu="0.125")]],
        }
        self.fails: int | None = None
        self.at = AT

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("x-amz-target") == "AWSPriceListService.GetProducts":
            return self._products(asked.document)
        form = parse_qs(asked.body.decode())
        if form["Action"] == ["DescribeInstanceTypes"]:
            assert form["Filter.1.Name"] == ["instance-type"]
            assert [each for name, (each,) in form.items() if ".Value." in name] == self.asked_for
            page = self.types
        else:
            assert form["Action"] == ["DescribeSpotPriceHistory"]
            assert [form[f"InstanceType.{number}"][0] for number in (1, 2)] == list(TYPES)
            assert (form["ProductDescription.1"], form["StartTime"]) == (["Linux/UNIX"], [self.at])
            page = self.spot[1 if form.get("NextToken") == ["more"] else 0]
        if isinstance(page, int):
            error = (
                b"<Response><Errors><Error><Code>%s</Code><Message>m</Message></Error></Errors></Response>"
            )
            return Reply(page, error % b"UnauthorizedOperation", {"Content-Type": "text/xml"})
        return Reply(200, page, {"Content-Type": "text/xml"})

    def _products(self, asked: dict[str, Any]) -> Reply:
        wanted = {each["Field"]: each["Value"] for each in asked["Filters"]}
        assert wanted == {
            "operatingSystem": "Linux", "preInstalledSw": "NA", "tenancy": "Shared",
            "capacitystatus": "Used", "marketoption": "OnDemand", "regionCode": "eu-west-1",
            "instanceType": wanted["instanceType"],
        }  # fmt: skip
        assert {each["Type"] for each in asked["Filters"]} == {"TERM_MATCH"}
        if self.fails:
            return Reply(self.fails, {"__type": "AccessDeniedException", "message": "no"})
        pages = self.products.get(wanted["instanceType"], [[]])
        number = int(asked.get("NextToken", 0))
        body: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": pages[number]}
        if number + 1 < len(pages):
            body["NextToken"] = str(number + 1)
        return Reply(200, body, {"Content-Type": "application/x-amz-json-1.1"})


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
    return refresh_of(stack, server, TYPES)


def refresh_of(stack: Stack, server: ScriptedServer, types: tuple[str, ...]) -> Refresh:
    ec2, pricing = client(server, "ec2"), client(server, "pricing")
    return Refresh(
        InstanceTypes(ec2), SpotPrices(ec2), OnDemandPrices(pricing), stack.prices, types, "eu-west-1",
        stack.clock,
    )  # fmt: skip


def done(on_demand: int, spot: int, sizes: int, **more: Any) -> Done:
    return Done(on_demand, spot, sizes, **{"written": True, "failed": (), "fractions": (), **more})


def test_a_refresh_puts_all_lists_into_one_item(stack: Stack, refresh: Refresh) -> None:
    assert refresh.all() == done(2, 2, 2)
    prices = stack.prices.read("p").prices
    assert prices.on_demand == {"g4dn.xlarge": 0.587, "g5.xlarge": 1.123}
    assert prices.sizes == {"g4dn.xlarge": Size(1, 4, 16, 16), "g5.xlarge": Size(1, 4, 16, 22.35)}
    assert prices.spot == {
        "g4dn.xlarge": {"eu-west-1a": 0.2456, "eu-west-1b": 0.2363},  # the newer of two
        "g5.xlarge": {"eu-west-1a": 0.4887},
    }
    assert (prices.priced_at, prices.spot_priced_at) == (AT, AT)


def test_the_answers_are_what_botocore_s_models_know(server: ScriptedServer) -> None:
    """No field of the fixtures is one that the protocol has no name for: nothing gets lost on the way."""
    server.answer = lambda asked: Reply(200, spot_page(SPOT[0][:1], "more"), {"Content-Type": "text/xml"})
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
    ("sizes", ("sizes",)),
    ("all", ("sizes", "spot", "on_demand")),
])  # fmt: skip
def test_a_list_that_can_not_be_read_leaves_its_part_as_it_is(
    stack: Stack, refresh: Refresh, shop: Shop, trouble: str, failed: tuple[str, ...]
) -> None:
    refresh.all()
    before = stack.prices.read("p").prices
    stack.later(hours=6)
    shop.at = "2026-11-23T08:10:00Z"
    if trouble in ("spot", "all"):
        shop.spot = [403]
    if trouble in ("on_demand", "all"):
        shop.fails = 400
    if trouble in ("sizes", "all"):
        shop.types = 403
    now = refresh.all()
    assert (now.failed, now.written) == (failed, trouble != "all")
    after = stack.prices.read("p").prices
    assert (after.on_demand, after.spot, after.sizes) == (before.on_demand, before.spot, before.sizes)
    assert (after.priced_at == AT) == (trouble in ("on_demand", "all"))
    assert (after.spot_priced_at == AT) == (trouble in ("spot", "all"))


def test_an_empty_list_is_no_price_list(stack: Stack, refresh: Refresh, shop: Shop) -> None:
    shop.spot, shop.products, shop.types = [spot_page([])], {}, described()
    assert refresh.all() == done(0, 0, 0, written=False)
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


def test_a_part_of_aws_without_prices_in_usd_is_asked_for_sizes_alone(
    stack: Stack, server: ScriptedServer
) -> None:
    types = InstanceTypes(client(server, "ec2"))
    refresh = Refresh(types, None, None, stack.prices, TYPES, "cn-north-1", stack.clock)
    assert refresh.all() == done(0, 0, 2)
    assert stack.prices.read("p").prices.on_demand == PRICES.on_demand


def test_a_family_is_asked_for_by_all_its_types(stack: Stack, server: ScriptedServer, shop: Shop) -> None:
    shop.asked_for = ["g4dn.*", "g5.xlarge"]
    assert refresh_of(stack, server, ("g4dn", "g5.xlarge")).all() == done(2, 2, 2)


def test_a_type_that_no_shipped_list_knows_trains_after_a_refresh(
    stack: Stack, server: ScriptedServer, shop: Shop
) -> None:
    """EC2's answer is G7e's, with another family's name."""
    shop.asked_for = ["g99e.2xlarge"]
    shop.types = described(("g99e.2xlarge", 8, 65536, 1, 98304, "NVIDIA", 1.0))
    shop.products = {"g99e.2xlarge": [[product("g99e.2xlarge", "3.3631200000")]]}
    stack.types = ("g99e.2xlarge",)
    types, on_demand = InstanceTypes(client(server, "ec2")), OnDemandPrices(client(server, "pricing"))
    Refresh(types, None, on_demand, stack.prices, stack.types, "eu-west-1", stack.clock).all()
    stack.publish_project()
    stack.put(
        "projects/penguins/train.yaml", b"resources: {gpus: 1, vcpus: 8, memory_gib: 56}\ntimeout: 1h\n"
    )
    for event in stack.drop():
        stack.launch.upload(*event)
    (run,) = stack.query.runs(limit=1).runs
    assert run.status == "SUBMITTED", run.cause
    assert run.estimate
    [offer] = run.estimate.offers
    assert (offer.instance_type, offer.on_demand_usd_per_hour, offer.gpu_memory_gib) == (
        "g99e.2xlarge", 3.36312, 96,
    )  # fmt: skip


def test_types_with_a_fraction_of_a_gpu_are_named_and_left_out(
    stack: Stack, server: ScriptedServer, shop: Shop
) -> None:
    shop.asked_for = ["g6f.large", "g5.xlarge"]
    shop.types = described(("g6f.large", 2, 8192, 0, 2861, "NVIDIA", 0.125), A10G)
    types = InstanceTypes(client(server, "ec2"))
    refresh = Refresh(types, None, None, stack.prices, ("g6f.large", "g5.xlarge"), "eu-west-1", stack.clock)
    assert refresh.all() == done(0, 0, 2, fractions=("g6f.large",))
    prices = stack.prices.read("p").prices
    assert prices.sizes["g6f.large"] == Size(0, 2, 8, 2.79, 0.125)
    assert not prices.could_serve("g6f.large", 1, 1, 1024)


def test_gpus_of_another_manufacturer_do_not_count(server: ScriptedServer, shop: Shop) -> None:
    shop.asked_for = ["g4ad.xlarge"]
    shop.types = described(("g4ad.xlarge", 4, 16384, 1, 8192, "AMD", 1.0))
    found = InstanceTypes(client(server, "ec2")).read(("g4ad.xlarge",))
    assert found == {"g4ad.xlarge": Size(0, 4, 16)}


def test_a_type_without_gpus_has_none(server: ScriptedServer, shop: Shop) -> None:
    shop.asked_for = ["m7i.large"]
    shop.types = (
        described(("m7i.large", 2, 8192, 0, 0, "NVIDIA", 1.0))
        .replace(b"<gpuInfo>", b"<!--")
        .replace(b"</gpuInfo>", b"-->")
    )
    assert InstanceTypes(client(server, "ec2")).read(("m7i.large",)) == {"m7i.large": Size(0, 2, 8)}


def test_sizes_are_those_of_ec2_s_own_description() -> None:
    """moto ships what DescribeInstanceTypes answered."""
    names = ("g4dn.xlarge", "g5.12xlarge", "g6f.large", "g7e.2xlarge", "p5.48xlarge")
    with mock_aws():
        found = InstanceTypes(boto3.client("ec2", region_name="us-east-1")).read(names)
    shipped = shipped_prices("us-east-1").sizes
    assert found == {name: shipped[name] for name in names}


def test_the_next_launch_takes_what_was_refreshed(stack: Stack, refresh: Refresh) -> None:
    refresh.all()
    stack.publish_project()
    for event in stack.drop():
        stack.launch.upload(*event)
    (run,) = stack.query.runs(limit=1).runs
    assert run.estimate
    assert [offer.spot_zone for offer in run.estimate.offers] == ["eu-west-1b"]
