"""Prices of EC2 instances, in USD an hour, and their sizes: the shipped ones, and later refreshes."""

from collections.abc import Iterable, Mapping
from dataclasses import field

from droptrain_core.domain.frozen import frozen

PRICES_AS_OF = "2026-01-21"

# An instance registers less memory than its nominal size, and its ECS agent keeps 32 MiB of that: an
# m4.large of 8192 MiB has 7985 (Batch user guide: compute resource memory management).
_MEMORY_REGISTERED = 0.97
_AGENT_MIB = 32


@frozen
class Size:
    """The GPUs, vCPUs and memory of an instance type; `gpu_memory_gib` is the memory of one GPU.

    A type with a `gpu_fraction` below 1 has a part of one GPU. AWS Batch places whole GPUs only.
    """

    gpus: int
    vcpus: int
    memory_gib: float
    gpu_memory_gib: float = 0.0
    gpu_fraction: float = 1.0

    @property
    def has_whole_gpus(self) -> bool:
        """False for a type with a fraction of a GPU."""
        return self.gpu_fraction >= 1

    def holds(self, gpus: int, vcpus: int, memory_mib: int) -> bool:
        """Whether a job with these requirements can be placed on such an instance."""
        if not self.has_whole_gpus:
            return False
        memory = self.memory_gib * 1024 * _MEMORY_REGISTERED - _AGENT_MIB
        return gpus <= self.gpus and vcpus <= self.vcpus and memory_mib <= memory

    def is_too_small(self, gpus: int, vcpus: int, memory_mib: int) -> bool:
        """Whether no such instance can ever hold that job: it has less than its nominal memory to give."""
        is_full = gpus > self.gpus or vcpus > self.vcpus or memory_mib >= self.memory_gib * 1024
        return is_full or not self.has_whole_gpus


@frozen
class Refreshed:
    """A region's refreshed sizes, on-demand prices, and Spot prices by type and zone, each with its time.

    A part that was never read is empty and has no time.
    """

    on_demand: Mapping[str, float] = field(default_factory=dict)
    on_demand_at: str | None = None
    spot: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    spot_at: str | None = None
    sizes: Mapping[str, Size] = field(default_factory=dict)
    sizes_at: str | None = None


@frozen
class PriceList:
    """Prices of one region by instance type; Spot prices by zone, None as their time where they are unknown.

    `sizes` are of all types that any list knows.
    """

    on_demand: Mapping[str, float]
    sizes: Mapping[str, Size] = field(default_factory=dict)
    spot: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    priced_at: str = PRICES_AS_OF
    spot_priced_at: str | None = None

    def refreshed(self, read: Refreshed) -> "PriceList":
        """This list with what was read: prices replace those of their kind, sizes are added."""
        has_on_demand = bool(read.on_demand and read.on_demand_at)
        return PriceList(
            on_demand=read.on_demand if has_on_demand else self.on_demand,
            sizes={**self.sizes, **read.sizes},
            spot=read.spot,
            priced_at=read.on_demand_at if has_on_demand and read.on_demand_at else self.priced_at,
            spot_priced_at=read.spot_at if read.spot else None,
        )

    def expand(self, instance_types: Iterable[str]) -> tuple[str, ...]:
        """The types in a compute environment's list; a family means all its known types.

        `optimal` means none: AWS Batch uses it for families without GPUs.
        """
        known = sorted({*self.sizes, *self.on_demand})
        named = (
            [name] if "." in name else [each for each in known if each.startswith(f"{name}.")]
            for name in instance_types
        )
        return tuple(dict.fromkeys(each for names in named for each in names))

    def could_serve(self, instance_type: str, gpus: int, vcpus: int, memory_mib: int) -> bool:
        """Whether the type has room for such a job; True for a type that no list knows."""
        size = self.sizes.get(instance_type)
        return size is None or size.holds(gpus, vcpus, memory_mib)

    def are_too_small(self, instance_types: Iterable[str], gpus: int, vcpus: int, memory_mib: int) -> bool:
        """Whether none of the types can ever hold such a job; False if none is named or
        the size of one isn't known."""
        named = [each for name in instance_types for each in self.expand([name]) or (name,)]
        sizes = [self.sizes.get(name) for name in named]
        return bool(sizes) and all(
            each is not None and each.is_too_small(gpus, vcpus, memory_mib) for each in sizes
        )

    def spot_price(self, instance_type: str, zone: str | None = None) -> float | None:
        """The Spot price in `zone`, or the lowest if that is unknown; never above the on-demand price.

        A Spot compute environment pays at most the on-demand price unless it says less (Batch API reference:
        ComputeResource, bidPercentage). None if there is no Spot price of the type.
        """
        zones = self.spot.get(instance_type)
        if not zones:
            return None
        return self._capped(instance_type, zones.get(zone or "", min(zones.values())))

    def dearest_spot_price(self, instance_type: str) -> float | None:
        """The Spot price of the most expensive zone, at most the on-demand price; None if there is none."""
        zones = self.spot.get(instance_type)
        return self._capped(instance_type, max(zones.values())) if zones else None

    def cheapest_zone(self, instance_type: str) -> str | None:
        """The zone with the lowest Spot price, the first by name of several."""
        zones = self.spot.get(instance_type)
        return min(zones, key=lambda zone: (zones[zone], zone)) if zones else None

    def _capped(self, instance_type: str, usd: float) -> float:
        return min(usd, self.on_demand.get(instance_type, usd))


def read_price_list(text: str, region: str) -> PriceList:
    """The shipped CSV as the price list of `region`; sizes are the same in all regions.

    A row without a region has the size of a type without a price. No value is quoted: a cold start goes
    without the csv module.
    """
    on_demand: dict[str, float] = {}
    sizes: dict[str, Size] = {}
    columns, *rows = (line.split(",") for line in text.splitlines())
    for values in rows:
        row = dict(zip(columns, values, strict=True))
        name = row["instance_type"]
        if row["region"] == region:
            on_demand[name] = float(row["on_demand_usd_per_hour"])
        if name not in sizes:
            sizes[name] = Size(
                int(row["gpus"]),
                int(row["vcpus"]),
                float(row["memory_gib"]),
                float(row["gpu_memory_gib"]),
                float(row["gpu_fraction"]),
            )
    return PriceList(on_demand, sizes)
