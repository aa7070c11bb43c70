"""When a project's latest and best model move."""

import json

import pytest
from droptrain_core.domain.runs import model_pointer
from droptrain_core.domain.runs.model_pointer import Pointer, Replaced, moves, pointer_of, replacing
from hypothesis import given
from hypothesis import strategies as st
from support.records import RUN_ID, run


def ended(number: int, value: float | None, *, metric: str = "accuracy", goal: str = "maximize") -> Pointer:
    """The pointer of the run that was launched as number `number`."""
    metrics = {} if value is None else {metric: value}
    return pointer_of(
        run(
            run_id=f"penguins-first-{number:012x}", status="SUCCEEDED", metric=metric, metric_goal=goal,
            metrics=metrics, created_order=f"2026-11-23T02:10:{number:02d}.000Z#x",
        ),
        "data",
    )  # fmt: skip


def after(name: model_pointer.Name, pointers: list[Pointer]) -> Pointer | None:
    now: Pointer | None = None
    for new in pointers:
        if moves(name, new, now):
            now = replacing(new, now)
    return now


@given(st.permutations([ended(number, value) for number, value in enumerate((0.5, 0.9, 0.7, None))]))
def test_in_whatever_order_runs_end_the_pointers_end_at_the_newest_and_the_best(ends: list[Pointer]) -> None:
    latest, best = after("latest", ends), after("best", ends)
    assert latest and latest.run_id.endswith("3")
    assert best and best.metric and best.metric.value == 0.9


@given(
    st.permutations([ended(number, value, goal="minimize") for number, value in enumerate((0.5, 0.1, 0.7))])
)
def test_the_best_of_a_metric_that_is_minimized_is_the_least(ends: list[Pointer]) -> None:
    best = after("best", ends)
    assert best and best.metric and best.metric.value == 0.1


def test_what_only_equals_the_best_came_too_late() -> None:
    assert not moves("best", ended(2, 0.9), ended(1, 0.9))


def test_a_run_without_a_value_is_never_the_best() -> None:
    assert not moves("best", ended(1, None), None)
    assert moves("latest", ended(1, None), None)


@pytest.mark.parametrize(("new", "moved"), [
    (ended(5, 0.1, metric="loss", goal="minimize"), True),
    (ended(1, 0.1, metric="loss", goal="minimize"), False),
    (ended(5, 0.1, goal="minimize"), True),
])  # fmt: skip
def test_of_two_metrics_the_newer_launch_says_which_counts(new: Pointer, moved: bool) -> None:
    assert moves("best", new, ended(3, 0.9)) is moved


def test_a_pointer_says_where_the_model_is_and_what_it_replaced() -> None:
    said = model_pointer.to_document(replacing(ended(2, 0.9), ended(1, 0.8)))
    run_id = "penguins-first-000000000002"
    assert said == {
        "schema": 1, "run_id": run_id, "project": "penguins", "dataset": "first",
        "created_order": "2026-11-23T02:10:02.000Z#x", "finished_at": "2026-11-23T02:10:00Z",
        "export": f"s3://data/runs/penguins/{run_id}/export/",
        "model": f"s3://data/runs/penguins/{run_id}/model/", "inputs_digest": None,
        "metric": {"name": "accuracy", "value": 0.9, "goal": "maximize"},
        "replaced": {"run_id": "penguins-first-000000000001", "value": 0.8},
    }  # fmt: skip
    assert model_pointer.read(json.loads(json.dumps(said))) == replacing(ended(2, 0.9), ended(1, 0.8))


@pytest.mark.parametrize("document", [
    None, [], {}, {"schema": 2}, {"schema": 1, "run_id": RUN_ID},
    {**model_pointer.to_document(ended(1, 0.9)), "metric": {"name": "x"}},
    {**model_pointer.to_document(ended(1, 0.9)), "replaced": 7},
])  # fmt: skip
def test_what_is_no_pointer_is_read_as_none(document: object) -> None:
    assert model_pointer.read(document) is None


def test_a_pointer_keeps_what_it_replaced_only_one_step_back() -> None:
    third = after("best", [ended(number, 0.1 * number) for number in range(1, 4)])
    assert third and third.replaced == Replaced("penguins-first-000000000002", 0.2)
