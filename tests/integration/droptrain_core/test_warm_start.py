"""A warm start: a run continues from a pinned model; without one it starts from scratch and says so."""

from datetime import timedelta

from support.records import run

OLD = "penguins-old-00000000000a"
EXPORT = f"runs/penguins/{OLD}/export/"


def promoted(stack, *, is_published: bool = True) -> None:
    """An older run's model is the project's current one."""
    stack.put(f"{EXPORT}model.keras", b"old")
    stack.put(f"{EXPORT}assets/words.txt", b"old")
    stack.table.claim(run(run_id=OLD, dataset="old", status="SUCCEEDED", notified_at="2026-11-23T02:00:00Z"))
    stack.promote.by_request(OLD, "ann")
    if is_published:
        stack.publish_model.go_on("penguins", 10)


def launched(stack, recipe: bytes = b"warm_start: current\n", dataset: str = "first"):
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", recipe)
    for event in stack.drop(dataset):
        stack.launch.upload(*event)
    (newest,) = stack.query.runs(limit=1, dataset=dataset, project="penguins").runs
    return newest


def plan_of(stack, launched_run):
    return stack.bucket.plan("penguins", launched_run.run_id).document


def test_a_run_continues_from_the_current_model_whose_files_are_pinned(stack) -> None:
    promoted(stack)
    started = launched(stack)
    assert (started.warm_start.run_id, started.warm_start.files) == (OLD, 2)
    start = plan_of(stack, started)["warm_start"]
    folder = f"models/penguins/current/{OLD}/"
    assert (start["run_id"], start["folder"]) == (OLD, folder)
    assert [item["key"] for item in start["files"]] == [f"{folder}assets/words.txt", f"{folder}model.keras"]
    assert all(item["version_id"] for item in start["files"])


def test_a_model_that_is_not_copied_yet_is_taken_from_its_run(stack) -> None:
    promoted(stack, is_published=False)
    assert plan_of(stack, launched(stack))["warm_start"]["folder"] == EXPORT


def test_while_the_current_model_has_no_files_a_run_continues_from_the_one_that_programs_load(stack) -> None:
    promoted(stack)
    lost = "penguins-lost-00000000000b"
    model = f"runs/penguins/{lost}/export/model.keras"
    stack.put(model, b"lost")
    stack.table.claim(run(run_id=lost, status="SUCCEEDED", notified_at="2026-11-23T02:00:00Z"))
    stack.promote.by_request(lost, "ann")
    stack.s3.delete_object(Bucket="data", Key=model)
    assert stack.publish_model.go_on("penguins", 10) == "missing"
    assert launched(stack).warm_start.run_id == OLD


def test_a_run_continues_from_the_run_that_the_recipe_names(stack) -> None:
    stack.put(f"{EXPORT}model.keras", b"old")
    started = launched(stack, f"warm_start: {OLD}\n".encode())
    assert started.warm_start.run_id == OLD
    assert plan_of(stack, started)["warm_start"]["folder"] == EXPORT


def test_without_such_a_model_the_run_starts_from_scratch_and_says_so(stack) -> None:
    started = launched(stack)
    assert started.warm_start is None
    assert "warm_start" not in plan_of(stack, started)
    (warning,) = (each for each in started.warnings if each.rule == "no_warm_start")
    assert warning.message == (
        "warm_start: the project has no current model in the bucket, so the training starts from scratch"
    )


def test_the_model_is_part_of_the_run_s_identity_and_a_pinned_repeat_keeps_it(stack) -> None:
    first = launched(stack)
    promoted(stack)
    stack.now += timedelta(minutes=1)
    second, is_new = stack.launch.request("penguins", "first", caller="ann")
    assert is_new
    assert second.run_id != first.run_id
    again, is_new = stack.launch.request("penguins", "first", caller="ann")
    assert (again.run_id, is_new) == (second.run_id, False)
    stack.promote.by_request(OLD, "ann")
    repeated, _ = stack.launch.repeat(second.run_id, caller="ann")
    assert repeated.warm_start == second.warm_start
    assert plan_of(stack, repeated)["warm_start"] == plan_of(stack, second)["warm_start"]
