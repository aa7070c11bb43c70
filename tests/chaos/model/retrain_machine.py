"""Every interleaving of a project that trains again: its cooldowns, schedules, spans, gates and rollbacks."""

from collections.abc import Callable, Mapping
from typing import Any

from chaos.model import retrain_promises as promises
from chaos.model.machine import COUNTED, MOST_CALLS, Delivering, _move, anyone, sides
from chaos.model.world import Task
from droptrain_core.domain.datasets.dataset import data_prefix, drop_id, match_inputs
from droptrain_core.domain.errors import ModelChangedError
from droptrain_core.domain.recipes.recipe import parse
from droptrain_core.domain.runs.retraining import is_schedule_due
from droptrain_core.domain.runs.run import run_prefix
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

HOUR = 3600
DAY = 24 * HOUR
DATASETS = ("first", "second", "third")
FILES = ("train.csv", "test.csv")
COOLDOWN = {"cooldown": "12h"}
DAILY = {"schedule": "0 5 * * *", "timezone": "Europe/Berlin"}
WEEKLY = {"schedule": "0 6 * * mon"}
RETRAIN: tuple[dict[str, Any], ...] = (
    COOLDOWN,
    {"cooldown": "1h"},
    DAILY,
    {**DAILY, "only_if_new": True},
    {**WEEKLY, **COOLDOWN, "only_if_new": True},
    {**DAILY, **COOLDOWN},
    {},
)
SPANS: tuple[dict[str, Any], ...] = (
    {},
    {"inputs": {"training": "*/train.csv", "testing": "test.csv"}, "span": "all"},
    {"inputs": {"training": "*/train.csv"}, "span": {"last": 2}},
)
METRIC = {"metric": {"name": "accuracy", "goal": "maximize"}}
GATES: tuple[dict[str, Any], ...] = (
    {},
    {**METRIC, "promote": {"when": "better", "require": {"accuracy": ">= 0.5"}}},
    {**METRIC, "promote": {"when": "manual"}},
)
kinds = st.sampled_from((*["upload"] * 4, *["promote"] * 2, "message", "push", "roll back"))
accuracies = st.sampled_from((0.1, 0.5, 0.6, 0.9))


@st.composite
def recipes(draw: st.DrawFn) -> dict[str, Any]:
    """A recipe that trains again."""
    retrain, span, gate = (draw(st.sampled_from(each)) for each in (RETRAIN, SPANS, GATES))
    return {"timeout": "10m", "retrain": retrain, **span, **gate}


class Retraining(Delivering):
    """A project for hours and months: data arrive, times come, messages are late, lost and repeated."""

    # A cooldown schedules its end, and a span reads the datasets that were accepted.
    most_calls = MOST_CALLS | {"upload": MOST_CALLS["upload"] + 5}

    @initialize(recipe=recipes())
    def publish(self, recipe: dict[str, Any]) -> None:
        self.schedules, self.cooldowns = self.wiring.launch_schedules(), self.wiring.end_cooldowns()
        self.recipes = promises.Recipes()
        self.messages: list[Mapping[str, Any]] = self.wake_ups.cooldowns_over
        self.pushes = 0
        self.push(recipe)
        self.deliver_push(99)
        for dataset in DATASETS[:2]:
            self._drop(dataset, FILES)
        COUNTED["projects that train again"] += 1

    # What users do

    @rule(dataset=st.sampled_from(DATASETS), files=st.sampled_from((FILES, FILES, FILES[:1], FILES[1:])))
    def drop(self, dataset: str, files: tuple[str, ...]) -> None:
        self._drop(dataset, files)

    @rule(dataset=st.sampled_from(DATASETS), file=st.sampled_from(FILES))
    def delete(self, dataset: str, file: str) -> None:
        if self.bucket.latest(data_prefix("p", dataset) + file):
            self.bucket.delete(data_prefix("p", dataset) + file)

    @rule(recipe=recipes())
    def push(self, recipe: dict[str, Any]) -> None:
        self.recipe = recipe
        self.recipes.push(self.world.now, recipe)
        self.bucket.put("projects/p/train.yaml", recipe)
        self.pushes += 1

    @rule(dataset=st.sampled_from(DATASETS), rerun=st.booleans(), far=sides)
    def request(self, dataset: str, rerun: bool, far: int) -> None:
        self._start(far, "request", lambda: self.launch.request("p", dataset, caller="ann", rerun=rerun))

    @rule(seconds=st.sampled_from((0, HOUR, 3 * DAY)))
    def the_owner_pauses_the_stack(self, seconds: int) -> None:
        """What is delivered meanwhile launches nothing, and comes again."""
        object.__setattr__(self.wiring.policy, "paused", "no budget")
        self._pass_time(seconds)
        for queue, deliver in ((self.uploads, self.deliver_upload), (self.messages, self.deliver_message)):
            for _ in range(len(queue)):
                deliver(0, 99)
        object.__setattr__(self.wiring.policy, "paused", "")

    # What queues and schedules deliver

    @precondition(lambda self: self.pushes)
    @rule(far=sides)
    def deliver_push(self, far: int) -> None:
        self.pushes -= 1
        self._start(far, "push", lambda: self.schedules.follow("p"), self._push_again)

    @precondition(lambda self: self.messages)
    @rule(which=anyone, far=sides)
    def deliver_message(self, which: int, far: int) -> None:
        message = self.messages.pop(which % len(self.messages))
        self._start(far, "time", lambda: self._come(message), lambda: self.messages.append(message))

    @precondition(lambda self: self.messages)
    @rule(which=anyone, is_lost=st.booleans())
    def repeat_or_lose_a_message(self, which: int, is_lost: bool) -> None:
        message = self.messages[which % len(self.messages)]
        (self.messages.remove if is_lost else self.messages.append)(message)
        COUNTED["events lost" if is_lost else "events repeated"] += 1
        self.troubled = True

    @rule(kinds=st.tuples(kinds, kinds), which=anyone, far=st.integers(1, 40))
    def two_at_the_same_time(self, kinds: tuple[str, str], which: int, far: int) -> None:
        """Two invocations get equally far before the first one goes on to its end, and then the other."""
        able = {
            "upload": self.uploads, "message": self.messages, "push": self.pushes,
            "promote": self.table.runs, "roll back": self.table.current,
        }  # fmt: skip
        start: dict[str, Callable[[], None]] = {
            "upload": lambda: self.deliver_upload(which, far),
            "message": lambda: self.deliver_message(which, far),
            "push": lambda: self.deliver_push(far),
            "promote": lambda: self.ask_to_promote(which, far),
            "roll back": lambda: self.ask_to_roll_back(far),
        }
        for kind in kinds:
            if able[kind]:
                start[kind]()
        for task, again in list(self.tasks):
            self._go_on(task, again, 99)

    @precondition(lambda self: any(not job.ended for job in self.jobs.jobs.values()))
    @rule(which=anyone, how=st.sampled_from(("on", "on", "on", "reclaimed", "failed")), accuracy=accuracies)
    def batch_moves_a_job(self, which: int, how: str, accuracy: float) -> None:
        living = [job for job in self.jobs.jobs.values() if not job.ended]
        self._move(living[which % len(living)], how, accuracy)

    @precondition(lambda self: not self.tasks)
    @rule(accuracy=accuracies)
    def everything_under_way_comes_to_its_end(self, accuracy: float) -> None:
        for _ in range(6):
            for job in [job for job in self.jobs.jobs.values() if not job.ended]:
                self._move(job, "on", accuracy)
            for queue, deliver in (
                (self.uploads, self.deliver_upload),
                (self.jobs.events, self._deliver_change),
                (self.table.stream, self._deliver_end),
            ):
                for _ in range(len(queue)):
                    deliver(0, 99)

    @rule(seconds=st.sampled_from((HOUR, 5 * HOUR, 13 * HOUR, 3 * DAY, 31 * DAY)))
    def hours_pass(self, seconds: int) -> None:
        self._pass_time(seconds)

    # What must hold at every moment

    @invariant()
    def runs_keep_the_promises_of_the_recipes(self) -> None:
        if not self.table.runs:
            return
        runs = list(self.table.runs.values())
        promises.check_cooldowns(runs, self.recipes)
        promises.check_schedules(self.table.covered, runs)
        promises.check_versions(runs)
        promises.check_spans(runs, self.recipes)
        if all(each.retrain.only_if_new for each in self.recipes if each.retrain.schedule):
            promises.check_only_if_new(runs)

    @invariant()
    def the_registry_is_the_truth(self) -> None:
        promotions = [self.table.promotions[key] for key in sorted(self.table.promotions)]
        promises.check_registry(promotions, self.table.runs)
        current = self.table.current.get("p")
        assert (current and current.promotion) == (promotions[-1] if promotions else None)
        named = self.wiring.model_files.current.get("p")
        assert named in (None, *promotions)

    def _push_again(self) -> None:
        self.pushes += 1

    def _come(self, message: Mapping[str, Any]) -> None:
        detail = message["detail"]
        if not is_schedule_due(message):
            self.cooldowns.over(detail["project"])
            return
        self.schedules.due(detail["project"], detail["due_at"])
        if all(each.retrain.schedule for each in self.recipes):
            assert self.table.retraining("p").covers(detail["due_at"]), "a time of the schedule was lost"

    def _move(self, job: Any, how: str, accuracy: float) -> None:
        if job.detail["status"] == "RUNNING":
            account = {
                "batch_job_id": job.job_id, "attempt": len(job.detail["attempts"]) + 1,
                "metrics": {"accuracy": accuracy},
            }  # fmt: skip
            run_id = next(run.run_id for run in self.table.runs.values() if run.batch_job_id == job.job_id)
            self.bucket.documents[run_prefix("p", run_id) + "outcome.json"] = account
        _move(self.jobs, self.bucket, job, how)

    def _start(self, far: int, name: str, work: Any, again: Any = None) -> None:
        if self.wiring.policy.paused and name in ("upload", "time", "push"):
            name += " while paused"
        super()._start(far, name, work, again)

    def _tidy(self, task: Task, again: Any) -> None:
        if task.ended and task.name.endswith(" while paused"):
            assert "claim" not in task.calls, "the pause was ignored"
            COUNTED["messages in a pause"] += 1
        if task.ended and task.name == "upload" and task.calls[-1:] == ["hold"] and "push" not in task.calls:
            assert len(task.calls) <= 2, task.calls
            COUNTED["uploads that only wait"] += 1
        if task.ended and task.name == "promote":
            self._check_answer(task)
        super()._tidy(task, again)

    def _check_answer(self, task: Task) -> None:
        """Of two promotions at the same time one wins, and both callers get to know what is current."""
        promoted = self.table.promotions.values()
        if isinstance(task.error, ModelChangedError):
            assert any(each.run_id in str(task.error) for each in promoted), task.error
            COUNTED["promotions that lost a race"] += 1
        elif task.error is None and task.result is not None:
            assert task.result.promotion in promoted

    def _pass_time(self, seconds: int) -> None:
        super()._pass_time(seconds)
        self._ring()

    def _ring(self) -> None:
        for message in self.wiring.schedules.come_due():
            self.messages.append(message)
            COUNTED["times of schedules and cooldowns"] += 1

    def _settle(self, *, batch_moves: bool) -> bool:
        """What the base does, after all messages; a dataset that waits for a cooldown's end isn't settled."""
        self._ring()
        busy = bool(self.messages or self.pushes)
        for _ in range(self.pushes):
            self.deliver_push(99)
        for _ in range(len(self.messages)):
            self.deliver_message(0, 99)
        for job in [job for job in self.jobs.jobs.values() if not job.ended] if batch_moves else ():
            self._move(job, "on", 0.7)
            busy = True
        busy = super()._settle(batch_moves=False) or busy
        return busy or any(each.arrived_at for each in self.datasets.records.values())

    def _check(self) -> None:
        super()._check()
        for dataset in DATASETS:
            self._check_dataset(dataset)
        COUNTED["runs by schedules"] += sum(run.launched_by == "schedule" for run in self.table.runs.values())

    def _check_dataset(self, dataset: str) -> None:
        """A dataset that is complete has its run, or that of a newer dataset that waited with it."""
        record = self.datasets.get("p", dataset)
        assert not record.arrived_at, f"{dataset} waits for ever"
        folder, recipe = data_prefix("p", dataset), parse(self.recipe)
        latest = [item for file in FILES if (item := self.bucket.latest(folder + file))]
        found = match_inputs(recipe.inputs, recipe.trigger, latest, folder)
        if not found.ready or drop_id("p", dataset, found.versions) in self.table.drops:
            return
        answer = self.table.runs.get(record.run_id or "")
        assert answer, f"{dataset} was lost"
        COUNTED["datasets answered by a newer one's run"] += 1
