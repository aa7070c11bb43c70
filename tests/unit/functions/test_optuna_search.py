"""The search by Optuna: the same trials give the same draw, and every draw lies in the space."""

import statistics
from dataclasses import replace
from typing import Any

import pytest
from support.branin import searched, trials_to_optimum
from support.sweeping import SEARCH
from unit.droptrain_core.test_sweep_decisions import failed, sweep, trial

SPACE = {
    "units": "16,32,64",
    "rate": "0.0001..0.1:log",
    "layers": "1..4:int",
    "dropout": "0..0.5:step=0.1",
    "wide": "true,false",
}


def drawn(method: Any, seed: int = 0, count: int = 15) -> list[Any]:
    """The parameters of so many trials, each of which ends before the next one is drawn."""
    known = sweep(method=method, space=SPACE, seed=seed, trials=50)
    trials: list[Any] = []
    for number in range(1, count + 1):
        parameters = SEARCH.draw(known, trials)
        done = trial(number, "SUCCEEDED", value=-abs(parameters["rate"] - 0.01), cost_usd=0.1)
        trials.append(replace(done, hyperparameters=parameters))
    return trials


@pytest.mark.parametrize("method", ["random", "bayesian"])
def test_the_same_trials_give_the_same_parameters_and_another_seed_gives_others(method) -> None:
    first = [each.hyperparameters for each in drawn(method)]
    assert [each.hyperparameters for each in drawn(method)] == first
    assert [each.hyperparameters for each in drawn(method, seed=1)] != first
    for each in first:
        assert each["units"] in (16, 32, 64)
        assert 0.0001 <= each["rate"] <= 0.1
        assert each["layers"] in (1, 2, 3, 4)
        assert each["dropout"] in [pytest.approx(step / 10) for step in range(6)]
        assert isinstance(each["wide"], bool)


def test_a_bayesian_search_finds_a_known_optimum_in_half_of_the_trials_of_a_random_one() -> None:
    bayesian, random = (
        statistics.median(trials_to_optimum(searched(method, seed)) for seed in range(6))
        for method in ("bayesian", "random")
    )
    assert bayesian < random / 2


def test_trials_that_run_or_failed_are_part_of_the_search() -> None:
    known = sweep(method="bayesian", space={"units": "1..9:int"}, trials=50)
    trials = [*(trial(number, None) for number in range(1, 9)), failed(9)]
    assert 1 <= SEARCH.draw(known, trials)["units"] <= 9


def test_the_parameter_that_decides_is_the_most_important() -> None:
    trials = drawn("random", count=30)
    shares = SEARCH.importance(sweep(space=SPACE, trials=50), trials)
    assert max(shares, key=shares.get) == "rate"
    assert sum(shares.values()) == pytest.approx(1, abs=0.01)
    assert SEARCH.importance(sweep(space=SPACE, trials=50), trials[:7]) == {}
    alike = [replace(each, value=1.0) for each in trials]
    assert SEARCH.importance(sweep(space=SPACE, trials=50), alike) == {}
