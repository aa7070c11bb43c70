"""A promoted run whose export was deleted before it was copied: one notice, and a way on."""

import pytest
from droptrain_core.aws.model_files import ModelFiles
from droptrain_core.aws.model_table import ModelTable
from droptrain_core.domain.errors import NoModelError
from integration.droptrain_core.test_promotion import current, publish, published, run_id, trained


def delete_export(stack, name: str) -> None:
    listed = stack.s3.list_objects_v2(Bucket="data", Prefix=f"runs/penguins/{name}/export/")
    for item in listed.get("Contents", []):
        stack.s3.delete_object(Bucket="data", Key=item["Key"])


def restore_export(stack, name: str) -> None:
    stack.put(f"runs/penguins/{name}/export/saved_model.pb", b"restored")


def without_files(stack, number: int, accuracy: float) -> str:
    """A run that is promoted, and whose export is deleted before a pass of the reconciler copies it."""
    name = trained(stack, number, accuracy)
    delete_export(stack, name)
    stack.notices(), stack.events_on_bus()
    stack.later(minutes=3)
    assert stack.reconcile.all()["notified"] == 1
    return name


def served(stack) -> str | None:
    promotion = stack.read_models.of_project("penguins").served
    return promotion and promotion.run_id


def test_people_get_one_notice_that_says_what_is_served_and_how_to_go_on(stack) -> None:
    first = trained(stack, 1, 0.9)
    publish(stack)
    second = without_files(stack, 2, 0.95)
    (notice,) = stack.notices()
    assert notice["Subject"] == f"MISSING model of {second}"
    assert f"current.json still names the model of {first}." in notice["Message"]
    for command in ("droptrain rollback penguins", "droptrain promote RUN"):
        assert command in notice["Message"]
    (event,) = stack.events_on_bus()
    assert event["detail"]["cause"]["code"] == "model_missing"
    for _ in range(3):
        stack.later(minutes=5)
        assert publish(stack) == "nothing"  # as the end of each later run requests it
        done = stack.reconcile.all()
        assert (done["failed"], done["notified"], stack.notices()) == (0, 0, [])
    assert (current(stack), served(stack), published(stack)["run_id"]) == (second, first, first)
    newest, _ = stack.read_models.of_project("penguins").promoted
    assert newest.promotion.missing_at


def test_the_first_model_of_a_project_may_be_missing(stack) -> None:
    name = without_files(stack, 1, 0.9)
    (notice,) = stack.notices()
    assert "So there is no current.json." in notice["Message"]
    assert "rollback" not in notice["Message"]
    assert (current(stack), served(stack)) == (name, None)
    with pytest.raises(NoModelError):
        stack.promote.by_request(name, "ann")
    worse = trained(stack, 2, 0.5)
    assert (current(stack), publish(stack), served(stack)) == (worse, "published", worse)


def test_a_rollback_from_a_missing_model_serves_the_one_before_and_history_keeps_it(stack) -> None:
    first = trained(stack, 1, 0.9)
    publish(stack)
    without_files(stack, 2, 0.95)
    stack.promote.rollback("penguins", "ann")
    assert (publish(stack), published(stack)["kind"]) == ("published", "rolled_back")
    assert (current(stack), served(stack)) == (first, first)
    history = stack.read_models.of_project("penguins").promoted
    assert [bool(each.promotion.missing_at) for each in history] == [False, True, False]


def test_the_gate_compares_with_the_model_that_is_served(stack) -> None:
    first = trained(stack, 1, 0.9)
    publish(stack)
    without_files(stack, 2, 0.95)
    stack.notices()
    worse = trained(stack, 3, 0.85)
    assert f"It is still that of {first} (test_accuracy 0.9)" in stack.notices()[0]["Message"]
    assert stack.query.run(worse).not_promoted
    better = trained(stack, 4, 0.92)
    assert (current(stack), publish(stack), served(stack)) == (better, "published", better)
    assert stack.promote.rollback("penguins", "ann").promotion.run_id == first


def test_a_model_whose_files_are_restored_is_promoted_again(stack) -> None:
    trained(stack, 1, 0.9)
    publish(stack)
    second = without_files(stack, 2, 0.95)
    restore_export(stack, second)
    again = stack.promote.by_request(second, "ann")
    assert (again.number, publish(stack)) == (3, "published")
    assert published(stack)["files"] == {"saved_model.pb": "restored"}
    assert stack.promote.by_request(second, "ann").number == 3, "a repeat changes nothing"


def test_an_export_that_is_deleted_after_the_pointer_moved_was_copied_completely(stack, monkeypatch) -> None:
    """The process dies between the pointer and the mark, and the run's files are deleted."""
    first = trained(stack, 1, 0.9)
    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(ModelTable, "mark_published", _dies)
        publish(stack)
    delete_export(stack, first)
    assert (publish(stack), served(stack)) == ("published", first)
    assert published(stack)["files"]["saved_model.pb"] == "saved_model.pb of 1"


@pytest.mark.parametrize(("part", "call"), [(ModelFiles, "point"), (ModelTable, "mark_published")])
def test_a_process_that_has_copied_the_export_corrects_one_that_finds_it_deleted(
    stack, monkeypatch, part, call
) -> None:
    first, make, raced = trained(stack, 1, 0.9), getattr(part, call), []

    def late(self, *args):
        if not raced:
            raced.append(True)
            delete_export(stack, first)
            publish(stack)
        return make(self, *args)

    monkeypatch.setattr(part, call, late)
    publish(stack)
    models = stack.read_models.of_project("penguins")
    assert (models.current.is_published, models.current.is_missing, served(stack)) == (True, False, first)
    assert models.promoted[0].promotion == models.current.promotion
    assert published(stack)["run_id"] == first == run_id(1)


def _dies(*_: object) -> None:
    raise RuntimeError("the process dies")
