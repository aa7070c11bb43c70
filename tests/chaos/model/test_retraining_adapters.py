"""The adapters in memory of schedules, cooldowns and promoted models answer as the real ones do."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from chaos.model.memory import MemoryDatasetTable, MemoryModelTable, MemoryTable
from chaos.model.retraining import MemoryRetrainTable
from chaos.model.world import World
from droptrain_core.aws import model_table, retrain_table
from droptrain_core.aws.model_table import ModelTable
from droptrain_core.aws.retrain_table import RetrainTable
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.runs import transitions
from droptrain_core.domain.runs.promotion import CurrentModel, Promotion
from droptrain_core.domain.runs.retraining import CooldownClaim, Retraining, ScheduleClaim
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from support.records import run
from support.template import table_definition

P = "penguins"
LATE = datetime(2026, 12, 1, tzinfo=UTC)
TIMES = st.integers(0, 5).map(lambda hour: f"2026-11-23T0{hour}:00:00Z")
RUNS = st.integers(1, 4).map(lambda number: f"{P}-first-{number:012x}")
SCHEDULE_CLAIMS = st.builds(ScheduleClaim, st.just(P), TIMES, TIMES)
COOLDOWN_CLAIMS = st.builds(CooldownClaim, st.just(P), TIMES, TIMES)
COOLDOWNS = st.tuples(st.just("launch"), RUNS, COOLDOWN_CLAIMS)
SCHEDULES = st.tuples(st.just("launch"), RUNS, SCHEDULE_CLAIMS)
PROMOTIONS = st.tuples(st.just("promote"), RUNS, st.integers(0, 2), st.booleans(), TIMES)
STEPS = st.one_of(
    COOLDOWNS,
    SCHEDULES,
    st.tuples(st.just("answer"), SCHEDULE_CLAIMS, st.just("unchanged"), RUNS | st.none()),
    st.tuples(st.just("keep_schedule"), st.just(P), st.just("0 6 * * *"), st.just("UTC")),
    st.tuples(st.just("forget_schedule"), st.just(P)),
    st.tuples(st.just("move_cooldown"), st.builds(Retraining, project=st.just(P), launched_at=TIMES), TIMES),
    PROMOTIONS,
    st.tuples(st.just("mark"), st.integers(1, 3), st.booleans()),
)
FEW = settings(
    max_examples=20, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
_numbers = count()


class Registry:
    """The tables of one project, real or in memory, behind the same steps."""

    def __init__(self, table: Any, retrainings: Any, models: Any) -> None:
        self.table, self.retrainings, self.models = table, retrainings, models
        for number in range(1, 5):
            table.claim(run(run_id=f"{P}-first-{number:012x}", status="SUCCEEDED"))

    def do(self, step: tuple[Any, ...]) -> Any:
        """The answer to a step."""
        name, *given_values = step
        match name:
            case "launch":
                run_id, claim = given_values
                made = run(run_id=f"{run_id}-again", status="CLAIMED")
                return self.table.claim(made, retraining=claim)
            case "promote":
                return self._promote(*given_values)
            case "mark":
                number, is_missing = given_values
                if self.models.current(P).promotion is None:
                    return None
                promotion = _promotion(number, f"{P}-first-{1:012x}", "-")
                if is_missing:
                    return self.models.mark_missing(promotion, "2026-11-23T09:00:00Z")
                return self.models.mark_published(promotion, ("a",))
        return getattr(self.retrainings, name)(*given_values)

    def seen(self) -> Any:
        """All that can be read."""
        promotions = self.models.promotions(P, range(1, 10))
        unpublished = list(self.models.unpublished(LATE))
        return self.retrainings.read(P), self.models.current(P), promotions, unpublished

    def _promote(self, run_id: str, seen: int, by_gate: bool, at: str) -> Any:
        """A promotion by a process that has seen the promotion with this number."""
        before = CurrentModel(_promotion(seen, run_id, at) if seen else None)
        transition = transitions.promoted(run_id, at, by_gate=by_gate)
        return self.models.promote(_promotion(seen + 1, run_id, at), before, transition)


def _promotion(number: int, run_id: str, at: str) -> Promotion:
    return Promotion(
        number=number, kind="promoted", run_id=run_id, project=P, dataset="first", created_order=at, at=at,
        by="ann", metrics={"accuracy": 0.5},
    )  # fmt: skip


def compare(dynamodb: Any, steps: list[tuple[Any, ...]]) -> None:
    name = f"runs-{next(_numbers)}"
    dynamodb.create_table(**table_definition(name))
    world = World()
    table = MemoryTable(world, MemoryDatasetTable(world))
    real = Registry(RunTable(dynamodb, name), RetrainTable(dynamodb, name), ModelTable(dynamodb, name))
    memory = Registry(table, MemoryRetrainTable(world, table), MemoryModelTable(world, table))
    for step in steps:
        assert real.do(step) == memory.do(step), step
        assert real.seen() == memory.seen(), step


def test_every_order_of_calls_has_the_same_answers(dynamodb: Any) -> None:
    @FEW
    @given(st.lists(STEPS, max_size=8))
    def play(steps: list[tuple[Any, ...]]) -> None:
        compare(dynamodb, steps)

    play()


def a_cooldown_without_its_condition(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(retrain_table, "_NO_COOLDOWN", "attribute_not_exists(no_such_attribute)")


def a_time_without_its_condition(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(retrain_table, "_UNCOVERED", "attribute_not_exists(no_such_attribute)")


def a_promotion_without_its_condition(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(model_table, "_IS_STILL", "promotion.#number >= :now OR promotion.#number < :now")


@pytest.mark.parametrize(
    ("put_back", "steps"),
    [
        (a_cooldown_without_its_condition, COOLDOWNS),
        (a_time_without_its_condition, SCHEDULES),
        (a_promotion_without_its_condition, PROMOTIONS),
    ],
)
def test_a_claim_without_its_condition_is_found(
    dynamodb: Any,
    put_back: Callable[[pytest.MonkeyPatch], None],
    steps: st.SearchStrategy[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_back(monkeypatch)
    with pytest.raises(AssertionError):
        seed(1)(FEW(given(st.lists(steps, max_size=8))(lambda each: compare(dynamodb, each))))()
