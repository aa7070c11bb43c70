"""The adapters in memory mean what the real ones do: the same calls, the same answers, the same records."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import boto3
import pytest
from chaos.model.memory import MemoryAccounts, MemoryBucket, MemoryDatasetTable, MemoryTable
from chaos.model.world import World
from droptrain_core.aws.accounts import Accounts
from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.aws.run_table import History, RunTable
from droptrain_core.domain.datasets.dataset import Created, ObjectVersion
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.recipes.push import Published, Push, complete, pushing
from droptrain_core.domain.runs import batch_job, transitions
from droptrain_core.domain.runs.claims import AnswerClaim, DropClaim, RequestClaim
from droptrain_core.domain.runs.run import Attempt, Cost, EarlierJob, NextJob, Reservation
from droptrain_core.domain.runs.transitions import End
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.records import job_detail, run
from support.template import table_definition

NOW = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
NOW_TEXT = "2026-11-23T02:10:00Z"
TIMES = st.integers(0, 3).map(lambda minutes: f"2026-11-23T02:1{minutes}:00Z")
NAMES = st.sampled_from(("penguins-first-00000000000a", "penguins-first-00000000000b"))
JOBS = st.sampled_from(("job-1", "job-2"))
HOLDS = st.sampled_from(
    (
        (),
        (Reservation("2026-11", 60, 100),),
        (Reservation("2026-11", 50, 100), Reservation("2026-11#penguins", 50, 50)),
    )
)
RUNS = st.builds(
    lambda name, at, reservations: run(run_id=name, claimed_at=at, updated_at=at, reservations=reservations),
    NAMES,
    TIMES,
    HOLDS,
)
DROPS = st.none() | st.builds(
    DropClaim,
    st.sampled_from(("d1", "d2")),
    TIMES,
    st.none() | st.just("v1"),
    st.none() | st.just("2026-11-23T03:00:00Z"),
)
ANSWERS = st.none() | st.builds(
    AnswerClaim, st.sampled_from(("a1", "a2")), st.just("key"), st.just("v1"), TIMES, st.none()
)
REQUESTS = st.none() | st.builds(
    RequestClaim, st.sampled_from(("k1", "k2")), st.just("digest"), st.just(4102444800)
)
CAUSES = st.builds(Cause, st.sampled_from(("one", "two")), st.just("message"), st.just("fix"))
COSTS = st.none() | st.just(Cost(0.5, "g4dn.xlarge", 0.6, 3000, "on-demand", "2025-11-30"))
EARLIER = st.builds(
    EarlierJob, JOBS, st.booleans(), st.booleans(), st.just((Attempt(None, None, 75, None, None),))
)
NEXT_JOBS = st.builds(
    NextJob,
    st.just(3600),
    st.just("reclaimed"),
    st.booleans(),
    st.booleans(),
    st.lists(EARLIER, min_size=1, max_size=2).map(tuple),
)
STATES = st.builds(
    lambda name, job, status, attempts, reason: batch_job.read(
        job_detail(status, attempts=attempts, jobName=name, jobId=job, statusReason=reason)
    ),
    NAMES,
    JOBS,
    st.sampled_from(("SUBMITTED", "RUNNABLE", "RUNNING", "SUCCEEDED", "FAILED")),
    st.integers(0, 2),
    st.sampled_from(("", "Host EC2 (instance i-1) terminated.")),
)
ENDS = st.none() | st.builds(End, cause=CAUSES, cost=COSTS)
STEPS = st.one_of(
    st.tuples(st.just("claim"), RUNS, DROPS, REQUESTS, st.none(), ANSWERS),
    st.tuples(st.just("write"), st.just(transitions.held), RUNS, TIMES | st.just(transitions.RELEASED)),
    st.tuples(st.just("write"), st.just(transitions.submitted), RUNS, JOBS, TIMES),
    st.tuples(st.just("write"), st.just(transitions.observed), STATES, TIMES, ENDS),
    st.tuples(st.just("write"), st.just(transitions.returned), RUNS, NEXT_JOBS, TIMES),
    st.tuples(st.just("write"), st.just(transitions.followed), STATES, JOBS, TIMES),
    st.tuples(st.just("write"), st.just(transitions.next_job), RUNS, NEXT_JOBS, COSTS, TIMES),
    st.tuples(st.just("write"), st.just(transitions.ended), RUNS, st.just("FAILED"), CAUSES, TIMES),
    st.tuples(st.just("write"), st.just(transitions.cancel_requested), NAMES, st.just("ann"), TIMES),
    st.tuples(
        st.just("write"), st.just(transitions.described), NAMES, st.just({"tags": ("a",), "note": None})
    ),
    st.tuples(st.just("write_with_history"), st.just(transitions.observed), STATES, TIMES, ENDS),
    st.tuples(st.just("mark_notified"), RUNS, TIMES),
    st.tuples(st.just("find_answer"), st.sampled_from(("a1", "a2"))),
    st.tuples(st.just("find_drop"), st.sampled_from(("d1", "d2"))),
    st.tuples(st.just("find_request"), st.sampled_from(("k1", "k2"))),
)
_numbers = count()


def a_table(dynamodb: Any) -> str:
    name = f"runs-{next(_numbers)}"
    dynamodb.create_table(**table_definition(name))
    return name


def call(table: Any, step: tuple[Any, ...], up_to_date: bool) -> Any:
    name, *given_values = step
    made_by = given_values.pop(0) if name.startswith("write") else None
    holds_a_record = hasattr(given_values[0], "claimed_at")
    if name == "mark_notified" or (holds_a_record and name != "claim" and up_to_date):
        given_values[0] = table.get(given_values[0].run_id) or given_values[0]
    if made_by is None:
        return getattr(table, name)(*given_values)
    transition = made_by(*given_values)
    if name == "write":
        return table.write(transition)
    return table.write_with_history(transition, History("penguins", (60,)), NOW_TEXT)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(STEPS, st.booleans()), min_size=5, max_size=25))
def test_the_table(dynamodb: Any, steps: list[tuple[tuple[Any, ...], bool]]) -> None:
    table_name = a_table(dynamodb)
    real = RunTable(dynamodb, table_name)
    world = World()
    memory = MemoryTable(world, MemoryDatasetTable(world))
    for step, up_to_date in steps:
        if step[0] == "mark_notified" and memory.get(step[1].run_id) is None:
            continue
        assert call(real, step, up_to_date) == call(memory, step, up_to_date), step
    for name in ("penguins-first-00000000000a", "penguins-first-00000000000b"):
        assert real.get(name) == memory.get(name)
    accounts = ("2026-11", "2026-11#penguins")
    assert Accounts(dynamodb, table_name).read(accounts) == MemoryAccounts(world, memory).read(accounts)
    active = {each.run_id: each for page in real.active() for each in page}
    assert active == {each.run_id: each for page in memory.active() for each in page}


DATASET_STEPS = st.one_of(
    st.tuples(
        st.just("wait"), st.sampled_from(((), ("test.csv",))), st.just(("train.csv",)), st.integers(0, 90)
    ),
    st.tuples(st.just("rest"), TIMES, st.integers(0, 90)),
    st.tuples(st.just("expect_wake_up"), st.sampled_from("ab"), TIMES),
    st.tuples(st.just("settle"), st.just("run"), st.none() | st.just("v1"), TIMES),
    st.tuples(st.just("claim"), st.booleans(), TIMES),
    st.tuples(st.just("mark_notified"), st.integers(0, 90)),
    st.tuples(st.just("add_load"), st.sampled_from((1.5, 3.25)), st.integers(0, 3)),
    st.tuples(st.just("expect_links"), st.integers(0, 3)),
    st.tuples(st.just("use_link"), st.sampled_from("ab"), st.sampled_from((1, 2)), st.integers(0, 3)),
    st.tuples(st.just("forget")),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(DATASET_STEPS, st.booleans()), max_size=15))
def test_the_datasets(dynamodb: Any, steps: list[tuple[tuple[Any, ...], bool]]) -> None:
    name = a_table(dynamodb)
    real, real_runs = DatasetTable(dynamodb, name), RunTable(dynamodb, name)
    memory = MemoryDatasetTable(World())
    memory_runs = MemoryTable(memory.world, memory)
    stale = real.read("penguins", "first")
    for number, ((step, *values), is_fresh) in enumerate(steps):
        record = real.read("penguins", "first")
        assert record == memory.get("penguins", "first")
        seen = record if is_fresh else stale
        stale = record
        if isinstance(values[-1:] and values[-1], int):
            values[-1] = NOW + timedelta(minutes=values[-1])
        if step == "claim":
            drop = DropClaim(f"d{number}", values[1], None, seen.due_at if values[0] else None)
            new = run(run_id=f"penguins-first-{number:012x}")
            assert real_runs.claim(new, drop) == memory_runs.claim(new, drop)
            continue
        if step == "add_load":
            for table in (real, memory):
                table.add_load("penguins", *values)
            for minute in range(5):
                seen_at = ("penguins", "first", NOW + timedelta(minutes=minute, seconds=15))
                assert real.read_with_load(*seen_at) == memory.read_with_load(*seen_at)
            continue
        if step == "expect_links":
            for table in (real, memory):
                table.expect_links("penguins", "first", *values)
            place = ("penguins", "first", NOW)
            assert real.read_with_load(*place) == memory.read_with_load(*place)
            continue
        if step == "use_link":
            link, version, now = values
            upload = Created("a key", f"v{version}")
            assert real.use_link(link, upload, now) == memory.use_link(link, upload, now)
            continue
        assert getattr(real, step)(seen, *values) == getattr(memory, step)(seen, *values)
        assert real.of_project("penguins") == memory.of_project("penguins")
        assert real.held("penguins") == memory.held("penguins")
        for notified in (False, True):
            before = NOW + timedelta(minutes=45)
            found = {each.dataset for each in real.waiting(before, notified=notified)}
            assert found == {each.dataset for each in memory.waiting(before, notified=notified)}


@pytest.fixture(scope="module")
def s3(dynamodb: Any) -> Any:
    return boto3.client("s3", region_name="us-east-1")


class Pair:
    """The real bucket and the one in memory, to which the same is done; versions go by their number."""

    def __init__(self, s3: Any) -> None:
        self.real, self.memory = Bucket(s3, f"data-{next(_numbers)}"), MemoryBucket(World())
        self._s3 = s3
        self._numbers = [{"": -1}, {"": -1}]
        s3.create_bucket(Bucket=self.real.name)
        s3.put_bucket_versioning(Bucket=self.real.name, VersioningConfiguration={"Status": "Enabled"})

    def put(self, name: str, documents: tuple[Any, Any]) -> None:
        key = f"projects/p/{name}"
        answer = self._s3.put_object(Bucket=self.real.name, Key=key, Body=json.dumps(documents[0]).encode())
        version = self.memory.put(key, documents[1])
        for numbers, version_id in zip(self._numbers, (answer["VersionId"], version.version_id), strict=True):
            numbers[f"{key} {version_id}"] = len(numbers)

    def delete(self, name: str) -> None:
        if self.memory.latest(f"projects/p/{name}"):
            self._s3.delete_object(Bucket=self.real.name, Key=f"projects/p/{name}")
            self.memory.delete(f"projects/p/{name}")

    def published(self) -> list[Published]:
        found = []
        for bucket in (self.real, self.memory):
            before = bucket.push("p").before
            recipe = bucket.folder("projects/p/train.yaml")
            found.append(
                before or Published(recipe[0] if recipe else None, bucket.folder("projects/p/code/"))
            )
        return found

    def answers(self) -> list[Any]:
        """What both say of push, recipe and code."""
        return [self._answers(*each) for each in zip((self.real, self.memory), self._numbers, strict=True)]

    def _answers(self, bucket: Any, numbers: dict[str, int]) -> Any:
        def number(item: ObjectVersion) -> int:
            return numbers[f"{item.key} {item.version_id}"]

        def recipe_number(item: ObjectVersion | None) -> int | None:
            return number(item) if item else None

        push: Push = bucket.push("p")
        recipe = bucket.recipe("p", push.before)
        before = push.before and (recipe_number(push.before.recipe), sorted(map(number, push.before.code)))
        version = push.version_id and numbers[f"projects/p/push.json {push.version_id}"]
        code = sorted(number(item) for item in bucket.folder("projects/p/code/"))
        return version, before, bool(push.problem), recipe.document, recipe_number(recipe.version), code


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.sampled_from(("train.yaml", "code/run.sh", "code/a.py")).flatmap(
            lambda name: st.sampled_from((("put", name), ("delete", name)))
        )
        | st.sampled_from((("push", "pushing"), ("push", "complete"), ("push", "strange"))),
        max_size=12,
    )
)
def test_the_bucket(s3: Any, steps: list[tuple[str, str]]) -> None:
    both = Pair(s3)
    for number, (what, name) in enumerate(steps):
        if what == "put":
            both.put(name, ({"attempts": number}, {"attempts": number}))
        elif what == "delete":
            both.delete(name)
        elif name == "pushing":
            real, memory = (pushing(before, "now") for before in both.published())
            both.put("push.json", (real, memory))
        else:
            state = complete("now") if name == "complete" else {"schema": 9}
            both.put("push.json", (state, state))
        real, memory = both.answers()
        assert real == memory
