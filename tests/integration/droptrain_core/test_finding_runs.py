"""The run of a drop is found by the versions that were uploaded, among all others of its project."""

import pytest
from droptrain_core.domain.datasets.dataset import Input
from droptrain_core.domain.errors import BadCursorError
from droptrain_core.domain.recipes.recipe import Recipe
from droptrain_core.domain.runs import plan as plans
from droptrain_core.domain.runs import run as runs
from droptrain_core.domain.runs.identity import order_key
from support.core_stack import Stack
from support.records import object_version, run


def claim(stack: Stack, dataset: str, *versions: str, **more) -> str:
    """Claim a run on one file for each of these versions."""
    stack.later(seconds=1)
    run_id = f"penguins-{dataset}-{stack.now.timestamp():.0f}".ljust(12, "0")
    files = [
        Input("training", object_version(f"projects/penguins/data/{dataset}/{number:04}.csv", version))
        for number, version in enumerate(versions)
    ]
    made = run(
        run_id=run_id,
        dataset=dataset,
        inputs=tuple(files),
        created_order=order_key(stack.now, run_id),
        **more,
    )
    stack.table.claim(runs.to_record(made))
    stack.bucket.write_plan(plans.plan_of(made, RECIPE, [], "data", {}, 0, "training"))
    return run_id


RECIPE = Recipe()


def found(stack: Stack, **filters) -> list[str]:
    """The ids on all pages."""
    ids: list[str] = []
    cursor = None
    while True:
        page = stack.query.runs(project="penguins", limit=20, cursor=cursor, **filters)
        ids += [each.run_id for each in page.runs]
        cursor = page.cursor
        if cursor is None:
            return ids


def test_runs_are_filtered_by_dataset_and_status(stack: Stack) -> None:
    first = claim(stack, "a", "v1")
    claim(stack, "b", "v2")
    ended = claim(stack, "a", "v3", status="SUCCEEDED")
    assert found(stack, dataset="a") == [ended, first]
    assert found(stack, dataset="a", status="SUCCEEDED") == [ended]
    assert found(stack, dataset="c") == []


def test_the_run_of_a_drop_is_the_one_with_all_of_its_versions(stack: Stack) -> None:
    claim(stack, "a", "train-1", "test-1")
    mixture = claim(stack, "a", "train-2", "test-1")
    whole = claim(stack, "a", "train-2", "test-2")
    claim(stack, "b", "other")
    assert found(stack, dataset="a", versions={"train-2", "test-2"}) == [whole]
    assert found(stack, dataset="a", versions={"train-2"}) == [whole, mixture]
    assert found(stack, dataset="a", versions={"train-2", "test-3"}) == []


def test_a_version_beyond_the_inputs_that_a_record_names_is_found(stack: Stack) -> None:
    versions = [f"v{number}" for number in range(150)]
    many = claim(stack, "a", *versions)
    claim(stack, "a", *versions[:149], "another")
    assert found(stack, dataset="a", versions={"v0", "v149"}) == [many]


def test_a_plan_that_training_code_has_mangled_finds_nothing(stack: Stack) -> None:
    run_id = claim(stack, "a", *(f"v{number}" for number in range(101)))
    for document in (b"[]", b'{"inputs": 1}', b'{"inputs": [1, {"version_id": []}]}', b"{"):
        stack.put(f"runs/penguins/{run_id}/run.json", document)
        assert found(stack, dataset="a", versions={"v100"}) == []


def test_a_page_is_filled_from_the_runs_that_lie_between(stack: Stack) -> None:
    mine = claim(stack, "mine", "v1")
    for number in range(60):
        claim(stack, "other", f"w{number}")
    page = stack.query.runs(project="penguins", dataset="mine", limit=1)
    assert [each.run_id for each in page.runs] == [mine]


def test_pages_of_a_filtered_list_lose_and_repeat_nothing(stack: Stack) -> None:
    wanted = [claim(stack, "mine" if number % 3 else "other", f"v{number}") for number in range(40)]
    ids: list[str] = []
    cursor = None
    while True:
        page = stack.query.runs(project="penguins", dataset="mine", limit=3, cursor=cursor)
        assert len(page.runs) <= 3
        ids += [each.run_id for each in page.runs]
        cursor = page.cursor
        if cursor is None:
            break
    assert ids == [run_id for run_id in wanted if "-mine-" in run_id][::-1]


def scored(stack: Stack, dataset: str, value: float, goal: str = "maximize", metric: str = "score") -> str:
    return claim(
        stack, dataset, f"v-{dataset}", status="SUCCEEDED", metric=metric, metric_goal=goal,
        ranking=runs.ranking_of("penguins", metric), headline=value,
    )  # fmt: skip


def test_runs_are_ranked_by_the_metric_of_the_newest_one_page_after_page(stack: Stack) -> None:
    scored(stack, "other", 9.0, metric="loss")
    values = {scored(stack, f"d{n}", value): value for n, value in enumerate((0.5, -2, 0.75, 1e-7, 12))}
    claim(stack, "failed", "v", status="FAILED", metric="score", metric_goal="maximize")
    best_first = sorted(values, key=values.__getitem__, reverse=True)
    assert found(stack, by_metric=True) == best_first
    ids, cursor = [], None
    while True:
        page = stack.query.runs(project="penguins", by_metric=True, limit=2, cursor=cursor)
        ids += [each.run_id for each in page.runs]
        cursor = page.cursor
        if cursor is None:
            break
        with pytest.raises(BadCursorError):
            stack.query.runs(project="penguins", limit=2, cursor=cursor)
    assert ids == best_first
    assert found(stack, by_metric=True, dataset="d2") == [best_first[1]]


def test_the_lowest_is_the_best_where_the_recipe_minimizes(stack: Stack) -> None:
    high, low = (scored(stack, name, value, "minimize") for name, value in (("high", 3), ("low", 0.1)))
    assert found(stack, by_metric=True) == [low, high]
    assert stack.query.runs(project="empty", by_metric=True, limit=5).runs == ()
