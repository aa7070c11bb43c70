"""A slice of the drops; `python -m chaos.drops` plays as many as you like."""

from chaos.drops.contents import Content
from chaos.drops.drop import Drop, Put
from chaos.drops.play import play
from chaos.drops.strategies import drops
from hypothesis import HealthCheck, example, given, settings

ROWS = Content(b"a,b\n1,2\n3,4\n", 12)
# The events of the uploads between the first and the last are lost, for more than an hour.
LOST_BETWEEN = Drop(
    (
        Put(0, "projects/p/code/train.py", Content(b"", 0)),
        Put(10, "projects/p/data/First/train.csv", ROWS),
        Put(2010, "projects/p/data/First/test.csv", ROWS, ()),
        Put(5010, "projects/p/data/First/more.csv", ROWS),
    )
)


@example(LOST_BETWEEN)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(drops())
def test_every_drop_gets_an_answer(drop: Drop) -> None:
    play(drop)
