"""A slice of the drops; `python -m chaos.drops` plays as many as you like."""

from chaos.drops.drop import Drop
from chaos.drops.play import play
from chaos.drops.strategies import drops
from hypothesis import HealthCheck, given, settings


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(drops())
def test_every_drop_gets_an_answer(drop: Drop) -> None:
    play(drop)
