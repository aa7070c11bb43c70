"""Notices: of ended runs, of datasets and queues that wait, of the budget."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from droptrain_core.domain.costs.budget import LEVELS, Capped, dollars, to_usd
from droptrain_core.domain.datasets.dataset import data_prefix
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.datasets.finding import describe
from droptrain_core.domain.datasets.near_misses import name_files, near_misses
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.notices import cause_text
from droptrain_core.domain.notices import message as messages
from droptrain_core.domain.notices import rows as facts
from droptrain_core.domain.notices.console_links import Console
from droptrain_core.domain.notices.events import (
    BudgetReached,
    Event,
    QueueKind,
    QueueNeedsAttention,
    RunFinished,
    RunNeedsAttention,
    RunRejected,
)
from droptrain_core.domain.notices.message import Message, Rows, Section
from droptrain_core.domain.notices.slack import LINKS, slack_of
from droptrain_core.domain.runs.model_pointer import Name, Standing
from droptrain_core.domain.runs.promotion import CurrentModel
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.text import plain

if TYPE_CHECKING:
    from droptrain_core.domain.diagnosis.queue_progress import Stuck

ATTENTION = "ATTENTION"
BUDGET = "BUDGET"
TEST = "TEST"
# A recipe can name 20 files of 200 characters each, and SNS takes 256 KB.
_DATASETS_NAMED, _LACKS_CHARACTERS = 50, 200


@frozen
class Places:
    """The bucket, and the AWS console's links; None if no console shows them."""

    bucket: str
    console: Console | None = None


@frozen
class Notice:
    """A message for people and, if it concerns them, an event for programs; subscribers can filter by
    `project` and `outcome`.
    """

    message: Message
    event: Event | None
    project: str | None
    outcome: str

    @property
    def subject(self) -> str:
        """ASCII, at most 99 characters."""
        return messages.subject_of(self.message)

    @property
    def text(self) -> str:
        """Plain text."""
        return messages.text_of(self.message)

    @property
    def slack(self) -> Mapping[str, Any]:
        """The body for a webhook of Slack."""
        return slack_of(self.message)

    @property
    def chat(self) -> Mapping[str, Any]:
        """The card for Amazon Q Developer in chat applications."""
        context = {"outcome": self.outcome} | ({"project": self.project} if self.project else {})
        return messages.chat_of(self.message, self.event.detail_type if self.event else "Test", context)


@frozen
class ModelChanges:
    """What the end of a run changed of its project's models: its pointers, and the current one."""

    pointers: Mapping[Name, Standing] = field(default_factory=dict)
    before: CurrentModel | None = None
    now: CurrentModel | None = None


def of_end(run: Run, places: Places, models: ModelChanges | None = None) -> Notice:
    """The notice of an ended run, with its changes of the project's models."""
    models = models or ModelChanges()
    lead: Rows = _cause(run.cause) if run.cause else ()
    message = Message(
        subject=f"{run.status} {run.project}/{run.dataset}{_headline(run)}",
        headline=f"{run.project} / {run.dataset}: {run.status}",
        lead=(
            *lead,
            *facts.current_model(run, models.before),
            *facts.models(run, models.pointers),
            *(("Advice", each) for each in run.advice),
        ),
        sections=(
            Section(
                "Warnings", tuple(("", f"{describe(each)}. {each.fix}") for each in run.warnings), width=0
            ),
            Section("Metrics", facts.metrics(run), width=24),
            Section("Facts", facts.of_run(run, places.bucket)),
            Section(LINKS, _links(run, places)),
        ),
        commands=_commands(run),
        keywords=(run.project, run.dataset, run.status),
        thread=run.run_id,
    )
    return Notice(message, _event_of_end(run, places.bucket, models), run.project, run.status)


def of_stuck(stuck: "Stuck", kind: QueueKind, waiting: int) -> Notice:
    """The notice of a job queue without progress, while `waiting` runs of the stack wait."""
    runs = "1 run waits" if waiting == 1 else f"{waiting} runs wait"
    message = Message(
        subject=f"WAITING {runs.partition(' wait')[0]} ({stuck.cause.code})",
        headline=f"{runs} for an instance. Nothing has started in the {kind} queue since {stuck.since}.",
        lead=_cause(stuck.cause),
        note="Runs start by themselves as soon as there is room. Waiting costs nothing.",
        commands=(
            ("droptrain runs --status RUNNABLE", "lists the runs that wait"),
            (f"droptrain show {stuck.run_id}", "shows the run for which AWS Batch gives the reason"),
        ),
        keywords=(ATTENTION, stuck.cause.code),
        thread=f"queue-{stuck.cause.code}",
    )
    event = QueueNeedsAttention(
        queue=kind,
        cause=facts.event_cause(stuck.cause),
        waiting_runs=waiting,
        run_id=stuck.run_id,
        since=stuck.since,
    )
    return Notice(message, event, None, ATTENTION)


def of_incomplete(waiting: DatasetRecord, places: Places) -> Notice:
    """The notice of a dataset that lacks files."""
    assert waiting.since is not None
    name = f"{waiting.project} / {waiting.dataset}"
    folder = f"s3://{places.bucket}/{data_prefix(waiting.project, waiting.dataset)}"
    cause = _restless(waiting) if waiting.rests_since else _incomplete(waiting, folder)
    lacks = ", ".join(waiting.missing) or "a pause"
    message = Message(
        subject=f"WAITING {waiting.project}/{waiting.dataset} for {lacks}",
        headline=f"{name} has waited since {waiting.since} and hasn't been trained.",
        lead=_cause(cause),
        keywords=(waiting.project, waiting.dataset, ATTENTION),
        thread=f"{waiting.project}/{waiting.dataset}",
    )
    event = RunNeedsAttention(
        project=waiting.project,
        dataset=waiting.dataset,
        run_id=None,
        cause=facts.event_cause(cause),
        since=waiting.since,
    )
    return Notice(message, event, waiting.project, ATTENTION)


def _incomplete(waiting: DatasetRecord, folder: str) -> Cause:
    missing, near = ", ".join(waiting.missing), near_misses(waiting.missing, waiting.present)
    return Cause(
        "incomplete",
        f"the dataset lacks {missing}. Its folder has {name_files(waiting.present)}.",
        " ".join(
            (*near, f"Upload {missing} to {folder}: the dataset then trains by itself. "
             "If you no longer want it, delete its files.")
        ),
    )  # fmt: skip


def _restless(waiting: DatasetRecord) -> Cause:
    return Cause(
        "restless",
        f"files have kept arriving since {waiting.rests_since}, closer together than the recipe's quiet_for.",
        "Drop each delivery into a dataset of its own, or set a shorter quiet_for, or set trigger: marker "
        "and upload _SUCCESS last. When no file arrives for quiet_for, the dataset trains by itself.",
    )


def of_many_incomplete(waiting: Sequence[DatasetRecord], places: Places) -> Notice:
    """One message for people about several datasets that lack files; programs get an event for each."""
    projects = {each.project for each in waiting}
    named = tuple(
        (
            f"{each.project}/{each.dataset}",
            "files keep arriving"
            if each.rests_since
            else plain(f"lacks {', '.join(each.missing)}", _LACKS_CHARACTERS),
        )
        for each in waiting[:_DATASETS_NAMED]
    )
    more = len(waiting) - len(named)
    message = Message(
        subject=f"WAITING {len(waiting)} datasets lack files",
        headline=f"{len(waiting)} datasets have waited for more than an hour and haven't been trained.",
        lead=(
            ("What to do", f"Upload what is missing below s3://{places.bucket}/projects/: each dataset then "
             "trains by itself. Delete the files of those that you no longer want."),
        ),
        sections=(Section("Datasets", (*named, *((("", f"and {more} more"),) if more else ())), width=40),),
        keywords=(*sorted(projects)[:_DATASETS_NAMED], ATTENTION),
        thread="incomplete datasets",
    )  # fmt: skip
    return Notice(message, None, projects.pop() if len(projects) == 1 else None, ATTENTION)


def of_budget(month: str, stack: Capped, level: int, *, is_over: bool) -> Notice:
    """The notice that `level` percent of the stack's budget for `month` is spent, or that runs were refused.

    `is_over` means that it is the previous month.
    """
    assert stack.limit is not None
    account, cap = stack.account, dollars(stack.limit)
    spent = (
        f"{dollars(account.spent)} of {cap} are spent, {dollars(account.reserved)} reserved by active runs"
    )
    summary = f"{level} % of the budget for {month} is spent."
    fix = "Nothing, if you expected this. Runs that don't fit into the budget are rejected."
    if level >= LEVELS[-1]:
        summary = f"The budget for {month} has no room: runs are rejected."
        fix = "Raise the stack's parameter MonthlyBudgetUsd, shorten `timeout` in train.yaml, or wait."
        if is_over:
            summary = f"The budget for {month} had no room: runs were rejected."
            fix = "This month has its own budget: launch the rejected runs again with `droptrain rerun`."
    message = Message(
        subject=f"BUDGET {level} % of {cap} for {month}",
        headline=f"droptrain: {summary}",
        lead=(("What happened", f"{spent}; estimates from EC2's prices."), ("What to do", fix)),
        commands=(("droptrain budget", "shows the month's cost so far"),),
        keywords=(BUDGET, month),
        thread=f"budget-{month}",
    )
    event = BudgetReached(
        month=month,
        level_percent=level,
        cap_usd=to_usd(stack.limit),
        spent_usd=to_usd(account.spent),
        reserved_usd=to_usd(account.reserved),
    )
    return Notice(message, event, None, BUDGET)


def of_test(stack: str, at: str) -> Notice:
    """The test notice of `droptrain doctor --send-test-notice`."""
    message = Message(
        subject=f"TEST of {stack}",
        headline=f"{stack}: this is a test. You get notices of runs here.",
        lead=(
            ("What happened", f"`droptrain doctor --send-test-notice` was run at {at}."),
            ("What to do", "nothing."),
        ),
        keywords=(TEST,),
        thread="test",
    )
    return Notice(message, None, None, TEST)


def _cause(cause: Cause) -> Rows:
    return tuple(cause_text.of(cause))


def _headline(run: Run) -> str:
    if run.status == "SUCCEEDED" and run.metric and run.metric in run.metrics:
        return f" {run.metric}={run.metrics[run.metric]:.4g}"
    return f" ({run.cause.code})" if run.cause else ""


def _commands(run: Run) -> Rows:
    get = (f"droptrain get {run.run_id}", "downloads the model")
    logs = (f"droptrain logs {run.run_id}", "shows the training's log")
    after = ", after your correction" if run.cause and run.cause.retry_helps is False else ""
    rerun = (f"droptrain rerun {run.run_id}", f"trains its dataset again{after}")
    if run.status == "SUCCEEDED":
        return get, logs, rerun
    if run.status == "REJECTED":
        return ((f"droptrain show {run.run_id}", "shows the dropped files"),)
    return (logs, rerun) if run.started_at else (rerun,)


def _links(run: Run, places: Places) -> Rows:
    """Links to the run in the AWS console; nothing if there is no console."""
    console = places.console
    if console is None:
        return ()
    links = [("Batch job", console.job(run.batch_job_id))] if run.batch_job_id else []
    if run.log_stream:
        links.append(("Log", console.log(run.log_stream)))
    if run.started_at:
        links.append(("Files", console.folder(places.bucket, facts.folder(run))))
    return tuple(links)


def _event_of_end(run: Run, bucket: str, models: ModelChanges) -> RunFinished | RunRejected:
    if run.status == "REJECTED":
        assert run.cause is not None
        return RunRejected(
            run_id=run.run_id,
            project=run.project,
            dataset=run.dataset,
            cause=facts.event_cause(run.cause),
            created_at=run.created_at,
            launched_by=run.launched_by,
        )
    return facts.finished(run, bucket, models.pointers, models.now)
