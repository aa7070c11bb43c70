"""The estimate at a launch: a run's eligible instance types, its duration and its cost."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from droptrain_core.domain import times
from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.frozen import frozen

if TYPE_CHECKING:
    from droptrain_core.domain.costs.pricing import PriceList

# A project's history keeps the durations of this many successful runs.
HISTORY_KEPT = 10
# A record is read and written with every change, so it names at most this many types.
_OFFERS_KEPT = 12
# A training of this many seconds or more, on Spot and without a checkpoint, gets a warning.
LONG_SECONDS = 900
# A shorter training isn't worth an instance.
SHORTEST_SECONDS = 60
# How long after its `timeout` a container may save what the training left, such as a model of several GB.
SAVE_SECONDS = 600
# How long after its `timeout` a run can still cost: the time to save, seven minutes until a pass of the
# reconciler reaches the run, and a minute in which AWS Batch ends the job.
OVERRUN_SECONDS = SAVE_SECONDS + 480
NO_CHECKPOINT = "no_checkpoint"


@frozen
class Offer:
    """An eligible instance type of a run; USD an hour, None if unknown. The zone is the cheapest.

    `gpu_memory_gib` is the memory of each GPU, None if unknown or without GPUs.
    """

    instance_type: str
    on_demand_usd_per_hour: float | None
    spot_usd_per_hour: float | None
    spot_zone: str | None
    gpu_memory_gib: float | None = None


@frozen
class Estimate:
    """A run's possible cost at its launch; prices are of `priced_at`, Spot prices of `spot_priced_at`.

    `offers` has at most a dozen, the cheapest first. `worst_usd` is `worst_usd_per_hour` for
    the run's `timeout` and OVERRUN_SECONDS, and `prepare_worst_usd`, the most that its preparation step can
    cost. What is expected is the training's; without a successful run of the project nothing is.
    """

    offers: tuple[Offer, ...]
    expected_seconds: int | None
    expected_usd: float | None
    worst_usd: float
    worst_usd_per_hour: float
    basis: str
    priced_at: str
    spot_priced_at: str | None = None
    prepare_worst_usd: float = 0.0

    def with_preparation(self, usd: float) -> "Estimate":
        """The estimate of a run whose preparation step can cost up to `usd`."""
        return replace(self, worst_usd=round(self.worst_usd + usd, 6), prepare_worst_usd=usd)

    def without_preparation(self) -> "Estimate":
        """The estimate of a run that uses data which are prepared already."""
        usd = self.prepare_worst_usd
        return replace(self, worst_usd=round(self.worst_usd - usd, 6), prepare_worst_usd=0.0)


@frozen
class Rate:
    """A price in USD an hour, and the name of its instance type for texts."""

    usd_per_hour: float
    of_what: str

    @classmethod
    def of(cls, usd_per_hour: float | None, of_what: str) -> "Rate | None":
        """None for a price that isn't known."""
        return None if usd_per_hour is None else cls(usd_per_hour, of_what)

    def usd(self, seconds: float) -> float:
        """The cost of so many seconds."""
        return round(seconds * self.usd_per_hour / 3600, 6)


@frozen
class EligibleInstances:
    """The eligible instance types of a run, the cheapest first, and the two rates of its estimate.

    `history` has the durations of the project's last successful runs, in seconds. `is_unsaved` means that the
    run may train on Spot, and the last one left no checkpoint.
    """

    offers: tuple[Offer, ...]
    likely: Rate
    dearest: Rate
    history: tuple[int, ...]
    priced_at: str
    spot_priced_at: str | None
    is_unsaved: bool = False

    def worst_usd(self, timeout_seconds: int) -> float:
        """The most that so much time can cost."""
        return self.dearest.usd(timeout_seconds + OVERRUN_SECONDS)

    def seconds_for(self, usd: float) -> float:
        """The timeout that `usd` pays for at the highest rate."""
        return usd / self.dearest.usd_per_hour * 3600 - OVERRUN_SECONDS

    def estimate(self, timeout_seconds: int) -> Estimate:
        """The estimate of a run whose attempts together train for at most `timeout_seconds`."""
        history = self.history
        seconds = min(_median(history), timeout_seconds) if history else None
        worst = (
            f"at worst {times.in_words(timeout_seconds)} in all attempts, and "
            f"{times.in_words(OVERRUN_SECONDS)} until the run is ended, at the price of "
            f"{self.dearest.of_what}"
        )
        if seconds is None:
            basis = f"the project has no successful run yet, so the duration is unknown; {worst}"
        else:
            runs = "last successful run" if len(history) == 1 else f"last {len(history)} successful runs"
            basis = f"as long as the project's {runs}, at the price of {self.likely.of_what}; {worst}"
        return Estimate(
            offers=self.offers[:_OFFERS_KEPT],
            expected_seconds=seconds,
            expected_usd=None if seconds is None else self.likely.usd(seconds),
            worst_usd=self.worst_usd(timeout_seconds),
            worst_usd_per_hour=self.dearest.usd_per_hour,
            basis=basis,
            priced_at=self.priced_at,
            spot_priced_at=self.spot_priced_at,
        )

    def warnings(self, estimate: Estimate) -> tuple[Finding, ...]:
        """A warning if a run with this estimate risks all its work: it is long and saves nothing."""
        seconds, usd = estimate.expected_seconds, estimate.expected_usd
        if not self.is_unsaved or seconds is None or usd is None or seconds < LONG_SECONDS:
            return ()
        took = f"{seconds / 3600:.1f} h" if seconds >= 7200 else f"{seconds // 60} min"
        message = (
            f"the project's runs take about {took}, and the last one left no checkpoint: after a Spot "
            f"reclaim, a run starts from the beginning, and up to ${usd:.2f} of work is lost (an estimate)"
        )
        fix = "Save checkpoints in CHECKPOINT_DIR (docs/container.md), or set spot: never."
        return (Finding(NO_CHECKPOINT, "warning", "train.yaml", None, None, message, fix),)


def eligible_instances(
    prices: "PriceList",
    instance_types: Iterable[str],
    history: Sequence[int] = (),
    *,
    gpus: int,
    vcpus: int,
    memory_mib: int,
    spot: str,
    left_checkpoint: bool | None = None,
) -> EligibleInstances | None:
    """The eligible instance types for a job with these resources and the recipe's `spot`.

    `left_checkpoint` is whether the project's last successful run left one, None if unknown. The
    highest rate is the on-demand price, unless the run is `spot: only`. None if no type with a price fits.
    """
    found = [
        each
        for name in prices.expand(instance_types)
        if prices.could_serve(name, gpus, vcpus, memory_mib) and (each := _Priced.of(prices, name, spot))
    ]
    if not found:
        return None
    found.sort(key=lambda each: (each.low.usd_per_hour, each.high.usd_per_hour, each.offer.instance_type))
    return EligibleInstances(
        offers=tuple(each.offer for each in found),
        likely=found[0].low,
        dearest=max((each.high for each in found), key=lambda rate: rate.usd_per_hour),
        history=tuple(history),
        priced_at=prices.priced_at,
        spot_priced_at=prices.spot_priced_at,
        is_unsaved=left_checkpoint is False and spot != "never",
    )


@frozen
class _Priced:
    """An offer with the lowest and the highest likely price of an hour for this run."""

    offer: Offer
    low: Rate
    high: Rate

    @classmethod
    def of(cls, prices: "PriceList", name: str, spot: str) -> "_Priced | None":
        zone = prices.cheapest_zone(name)
        size = prices.sizes.get(name)
        memory = size.gpu_memory_gib if size and size.gpu_memory_gib else None
        offer = Offer(name, prices.on_demand.get(name), prices.spot_price(name, zone), zone, memory)
        on_demand = Rate.of(offer.on_demand_usd_per_hour, f"{name} on demand")
        cheapest = Rate.of(offer.spot_usd_per_hour, f"{name} on Spot in {zone}")
        dearest = Rate.of(prices.dearest_spot_price(name), f"{name} on Spot")
        if spot == "never":
            low = high = on_demand
        else:
            low = cheapest or on_demand
            high = dearest or on_demand if spot == "only" else on_demand or dearest
        return cls(offer, low, high) if low and high else None


def remember(history: Sequence[int], seconds: int) -> tuple[int, ...]:
    """A project's history with one more successful run of `seconds`."""
    return (*history, seconds)[-HISTORY_KEPT:]


def _median(values: Sequence[int]) -> int:
    # The statistics module would cost a launch's cold start more than this line.
    middle = sorted(values)[(len(values) - 1) // 2 : len(values) // 2 + 1]
    return round(sum(middle) / len(middle))
