"""The recipe's field `sweep`: how hyperparameters are searched."""

from collections.abc import Mapping
from typing import Any

from droptrain_core.domain.recipes.readers import (
    Reader,
    WrongValueError,
    cost,
    integer,
    mapping,
    mapping_schema,
    one_of,
    short,
    takes,
)
from droptrain_core.domain.recipes.space import parsed, read_space, size_of
from droptrain_core.domain.recipes.values import EARLY_STOPS, METHODS, SweepSettings

MAX_TRIALS = 500
MAX_PARALLEL = 50
DEFAULT_TRIALS = 20

_SWEEP: Mapping[str, Reader[Any]] = {
    "method": one_of(*METHODS),
    "trials": integer(1, MAX_TRIALS),
    "parallel": integer(1, MAX_PARALLEL),
    "early_stop": one_of(*EARLY_STOPS),
    "max_cost_usd": cost,
    "space": read_space,
}


@takes(**mapping_schema(_SWEEP, required=["space"]))
def read_sweep(value: object) -> SweepSettings:
    read = mapping(value, _SWEEP)
    if "space" not in read:
        raise WrongValueError('needs a space, such as {space: {learning_rate: "0.0001..0.1:log"}}')
    settings = SweepSettings(**read)
    count_trials(settings)
    return settings


def count_trials(settings: SweepSettings) -> int:
    """The number of trials; WrongValueError if the space can't have so many."""
    space = parsed(settings.space)
    size, wanted = size_of(space), settings.trials
    if settings.method == "grid":
        if size is None:
            endless = next(name for name, values in space.items() if values.count is None)
            raise WrongValueError(
                f"can't make a grid of {short(settings.space[endless])}: list its values, or give it "
                ":step or :int",
                f".space.{endless}",
            )
        if size > MAX_TRIALS:
            raise WrongValueError(
                f"would make a grid of {size} combinations, and a sweep has at most {MAX_TRIALS} trials: "
                "list fewer values, or set method: random",
                ".space",
            )
        if wanted is not None and wanted < size:
            raise WrongValueError(
                f"are fewer than the grid's {size} combinations: leave trials out, list fewer values, or "
                "set method: random",
                ".trials",
            )
        return size
    if size is not None and size < (wanted or 1):
        raise WrongValueError(
            f"are more than the {size} combinations of the space: set trials to {size} or less, or "
            "method: grid",
            ".trials",
        )
    return min(wanted or DEFAULT_TRIALS, size or MAX_TRIALS)
