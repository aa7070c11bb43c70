"""A soak names each promise that a project's promoted models break."""

from dataclasses import replace
from typing import Any

import pytest
from chaos.soak.models import SeenModels, broken
from droptrain_core.domain.runs.promotion import CurrentModel, promotion_of, rollback_to
from support.records import run

AT = "2026-11-23T02:10:00Z"
FIRST = promotion_of(run(run_id="r1"), 0, None, AT, "gate")
SECOND = promotion_of(run(run_id="r2"), 1, FIRST, AT, "ann")
BACK = rollback_to(FIRST, CurrentModel(SECOND), AT, "ann")
POINTER = {"number": 3, "run_id": "r1", "kind": "rolled_back", "export": "s3://data/models/p/current/r1/"}
SEEN = SeenModels("p", CurrentModel(BACK), (FIRST, SECOND, BACK), POINTER, has_files=True)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"promotions": (FIRST, BACK)}, "have gaps: [1, 3]"),
        ({"promotions": (FIRST, SECOND, BACK, replace(SECOND, number=4))}, "has the current model 3 of 4"),
        ({"current": CurrentModel(BACK, is_published=False)}, "isn't published"),
        ({"pointer": POINTER | {"number": 2, "run_id": "r2", "kind": "promoted"}}, "names (2, 'r2'"),
        ({"pointer": POINTER | {"run_id": "r2"}}, "names (3, 'r2'"),
        ({"pointer": None}, "names None"),
        ({"has_files": False}, "names files that aren't there"),
    ],
)
def test_a_broken_promise_is_named(change: dict[str, Any], problem: str | None) -> None:
    problems = list(broken(replace(SEEN, **change)))
    assert any(problem in each for each in problems) if problem else not problems, problems


def test_a_project_without_a_model_keeps_its_promises() -> None:
    assert list(broken(SeenModels("p", CurrentModel(), (), None, has_files=False))) == []
