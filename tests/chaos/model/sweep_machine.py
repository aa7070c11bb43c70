"""Every interleaving of a sweep's events, deaths, passes, failed trials and cancels."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from chaos.model.machine import BUDGET, COUNTED, Delivering, _move, anyone, sides
from droptrain_core.domain.costs.budget import RUNNING, charged_usd, to_micro
from droptrain_core.domain.datasets.dataset import data_prefix
from droptrain_core.domain.recipes.values import Scalar
from droptrain_core.domain.runs.run import Run, run_prefix
from droptrain_core.domain.sweeps.order import SweepOrder
from droptrain_core.domain.sweeps.sweep import Sweep
from droptrain_core.domain.sweeps.trial import Trial
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

RECIPE: dict[str, Any] = {
    "timeout": "10m",
    "hyperparameters": {"units": 8},
    "metric": {"name": "accuracy", "goal": "maximize"},
}
TRIALS, PARALLEL = 5, 2
# A trial may cost up to 0.28.
LIMITS = (None, 0.9, 0.6)
VALUES = (0.3, 0.9, 0.1, 0.7, 0.5)


class Draws:
    """A search without a package."""

    def draw(self, sweep: Sweep, trials: Sequence[Trial]) -> Mapping[str, Scalar]:
        # Two looks may see different trials, so they may draw differently.
        return {"units": 1 + len(trials) + 10 * sum(each.ended for each in trials)}

    def importance(self, sweep: Sweep, trials: Sequence[Trial]) -> Mapping[str, float]:
        return {}


class Sweeping(Delivering):
    """One sweep, whose trials run, fail and are reclaimed, while functions die and events are lost."""

    @initialize(method=st.sampled_from(("grid", "random")), limit=st.sampled_from(LIMITS))
    def publish(self, method: str, limit: float | None) -> None:
        self.bucket.put("projects/p/train.yaml", RECIPE)
        for file in ("train.csv", "test.csv"):
            self.bucket.put(data_prefix("p", "first") + file)
        self.advance, self.search = self.wiring.advance_sweep(), Draws()
        self.cancel_sweep, self.notify_sweep = self.wiring.cancel_sweep(), self.wiring.notify_sweep()
        space = {"units": f"1..{TRIALS}:int"} if method == "grid" else {"units": "1..99:int"}
        given = {"space": space, "method": method, "trials": TRIALS, "parallel": PARALLEL}
        self.order = SweepOrder("p", "first", given | ({"max_cost_usd": limit} if limit else {}))
        self.requests = self.wiring.launch_sweeps()
        self.sweep_id = self.requests.request(self.order, caller="ann")[0].sweep_id
        COUNTED["sweeps"] += 1

    @property
    def sweep(self) -> Sweep:
        return self.table.sweeps[self.sweep_id]

    @property
    def trials(self) -> list[Run]:
        return [run for run in self.table.runs.values() if run.sweep]

    # What users do

    @rule(far=sides)
    def ask_for_the_same_sweep(self, far: int) -> None:
        if self.sweep.status in ("RUNNING", "SUCCEEDED"):
            self._start(far, "request", lambda: self.requests.request(self.order, caller="ann"))

    @precondition(lambda self: len(self.trials) > 2)
    @rule(far=sides)
    def ask_to_cancel_the_sweep(self, far: int) -> None:
        self._start(far, "cancel", lambda: self.cancel_sweep.sweep(self.sweep_id, "bob"))

    # What the stream and AWS Batch do

    @precondition(lambda self: self.table.stream)
    @rule(which=anyone)
    def lose_an_end(self, which: int) -> None:
        self.table.stream.pop(which % len(self.table.stream))
        COUNTED["events lost"] += 1

    @precondition(lambda self: any(not job.ended for job in self.jobs.jobs.values()))
    @rule(which=anyone, how=st.sampled_from(("on", "on", "on", "reclaimed", "failed")))
    def batch_moves_a_job(self, which: int, how: str) -> None:
        living = [job for job in self.jobs.jobs.values() if not job.ended]
        self._move(living[which % len(living)], how)

    # What must hold at every moment

    @invariant()
    def no_more_trials_run_than_may(self) -> None:
        assert sum(not run.ended for run in self.trials) <= PARALLEL

    @invariant()
    def trials_are_numbered_without_a_gap(self) -> None:
        numbers = sorted(run.trial or 0 for run in self.trials)
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) <= TRIALS

    @invariant()
    def the_trials_stay_within_the_limit(self) -> None:
        if self.trials:
            held = sum(self._charge(run) for run in self.trials)
            assert held <= to_micro(self.sweep.limit_usd or 0)

    def _charge(self, run: Run) -> int:
        most = self.sweep.trial_usd or 0.0
        return to_micro(charged_usd(run, most) if run.ended else most)

    def _move(self, job: Any, how: str) -> None:
        run = next((run for run in self.trials if run.run_id == job.detail["jobName"]), None)
        if run and run.trial and job.detail["status"] == "RUNNING":
            account = {
                "batch_job_id": job.job_id, "attempt": len(job.detail["attempts"]) + 1,
                "metrics": {"accuracy": VALUES[run.trial - 1]},
            }  # fmt: skip
            self.bucket.documents[run_prefix("p", run.run_id) + "outcome.json"] = account
        _move(self.jobs, self.bucket, job, how)

    def _deliver_end(self, which: int, far: int) -> None:
        """Both readers of the stream get the record."""
        stream = self.table.stream
        image = stream.pop(which % len(stream))
        if "sweep_id" in image and "woken_at" not in image:
            self._start(
                far, "notice", lambda: self.notify_sweep.ended(self.sweep_id), lambda: stream.append(image)
            )
            return
        self._start(
            far,
            "advance",
            lambda: self.advance.sweep(self.sweep_id, self.search),
            lambda: stream.append(image),
        )
        if "sweep_id" not in image:
            run_id = image["run_id"]["S"]
            self._start(99, "notice", lambda: self.notify.ended(run_id, "p"))

    def _settle(self, *, batch_moves: bool) -> bool:
        before = dict(self.table.sweeps)
        for job in [job for job in self.jobs.jobs.values() if not job.ended] if batch_moves else ():
            self._move(job, "on")
        return super()._settle(batch_moves=False) or before != self.table.sweeps

    def _check(self) -> None:
        sweep, trials = self.sweep, self.trials
        assert sweep.ended, f"the sweep is {sweep.status} for ever"
        assert sweep.notified_at
        assert all(run.ended and run.notified_at for run in trials)
        # A trial that somebody promotes has another notice.
        notices = [notice for notice in self.topic.published
                   if notice.outcome != "ATTENTION" and notice.message.thread != "model-p"]  # fmt: skip
        assert {notice.message.thread for notice in notices} == {self.sweep_id}
        assert {notice.outcome for notice in notices} == {sweep.status}
        assert len(notices) == 1 or self.troubled, "notified twice though nothing went wrong"
        if sweep.status == "SUCCEEDED" and not sweep.stop:
            assert len(trials) == TRIALS
        # A report that is lost leaves a good end without its value.
        values = [run.metrics["accuracy"] for run in trials
                  if run.status == "SUCCEEDED" and "accuracy" in run.metrics]  # fmt: skip
        best = sweep.known_standing.best
        assert (best and best.value) == max(values, default=None)
        self._check_sweep_s_accounts(sweep, trials)
        COUNTED[f"sweeps {sweep.status}"] += 1

    def _check_sweep_s_accounts(self, sweep: Sweep, trials: list[Run]) -> None:
        spent = to_micro(sweep.known_standing.charged_usd)
        assert spent == sum(self._charge(run) for run in trials)
        assert BUDGET.month_usd
        for name, account in self.table.accounts.items():
            assert account.reserved == 0, f"{name} still holds {account.reserved}"
            assert account.spent == (0 if name == RUNNING else spent)

    def a_drop_has_one_run(self) -> None:
        """The drop is taken for the first trial, before there is one."""
        assert Counter(self.table.drops.values()).total() <= 1
