"""A push and launches, whatever comes between: a launch finds what was there before, or all of the push."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest
from chaos.model import world as memory_world
from droptrain_core.aws.bucket import Bucket
from droptrain_core.domain.costs.budget import Budget
from droptrain_core.domain.errors import BusyError
from droptrain_core.domain.recipes.push import Published, pushing
from droptrain_core.domain.runs.run import Run
from greenlet import getcurrent, greenlet
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from moto import mock_aws
from support.memory_wiring import MemoryWiring

from droptrain.errors import DroptrainError
from droptrain_cli.publish import Changes, OvertakenError, Publisher

Files = Mapping[str, bytes]

_RUN, _RECIPE = "code/run.sh", "train.yaml"
_numbers = count()
projects = st.dictionaries(
    st.sampled_from(("code/a.py", "code/lib/b.py", "code/größe 1.txt", _RECIPE)),
    st.sampled_from((b"attempts: 1\n", b"attempts: 2\n")),
).flatmap(lambda files: st.sampled_from((b"1", b"2")).map(lambda script: {**files, _RUN: script}))


class Died(BaseException):
    """The process is gone: nothing of it runs any more."""


class Task:
    """Work that stops before each call of its client."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.result: Any = None
        self.error: BaseException | None = None
        self.ended = False
        self._work = work
        self._thread = greenlet(self._run)

    def step(self) -> None:
        """Go on to the next call, or to the end."""
        if not self.ended:
            self._thread.switch()

    def finish(self) -> "Task":
        while not self.ended:
            self.step()
        return self

    def kill(self) -> None:
        if not self.ended:
            self._thread.throw(Died())

    def _run(self) -> None:
        try:
            self.result = self._work()
        except (Exception, Died) as error:  # noqa: BLE001 - the tests look at it
            self.error = error
        self.ended = True


class World:
    """A project in a bucket of its own, which is pushed from a folder and launched; all else is in memory."""

    def __init__(self, s3: Any, folder: Path) -> None:
        self.project = "p"
        self.s3 = s3
        self.bucket = Bucket(self.s3, f"data-{next(_numbers)}")
        self.s3.create_bucket(Bucket=self.bucket.name)
        self.s3.put_bucket_versioning(Bucket=self.bucket.name, VersioningConfiguration={"Status": "Enabled"})
        self._folder = folder
        wiring = MemoryWiring(memory_world.World(), Budget(), bucket=self.bucket)
        self._launch = wiring.launch_requests()
        self.put({"data/d/train.csv": b"x", "data/d/test.csv": b"x"})

    def put(self, files: Files) -> None:
        """Publish without a push, as `aws s3 cp` does."""
        for name, body in files.items():
            self.s3.put_object(Bucket=self.bucket.name, Key=f"projects/{self.project}/{name}", Body=body)

    def push(self, files: Files) -> Changes:
        number = next(_numbers)
        paths: dict[str, Path] = {}
        for name, body in files.items():
            path = self._folder / f"push-{number}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            paths[f"projects/{self.project}/{name}"] = path
        publisher = Publisher(self.s3, self.bucket.name, self.project, f"push-{number}")
        return publisher.publish(paths, "2026-11-23T02:10:00Z")

    def launch(self) -> Files:
        """What a launch trains with: recipe and code by name."""
        run = self.launched()
        key = f"runs/{self.project}/{run.run_id}/run.json"
        plan = json.load(self.s3.get_object(Bucket=self.bucket.name, Key=key)["Body"])
        found = [*plan["code"], *([plan["recipe"]] if plan["recipe"] else [])]
        return {item["key"].removeprefix(f"projects/{self.project}/"): self._content(item) for item in found}

    def launched(self) -> Run:
        run, _ = self._launch.request(self.project, "d", caller="ann", rerun=True)
        return run

    def _content(self, item: Mapping[str, Any]) -> bytes:
        answer = self.s3.get_object(Bucket=self.bucket.name, Key=item["key"], VersionId=item["version_id"])
        body: bytes = answer["Body"].read()
        return body


def pause(**_: Any) -> None:
    """Stop the task that calls, if it is one that does."""
    if getcurrent().parent is not None:
        getcurrent().parent.switch()


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.meta.events.register_first("before-call", pause)
        yield s3


@pytest.fixture
def make_world(s3: Any, tmp_path: Path) -> Callable[[], World]:
    return lambda: World(s3, tmp_path)


whole = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
BOTH: tuple[Files, Files] = (
    {_RUN: b"1", "code/a.py": b"attempts: 1\n", _RECIPE: b"attempts: 1\n"},
    {_RUN: b"2", "code/lib/b.py": b"attempts: 1\n", _RECIPE: b"attempts: 2\n"},
)


@whole
@given(old=projects, new=projects, pushed_before=st.booleans(), turns=st.lists(st.booleans(), max_size=40))
@example(old=BOTH[0], new=BOTH[1], pushed_before=True, turns=[])
def test_a_launch_while_others_push_trains_the_old_or_the_new_and_never_a_mixture(
    make_world: Callable[[], World], old: Files, new: Files, pushed_before: bool, turns: list[bool]
) -> None:
    world = make_world()
    (world.push if pushed_before else world.put)(old)
    push, launch = Task(lambda: world.push(new)), Task(world.launch)
    for turn in turns:
        (push if turn else launch).step()
    launch.finish()
    assert isinstance(launch.error, BusyError) or launch.result in (old, new), launch.error
    assert push.finish().error is None
    assert world.launch() == new


@pytest.mark.parametrize("launch_calls", range(1, 7))
def test_whatever_of_a_push_comes_between_two_calls_of_a_launch(
    make_world: Callable[[], World], launch_calls: int
) -> None:
    old, new = BOTH
    for push_calls in range(3, 14):
        world = make_world()
        world.put(old)
        push, launch = Task(lambda: world.push(new)), Task(world.launch)  # noqa: B023 - they end in this turn
        for task, calls in ((launch, launch_calls), (push, push_calls)):
            for _ in range(calls):
                task.step()
        launch.finish()
        assert isinstance(launch.error, BusyError) or launch.result in (old, new), launch.result
        assert push.finish().error is None


def test_between_any_two_calls_of_a_push_a_launch_finds_the_old_until_the_switch(
    make_world: Callable[[], World],
) -> None:
    old, new = BOTH
    world = make_world()
    world.put(old)
    push = Task(lambda: world.push(new))
    found = []
    while not push.ended:
        push.step()
        found.append(world.launch())
    assert push.error is None
    assert found == [old] * (len(found) - 1) + [new]
    assert len(found) > 10


@whole
@given(old=projects, new=projects, later=projects, dies_at=st.integers(0, 16))
def test_a_push_that_died_anywhere_changes_nothing_and_the_next_finishes_it(
    make_world: Callable[[], World], old: Files, new: Files, later: Files, dies_at: int
) -> None:
    world = make_world()
    world.put(old)
    died = Task(lambda: world.push(new))
    for _ in range(dies_at + 1):
        died.step()
    is_over = died.ended
    died.kill()
    assert world.launch() == (new if is_over else old)
    again = Task(lambda: world.push(later))
    for _ in range(dies_at):
        again.step()
    assert world.launch() in ((new if is_over else old), later)
    assert again.finish().error is None
    assert world.launch() == later


@whole
@given(old=projects, first=projects, second=projects, turns=st.lists(st.booleans(), max_size=40))
def test_of_two_pushes_at_the_same_moment_at_most_one_says_that_it_was_last(
    make_world: Callable[[], World], old: Files, first: Files, second: Files, turns: list[bool]
) -> None:
    world = make_world()
    world.put(old)
    pushes = Task(lambda: world.push(first)), Task(lambda: world.push(second))
    for turn in turns:
        pushes[turn].step()
    done = [push.finish().error for push in pushes]
    assert all(error is None or isinstance(error, DroptrainError) for error in done)
    if done == [None, None]:
        assert world.launch() in (first, second)
    world.push(first)
    assert world.launch() == first


def test_only_what_changed_is_uploaded_and_a_push_of_the_same_writes_nothing(
    make_world: Callable[[], World],
) -> None:
    world = make_world()
    world.push(BOTH[0])
    changes = world.push(BOTH[1])
    names = {
        "uploaded": ("code/lib/b.py", _RUN, _RECIPE),
        "deleted": ("code/a.py",),
        "unchanged": (),
    }
    for what, wanted in names.items():
        assert getattr(changes, what) == tuple(sorted(f"projects/{world.project}/{name}" for name in wanted))
    calls: list[str] = []
    world.s3.meta.events.register(
        "before-call", lambda model, **_: calls.append(model.name), unique_id="listen"
    )
    assert world.push(BOTH[1]).uploaded == ()
    world.s3.meta.events.unregister("before-call", unique_id="listen")
    assert set(calls) == {"ListObjectVersions", "GetObject"}


def test_a_push_that_is_overtaken_says_so_and_switches_nothing(make_world: Callable[[], World]) -> None:
    world = make_world()
    slow = Task(lambda: world.push(BOTH[0]))
    while world.bucket.push(world.project).before is None:
        slow.step()
    world.push(BOTH[1])
    slow.finish()
    assert isinstance(slow.error, OvertakenError)


def test_an_answer_that_got_lost_is_no_other_push(
    make_world: Callable[[], World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    world.put(BOTH[0])
    put = world.s3.put_object

    def twice(**request: Any) -> Any:
        answer = put(**request)
        return put(**request) if request["Key"].endswith("push.json") else answer

    monkeypatch.setattr(world.s3, "put_object", twice)
    assert world.push(BOTH[1]).uploaded
    assert world.launch() == BOTH[1]


@pytest.mark.parametrize("body", [
    b"not JSON", b"[]", b'{"schema": 2, "state": "complete"}', b'{"schema": 1, "state": "later"}',
    b'{"schema": 1, "state": "pushing", "recipe": null, "code": [{"key": "projects/other/code/x"}]}',
    b'{"schema": 1, "state": "pushing", "recipe": null, "code": '
    b'[{"key": "projects/other/code/x", "version_id": "1", "size": 1, "etag": "e"}]}',
])  # fmt: skip
def test_a_push_file_that_nobody_can_read_rejects_the_drop_until_the_next_push(
    make_world: Callable[[], World], body: bytes
) -> None:
    world = make_world()
    world.put({**BOTH[0], "push.json": body})
    run = world.launched()
    assert (run.status, run.cause.code) == ("REJECTED", "bad_push")
    world.push(BOTH[1])
    assert world.launch() == BOTH[1]


def test_versions_of_before_a_push_that_are_gone_reject_the_drop(make_world: Callable[[], World]) -> None:
    world = make_world()
    world.put(BOTH[0])
    (recipe,) = world.bucket.folder(f"projects/{world.project}/train.yaml")
    state = pushing(Published(recipe, ()), "2026-11-23T02:10:00Z")
    world.put({"push.json": json.dumps(state).encode()})
    world.s3.delete_object(Bucket=world.bucket.name, Key=recipe.key, VersionId=recipe.version_id)
    run = world.launched()
    assert (run.status, run.cause.code) == ("REJECTED", "push_unfinished")
    assert f"droptrain push {world.project}" in run.cause.fix
