"""Every call of every scenario, failing in every way, and what is left when all has been made good again."""

from collections import Counter
from dataclasses import replace
from itertools import count
from typing import Any

from chaos.crash_points.faults import KINDS, Calls, Died, Kind, watched
from chaos.crash_points.retrain_scenarios import RETRAINS
from chaos.crash_points.scenarios import SCENARIOS, Scenario
from chaos.crash_points.sweep_scenarios import SWEEPS
from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.aws.model_table import ModelTable
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.errors import AlreadyFinishedError, BusyError
from droptrain_core.domain.runs.model_pointer import Name
from droptrain_core.move_pointers import NAMES
from support.core_stack import Stack
from support.template import table_definition

EVERY = (*SCENARIOS, *RETRAINS, *SWEEPS)
# Why the engine's job waits depends on how long it has waited, in seconds of this machine.
SENT_BY_THE_CLOCK = {
    f"WAITING {runs} ({cause})" for runs in ("1 run", "2 runs") for cause in ("does_not_fit", "waits_long")
}
_numbers = count()


def fresh(stack: Stack) -> Stack:
    """The same clients with an empty table, an empty bucket and no Batch jobs in the way."""
    number = next(_numbers)
    stack.dynamodb.create_table(**table_definition(f"runs-{number}"))
    for page in stack.s3.get_paginator("list_object_versions").paginate(Bucket="data"):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        for each in found:
            stack.s3.delete_object(Bucket="data", Key=each["Key"], VersionId=each["VersionId"])
    for job in stack.batch_jobs():
        stack.batch.terminate_job(jobId=job["jobId"], reason="the scenario is over")
    for schedule in stack.scheduler.list_schedules(GroupName="schedules")["Schedules"]:
        stack.scheduler.delete_schedule(GroupName="schedules", Name=schedule["Name"])
    stack.notices()
    stack.events_on_bus()
    table = f"runs-{number}"
    return replace(
        stack,
        table=RunTable(stack.dynamodb, table),
        dataset_table=DatasetTable(stack.dynamodb, table),
        run_id=f"penguins-first-{number:012x}",
    )


def clients(stack: Stack) -> list[Any]:
    return [stack.s3, stack.dynamodb, stack.batch, stack.sns, stack.bus, stack.scheduler]


def calls_of(stack: Stack, scenario: Scenario) -> list[str]:
    """The calls that the scenario makes when nothing goes wrong."""
    stack = fresh(stack)
    prepared = scenario.prepare(stack)
    with watched(clients(stack), Calls()) as calls:
        scenario.act(stack, prepared)
    return calls.made


def undisturbed(stack: Stack, scenario: Scenario) -> dict[str, Any]:
    """What is left in the end when nothing goes wrong."""
    stack = fresh(stack)
    before = {job["jobId"] for job in stack.batch_jobs()}
    prepared = scenario.prepare(stack)
    scenario.act(stack, prepared)
    return _left(_settled(stack), before)


def disturbed(stack: Stack, scenario: Scenario, at: int, kind: Kind) -> dict[str, Any]:
    """What is left in the end when call number `at` goes wrong, and the event comes again."""
    stack = fresh(stack)
    before = {job["jobId"] for job in stack.batch_jobs()}
    prepared = scenario.prepare(stack)
    interrupted = False
    with watched(clients(stack), Calls(at, kind)):
        try:
            scenario.act(stack, prepared)
        except (Died, Exception):  # noqa: BLE001 - whatever comes out, the queue delivers the event again
            interrupted = True
    if interrupted:
        _act_again(stack, scenario, prepared)
    return _left(_settled(stack), before)


def points(stack: Stack, scenario: Scenario) -> list[tuple[int, str, Kind]]:
    """Every way in which the scenario can be interrupted: (call number, call, kind)."""
    made = calls_of(stack, scenario)
    return [(number, call, kind) for number, call in enumerate(made) for kind in KINDS]


def _act_again(stack: Stack, scenario: Scenario, prepared: Any) -> None:
    for _ in range(3):
        stack.later(minutes=3)
        try:
            scenario.act(stack, prepared)
        except BusyError:
            continue
        except AlreadyFinishedError:
            return
        return


def _settled(stack: Stack) -> Stack:
    """Passes of the reconciler until all that it does is done, and the notices of what ended."""
    for _ in range(6):
        stack.later(minutes=5)
        stack.reconcile.all()
    return stack


def _left(stack: Stack, before: set[str]) -> dict[str, Any]:
    runs = stack.query.runs(limit=100).runs
    jobs = Counter(job["jobName"] for job in stack.batch_jobs() if job["jobId"] not in before)
    subjects = {
        notice["Subject"].replace(stack.run_id, "RUN") for notice in stack.notices()
    } - SENT_BY_THE_CLOCK
    events = {(event["detail-type"], event["detail"].get("outcome")) for event in stack.events_on_bus()}
    account = stack.accounts.read(["2026-11"])["2026-11"]
    return {
        "runs": sorted((run.status, bool(run.notified_at), run.cause and run.cause.code) for run in runs),
        "jobs of a run": sorted(jobs.values()),
        "incomplete": [(each.dataset, each.missing) for each in stack.dataset_table.of_project("penguins")],
        "notices": sorted(subjects),
        "events": sorted(events, key=str),
        "models": {name: _pointed_at(stack, name) for name in NAMES},
        "current": _current(stack),
        "retraining": _retraining(stack),
        "held and spent": (account.committed, account.spent),
    }


def _current(stack: Stack) -> Any:
    """The current model in the table, and in the bucket: its pointer and its files."""
    now = ModelTable(stack.dynamodb, stack.table.name).current("penguins")
    listed = stack.s3.list_objects_v2(Bucket="data", Prefix="models/penguins/current")
    places = [item["Key"].replace(stack.run_id, "RUN") for item in listed.get("Contents", [])]
    promotion = now.promotion
    kind = promotion and (promotion.number, promotion.kind, promotion.run_id == stack.run_id, promotion.by)
    return kind, now.is_published, now.is_missing, len(now.kept), sorted(places)


def _retraining(stack: Stack) -> Any:
    """The project's schedule and cooldown, and its schedules in EventBridge Scheduler."""
    known = stack.wiring.retrainings.read("penguins")
    listed = stack.scheduler.list_schedules(GroupName="schedules")["Schedules"]
    held = [each.dataset for each in stack.dataset_table.of_project("penguins") if each.arrived_at]
    # A repeated launch may end its cooldown some seconds later.
    names = sorted({schedule["Name"].rstrip("0123456789") for schedule in listed})
    return known.schedule, known.outcome, known.due_at, bool(known.launched_at), names, sorted(held)


def _pointed_at(stack: Stack, name: Name) -> Any:
    """Whether a pointer names the scenario's run, its metric, and whether it replaced something."""
    held = stack.pointers.read("penguins", name)
    pointer = held and held.pointer
    if not pointer:
        return None
    return pointer.run_id == stack.run_id, pointer.metric, pointer.replaced
