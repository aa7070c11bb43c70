"""A short soak; `python -m chaos.soak` runs a long one."""

from dataclasses import replace

import pytest
from chaos.soak.detour import Odds
from chaos.soak.soak import Plan, soak

pytestmark = pytest.mark.timeout(110)

SHORT = Plan(
    seed=1, datasets=4, trouble_seconds=12, projects=1, searches=2, again=1, drops_each=2, pause_seconds=0.7,
    odds=Odds(lost=0.05, late_seconds=4), reconcile_seconds=3, patience_seconds=70, hurry=True,
)  # fmt: skip


@pytest.mark.parametrize("seed", [1])
def test_every_drop_is_trained_and_told_once_whatever_breaks(seed: int) -> None:
    report = soak(replace(SHORT, seed=seed))
    assert not report.broken, report.to_text()
    assert report.runs == report.runs_announced
    assert report.sweeps_ended
