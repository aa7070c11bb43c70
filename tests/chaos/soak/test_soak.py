"""A short soak; `python -m chaos.soak` runs a long one."""

from dataclasses import replace

import pytest
from chaos.soak.detour import Odds
from chaos.soak.soak import Plan, soak

pytestmark = pytest.mark.timeout(110)

SHORT = Plan(
    seed=1, datasets=6, trouble_seconds=12, projects=2, searches=1, pause_seconds=0.7,
    odds=Odds(lost=0.05, late_seconds=4), reconcile_seconds=3, patience_seconds=70, hurry=True,
)  # fmt: skip


@pytest.mark.parametrize("seed", [1])
def test_every_drop_is_trained_and_told_once_whatever_breaks(seed: int) -> None:
    report = soak(replace(SHORT, seed=seed))
    assert not report.broken, report.to_text()
    assert report.runs == report.runs_announced
    alone, sweeps = report.runs - report.trials, sum(report.sweeps_ended.values())
    assert (report.versions_to_train, sweeps > 0) == (alone + sweeps, True)
