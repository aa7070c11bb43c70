"""A hostile project doesn't keep its neighbours waiting, with the template's own settings."""

from dataclasses import replace

import pytest
from chaos.burst.uploads_queue import settings_of_template
from chaos.neighbour.__main__ import MOST
from chaos.neighbour.neighbour import alone, beside

HOSTILE = 1000
# At once, and while what was postponed comes back.
GOOD_AT = (0.0, *(float(at) for at in range(10, 300, 20)))


@pytest.mark.parametrize("lanes", MOST)
@pytest.mark.parametrize("second_of_minute", [0, 20])
def test_a_thousand_bad_drops_of_one_project_leave_others_their_time(
    second_of_minute: int, lanes: int
) -> None:
    settings = replace(settings_of_template(), lanes=lanes)
    got = beside(HOSTILE, GOOD_AT, settings, second_of_minute)
    assert max(got.good_seconds) <= MOST[lanes] * alone(settings)
    assert got.postponed > 0
    assert got.rejected == HOSTILE
    assert got.dead_letters == 0
    assert got.most_receives == 1


@pytest.mark.parametrize("lanes", MOST)
def test_a_thousand_files_of_one_crowded_folder_leave_others_their_time(lanes: int) -> None:
    settings = replace(settings_of_template(), lanes=lanes)
    got = beside(HOSTILE, GOOD_AT, settings, is_crowd=True)
    assert max(got.good_seconds) <= MOST[lanes] * alone(settings)
    assert (got.rejected, got.dead_letters, got.most_receives) == (1, 0, 1)
