"""What the core does for projects that train again, and for the models that they serve."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from chaos.crash_points.scenarios import Scenario
from droptrain_core.domain.datasets.dataset import Created
from droptrain_core.domain.errors import ModelChangedError
from support.core_stack import Stack
from support.records import run

COOLDOWN = b"retrain: {cooldown: 12h}\n"
SCHEDULE = b'retrain: {schedule: "0 3 * * *"}\n'
SPAN = b"inputs: {training: '*/train.csv', testing: test.csv}\nspan: all\n"
DUE_AT = "2026-11-23T03:00:00Z"
# Another run of the project, which is promoted before.
EARLIER = "penguins-first-ffffffffffff"
ANN = "arn:aws:iam::123456789012:user/ann"


def _drop(stack: Stack, dataset: str) -> list[Created]:
    return [Created(*event, stack.now) for event in stack.drop(dataset)]


def _trained_with(recipe: bytes) -> Callable[[Stack], Any]:
    """A project with this recipe, whose first dataset was launched an hour ago."""

    def prepare(stack: Stack) -> Any:
        stack.publish_project()
        stack.put("projects/penguins/train.yaml", recipe)
        stack.schedules.follow("penguins")
        stack.launch.uploads.upload(_drop(stack, "first")[0])
        stack.later(hours=1)

    return prepare


def _dropped_after(recipe: bytes) -> Callable[[Stack], Any]:
    def prepare(stack: Stack) -> Any:
        _trained_with(recipe)(stack)
        return _drop(stack, "second")[0]

    return prepare


def _dropped_later(stack: Stack) -> Any:
    """A dataset that arrives after the cooldown, before the message of its end."""
    _trained_with(COOLDOWN)(stack)
    stack.later(hours=12)
    return _drop(stack, "second")[0]


def _held(stack: Stack) -> Any:
    """Two datasets that waited for the end of a cooldown, which has come."""
    _trained_with(COOLDOWN)(stack)
    for dataset in ("second", "third"):
        for upload in _drop(stack, dataset):
            stack.launch.uploads.upload(upload)
        stack.later(minutes=10)
    stack.later(hours=11)


def _pushed(stack: Stack) -> Any:
    """A project whose cooldown lasts, with a new recipe."""
    _trained_with(COOLDOWN)(stack)
    stack.put("projects/penguins/train.yaml", b'retrain: {cooldown: 6h, schedule: "0 3 * * *"}\n')


def _exported(stack: Stack, run_id: str, created_order: str) -> None:
    stack.table.claim(run(run_id=run_id, status="SUCCEEDED", created_order=created_order))
    stack.put(f"runs/penguins/{run_id}/export/model.keras")


def _good_run(stack: Stack) -> Any:
    """A run that succeeded after another one, whose model is current and published."""
    _exported(stack, EARLIER, "2026-11-23T02:09:00.000Z")
    stack.notify.ended(EARLIER, "penguins")
    stack.publish_model.go_on("penguins", 10)
    _exported(stack, stack.run_id, "2026-11-23T02:10:00.000Z")


def _promoted(stack: Stack) -> Any:
    """The same, promoted by a person."""
    _good_run(stack)
    stack.promote.by_request(stack.run_id, ANN)


def _without_files(stack: Stack) -> Any:
    """The same, and its export is deleted before it is copied."""
    _promoted(stack)
    stack.s3.delete_object(Bucket="data", Key=f"runs/penguins/{stack.run_id}/export/model.keras")


def _published(stack: Stack) -> Any:
    _promoted(stack)
    stack.publish_model.go_on("penguins", 10)


def _roll_back(stack: Stack, _: Any) -> None:
    """Go back from this run's model; a repeat finds another one current."""
    with suppress(ModelChangedError):
        stack.promote.rollback("penguins", ANN, leaving=stack.run_id)


RETRAINS = (
    Scenario(
        "wait for the end of a cooldown",
        _dropped_after(COOLDOWN),
        lambda stack, upload: stack.launch.uploads.upload(upload),
        2,
    ),
    Scenario(
        "launch and begin a cooldown",
        _dropped_later,
        lambda stack, upload: stack.launch.uploads.upload(upload),
        16,
    ),
    Scenario("end a cooldown", _held, lambda stack, _: stack.wiring.end_cooldowns().over("penguins"), 21),
    Scenario(
        "launch at a time of a schedule",
        _trained_with(SCHEDULE),
        lambda stack, _: stack.schedules.due("penguins", DUE_AT),
        15,
    ),
    Scenario(
        "launch on all datasets",
        _dropped_after(SPAN),
        lambda stack, upload: stack.launch.uploads.upload(upload),
        18,
    ),
    Scenario("follow a push", _pushed, lambda stack, _: stack.schedules.follow("penguins"), 10),
    Scenario(
        "promote by the gate", _good_run, lambda stack, _: stack.notify.ended(stack.run_id, "penguins"), 7
    ),
    Scenario(
        "promote by request", _good_run, lambda stack, _: stack.promote.by_request(stack.run_id, ANN), 4
    ),
    Scenario("roll back", _published, _roll_back, 3),
    Scenario("publish a model", _promoted, lambda stack, _: stack.publish_model.go_on("penguins", 10), 10),
    Scenario(
        "end as missing",
        _without_files,
        lambda stack, _: stack.publish_model.go_on("penguins", 10),
        8,
    ),
)
