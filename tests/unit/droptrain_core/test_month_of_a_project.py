"""A month of a project in virtual time: a drop an hour, a cooldown, a schedule, a bad day, a rollback."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from chaos.model.world import World
from droptrain_core.domain.costs.budget import Budget
from droptrain_core.domain.datasets.dataset import Created, data_prefix
from droptrain_core.domain.notices.notice import Notice
from droptrain_core.domain.runs.promotion import Promotion
from droptrain_core.domain.runs.run import Run, run_prefix
from droptrain_core.domain.times import from_text
from support.memory_wiring import MemoryWiring

RECIPE: dict[str, Any] = {
    "inputs": {"training": "*/train.csv", "testing": "test.csv"},
    "span": {"last": 24},
    "timeout": "1h",
    "metric": {"name": "accuracy", "goal": "maximize"},
    "promote": {"when": "better", "require": {"accuracy": ">= 0.9"}},
    "retrain": {"cooldown": "12h", "schedule": "0 6 * * mon", "timezone": "Europe/Berlin"},
}
HOURS = 30 * 24
MONDAYS = ("11-23", "11-30", "12-07", "12-14", "12-21")
BAD_DAY = range(10 * 24, 11 * 24)
ROLLBACK_AT = 20 * 24 + 5
ANN = "arn:aws:iam::123456789012:user/ann"
# A training takes an hour.
TRAINED_MS = 3_600_000


@dataclass
class Month:
    """The project, and what was seen of it each hour."""

    world: World = field(default_factory=World)
    waits: list[list[str]] = field(default_factory=list)
    current: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wiring = wiring = MemoryWiring(self.world, Budget(month_usd=100.0))
        self.uploads, self.cooldowns = wiring.launch_uploads(), wiring.end_cooldowns()
        self.schedules, self.reconcile = wiring.launch_schedules(), wiring.reconcile()
        self.track, self.notify = wiring.track(), wiring.notify()
        self.promote, self.publish = wiring.promote(), wiring.publish_model()
        self.start = self.world.now
        wiring.bucket.put("projects/p/code/run.sh")
        wiring.bucket.put("projects/p/train.yaml", RECIPE)
        self.schedules.follow("p")

    def runs(self, launched_by: str) -> list[Run]:
        found = (run for run in self.wiring.table.runs.values() if run.launched_by == launched_by)
        return sorted(found, key=lambda run: run.created_order)

    @property
    def promotions(self) -> list[Promotion]:
        found = self.wiring.table.promotions
        return [found[key] for key in sorted(found)]

    def notices_of(self, run: Run) -> list[Notice]:
        return [each for each in self.wiring.topic.published if each.message.thread == run.run_id]

    def hour_of(self, run: Run) -> int:
        return int((from_text(run.created_at) - self.start) / timedelta(hours=1))

    def live(self) -> None:
        for hour in range(HOURS):
            self._come_due()
            self._drop(hour)
            if hour == ROLLBACK_AT:
                self.promote.rollback("p", ANN)
            self._train(hour)
            if hour % 6 == 0:
                assert "failed" not in self.reconcile.all()
            now = self.wiring.table.current.get("p")
            self.current.append(now.promotion.run_id if now and now.promotion else None)
            self.world.later(3600)

    def _drop(self, hour: int) -> None:
        calls: list[str] = []
        for file in ("train.csv", "test.csv"):
            version = self.wiring.bucket.put(data_prefix("p", f"hour-{hour:03}") + file)
            upload = Created(version.key, version.version_id, self.world.now)
            task = self.world.finish(self.world.start("upload", partial(self.uploads.upload, upload)))
            assert task.error is None, task.error
            calls += task.calls
        if "claim" not in calls:
            self.waits.append(calls)

    def _come_due(self) -> None:
        for message in self.wiring.schedules.come_due():
            if message["detail-type"] == "Schedule Due":
                self.schedules.due("p", message["detail"]["due_at"])
            else:
                self.cooldowns.over("p")

    def _train(self, hour: int) -> None:
        """Each Batch job runs to its end; its accuracy is bad on the bad day, and grows slowly otherwise."""
        accuracy = 0.6 if hour in BAD_DAY else 0.9 + hour / 10_000
        for job in [job for job in self.wiring.jobs.jobs.values() if not job.ended]:
            run_id = job.detail["jobName"]
            self.wiring.bucket.documents[run_prefix("p", run_id) + "outcome.json"] = {
                "batch_job_id": job.job_id, "attempt": 1, "metrics": {"accuracy": accuracy},
            }  # fmt: skip
            began = int(self.world.now.timestamp() * 1000)
            tried = {"startedAt": began, "stoppedAt": began + TRAINED_MS}
            attempts = [{**tried, "container": {"exitCode": 0}}]
            self.wiring.jobs.move(job, "SUCCEEDED", attempts=attempts, **tried)
        for queue, deliver in (
            (self.wiring.jobs.events, self.track.event),
            (self.wiring.table.stream, lambda image: self.notify.ended(image["run_id"]["S"], "p")),
        ):
            while queue:
                deliver(queue.pop(0))
        self.publish.go_on("p", 10)


@pytest.fixture(scope="module")
def month() -> Month:
    """The month is lived once; the tests look at it."""
    month = Month()
    month.live()
    return month


def test_uploads_train_twice_a_day_and_the_schedule_each_monday(month: Month) -> None:
    assert [month.hour_of(run) for run in month.runs("upload")] == list(range(0, HOURS, 12))
    covered = month.wiring.table.covered
    assert [claim.due_at for claim in covered] == [f"2026-{day}T05:00:00Z" for day in MONDAYS]
    assert [month.hour_of(run) for run in month.runs("schedule")] == [3 + 7 * 24 * week for week in range(5)]


def test_every_hour_s_data_are_trained(month: Month) -> None:
    trained = {each.object.key.split("/")[3] for run in month.runs("upload") for each in run.inputs}
    waits = {record.dataset for record in month.wiring.dataset_table.records.values() if record.arrived_at}
    assert trained | waits == {f"hour-{hour:03}" for hour in range(HOURS)}
    assert len(waits) == 12, "only those of the present cooldown wait"


def test_a_drop_that_only_waits_costs_four_calls(month: Month) -> None:
    assert Counter(map(len, month.waits)) == {4: HOURS - 1}


def test_the_gate_stops_a_bad_day(month: Month) -> None:
    bad = [run for run in month.runs("upload") if month.hour_of(run) in BAD_DAY]
    assert len(bad) == 2
    for run in bad:
        (notice,) = month.notices_of(run)
        assert "accuracy has to be >= 0.9, and is 0.6 (off by 0.3)" in notice.text
    before = month.current[BAD_DAY.start - 1]
    assert {month.current[hour] for hour in BAD_DAY} == {before}
    after = month.current[BAD_DAY.stop]
    assert after != before, "the next good day goes on"
    assert after not in {run.run_id for run in bad}


def test_a_rollback_goes_back_to_the_model_before_until_a_better_run(month: Month) -> None:
    before, now = month.current[ROLLBACK_AT - 1], month.current[ROLLBACK_AT]
    assert now == month.current[ROLLBACK_AT - 6], "the model before"
    assert now != before
    assert month.current[ROLLBACK_AT + 12] not in (before, now)
    rolled_back = [each for each in month.promotions if each.kind == "rolled_back"]
    assert [(each.run_id, each.by) for each in rolled_back] == [(now, ANN)]


def test_the_registry_has_exactly_the_models_that_were_current(month: Month) -> None:
    assert [each.number for each in month.promotions] == list(range(1, len(month.promotions) + 1))
    seen = [run_id for number, run_id in enumerate(month.current) if run_id != month.current[number - 1]]
    assert [each.run_id for each in month.promotions] == seen
    named = month.wiring.model_files.current["p"]
    assert named == month.promotions[-1]
    assert len(month.wiring.model_files.copied["p"]) == 5


def test_each_run_has_one_notice_and_its_cost_is_in_its_month(month: Month) -> None:
    runs = [*month.runs("upload"), *month.runs("schedule")]
    assert [len(month.notices_of(run)) for run in runs] == [1] * len(runs)
    for name, account in month.wiring.table.accounts.items():
        cost = sum(run.cost.estimate_usd for run in runs if run.cost and run.created_at.startswith(name))
        assert account.spent == account.committed == round(cost * 1_000_000)
    assert sum(run.cost.estimate_usd for run in runs if run.cost) == pytest.approx(65 * 0.587)
