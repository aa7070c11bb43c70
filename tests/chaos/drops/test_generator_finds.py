"""The drops find each kind of fault that left a drop without an answer, when it is put back into the code."""

from collections.abc import Callable
from typing import Any

import pytest
from chaos.drops.play import play
from chaos.drops.strategies import drops
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.datasets.dataset_record import Answered
from droptrain_core.reconcile import Reconcile
from hypothesis import HealthCheck, Phase, given, seed, settings

# Each of these is found within the first hundred.
MANY = settings(
    max_examples=1000,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def an_item_twice(patch: pytest.MonkeyPatch) -> None:
    transact = RunTable._transact

    def with_uploads(table: RunTable, writes: list[Any], run: Any) -> Any:
        items = ({"pk": {"S": f"UPLOAD#{item.object.key}"}} for item in run.inputs)
        puts = [{"Put": {"TableName": "runs", "Item": item}} for item in items]
        return transact(table, [*writes, *puts], run)

    patch.setattr(RunTable, "_transact", with_uploads)


def a_rejection_for_each_file(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Answered, "covers", lambda *_: False)


def forgotten_datasets(patch: pytest.MonkeyPatch) -> None:
    settle = Reconcile._settle_dataset

    def forget(self: Reconcile, waiting: Any, *, notified: bool) -> Any:
        if waiting.missing:
            self._datasets.forget(waiting)
            return
        yield from settle(self, waiting, notified=notified)

    patch.setattr(Reconcile, "_settle_dataset", forget)


@pytest.mark.parametrize("put_back", [an_item_twice, a_rejection_for_each_file, forgotten_datasets])
def test_a_fault_is_found(
    put_back: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_back(monkeypatch)
    with pytest.raises(AssertionError):
        seed(1)(MANY(given(drops())(play)))()
