"""A slice of the crash points; `python -m chaos.crash_points` goes through all."""

from collections.abc import Iterator

import pytest
from chaos.crash_points.points import EVERY, calls_of, disturbed, points, undisturbed
from chaos.crash_points.scenarios import Scenario
from support.core_stack import Stack, core_stack

SLICE = 25


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with core_stack(tmp_path_factory.mktemp("jobs"), maxv_cpus=1) as made:
        yield made


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.name)
def test_everything_makes_the_calls_that_it_has_to_make_and_no_more(stack: Stack, scenario: Scenario) -> None:
    made = calls_of(stack, scenario)
    assert len(made) == scenario.calls, made


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.name)
def test_an_interruption_changes_nothing_of_what_is_left(stack: Stack, scenario: Scenario) -> None:
    wanted = undisturbed(stack, scenario)
    first = EVERY.index(scenario) % SLICE
    for number, call, kind in points(stack, scenario)[first::SLICE]:
        assert disturbed(stack, scenario, number, kind) == wanted, f"call {number}, {call}, {kind}"
