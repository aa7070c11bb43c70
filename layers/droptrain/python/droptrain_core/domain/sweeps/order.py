"""A request for a sweep."""

from collections.abc import Mapping
from typing import Any

from droptrain_core.domain.frozen import frozen


@frozen
class SweepOrder:
    """What a request asks for. `given` has the fields of the recipe's `sweep` that it sets.

    Without a `dataset`, that of the project's newest run is searched on.
    """

    project: str
    dataset: str | None
    given: Mapping[str, Any]
    seed: int = 0
    overrides: Mapping[str, Mapping[str, Any]] | None = None
    force: bool = False
