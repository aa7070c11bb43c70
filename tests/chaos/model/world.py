"""A small world in which everything can happen: time, a scheduler of tasks, and what is counted.

A task is one invocation of a function. It stops before and after every call that it makes outside; the world
then lets it go on, lets another go on, fails the call, or kills the task as a lost machine would.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from greenlet import getcurrent, greenlet


class Scheduler(Protocol):
    """Gives adapters in memory the time, and decides when a call of theirs goes on."""

    def clock(self) -> datetime:
        """The present moment, in UTC."""

    def reach(self, side: str, call: str) -> None:
        """A call stands "before" its effect, or "after" it."""


class InMemory(Protocol):
    """An adapter whose calls a scheduler can stop."""

    @property
    def world(self) -> Scheduler: ...


Adapter = TypeVar("Adapter", bound=InMemory)
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class Killed(BaseException):
    """The task's machine is gone: no code of it runs any more but what unwinding does."""


class FailedCallError(Exception):
    """A call that answered an error."""


@dataclass
class Task:
    """An invocation under way: what it is called, what it does, and the calls that it has made."""

    name: str
    work: Callable[[], Any]
    started: datetime
    calls: list[str] = field(default_factory=list)
    at: tuple[str, str] | None = None
    result: Any = None
    error: BaseException | None = None
    ended: bool = False
    thread: Any = None


class World:
    """Time, tasks and faults."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
        self.faults: Counter[str] = Counter()
        self._tasks: dict[Any, Task] = {}

    def clock(self) -> datetime:
        """The moment that it is, in UTC."""
        return self.now

    def later(self, seconds: float) -> None:
        """Let time pass for everybody."""
        self.now += timedelta(seconds=seconds)

    def start(self, name: str, work: Callable[[], Any]) -> Task:
        """A task that stands before its first call, or has ended without one."""
        task = Task(name, work, self.now)
        task.thread = greenlet(lambda: self._run(task))
        self._tasks[task.thread] = task
        task.thread.switch()
        return task

    def step(self, task: Task) -> None:
        """Let the task go on to the next side of a call, or to its end."""
        task.thread.switch()

    def finish(self, task: Task) -> Task:
        """Let the task go on to its end."""
        while not task.ended:
            self.step(task)
        return task

    def kill(self, task: Task) -> None:
        """Kill the task where it stands."""
        self.faults["killed"] += 1
        task.thread.throw(Killed)

    def fail(self, task: Task, error: Exception) -> None:
        """Let the call at which the task stands answer an error: before its effect, or after it."""
        self.faults[f"failed {task.at[0] if task.at else ''} its effect"] += 1
        task.thread.throw(error)

    def reach(self, side: str, call: str) -> None:
        """A call of an adapter stands before its effect, or after it."""
        task = self._tasks.get(getcurrent())
        if task is None:
            return  # the test's own look at things
        if side == "before":
            task.calls.append(call)
        task.at = (side, call)
        task.thread.parent.switch()

    def _run(self, task: Task) -> None:
        try:
            task.result = task.work()
        except (Exception, Killed) as error:  # noqa: BLE001 - whatever it is, the event comes again
            task.error = error
        task.ended, task.at = True, None
        del self._tasks[task.thread]


def outside(
    method: Callable[Concatenate[Adapter, Arguments], Answer],
) -> Callable[Concatenate[Adapter, Arguments], Answer]:
    """Make a method of an in-memory adapter stop before and after its effect."""

    def stopping(adapter: Adapter, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        adapter.world.reach("before", method.__name__)
        result = method(adapter, *args, **kwargs)
        adapter.world.reach("after", method.__name__)
        return result

    return stopping
