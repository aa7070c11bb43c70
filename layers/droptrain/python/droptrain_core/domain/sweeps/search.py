"""The search for the next trial's parameters. A grid needs no package; others are a function's own."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from droptrain_core.domain.datasets.dataset import digest
from droptrain_core.domain.recipes.space import Space, parsed
from droptrain_core.domain.recipes.values import Scalar
from droptrain_core.domain.sweeps.sweep import Sweep
from droptrain_core.domain.sweeps.trial import Trial


class Search(Protocol):
    """Draws parameters of sweeps that aren't grids, and compares parameters."""

    def draw(self, sweep: Sweep, trials: Sequence[Trial]) -> Mapping[str, Scalar]:
        """The parameters of the trial after these, the same for the same trials."""
        ...

    def importance(self, sweep: Sweep, trials: Sequence[Trial]) -> Mapping[str, float]:
        """Each parameter's share of the differences between the trials, 0 to 1; empty if too few ended."""
        ...


def parameters(sweep: Sweep, trials: Sequence[Trial], search: Search | None) -> Mapping[str, Scalar]:
    """The parameters of the trial after `trials`; a grid needs no `search`."""
    if sweep.method == "grid":
        return combination(parsed(sweep.space), len(trials))
    assert search is not None
    return search.draw(sweep, trials)


def combination(space: Space, index: int) -> Mapping[str, Scalar]:
    """The combination of a grid at this place, from 0; the last parameter by name changes fastest."""
    found: dict[str, Scalar] = {}
    for name, values in sorted(space.items(), reverse=True):
        assert values.count is not None
        index, place = divmod(index, values.count)
        found[name] = values.at(place)
    return found


def seed_of(sweep: Sweep, number: int) -> int:
    """The seed of a trial's draw: the sweep's and the trial's number decide it."""
    return int(digest(str(sweep.seed), str(number))[:8], 16)
