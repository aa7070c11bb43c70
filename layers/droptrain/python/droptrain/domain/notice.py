"""The messages that people get: plain words first, then where everything is."""

from dataclasses import dataclass

from droptrain.domain import times
from droptrain.domain.budget import LEVELS, Month, dollars
from droptrain.domain.dataset import Waiting, data_prefix
from droptrain.domain.errors import Cause
from droptrain.domain.run import Cost, GpuUse, Run, run_prefix

_SUBJECT_LENGTH = 99  # SNS takes fewer than 100 characters
_INPUTS_NAMED = 10


@dataclass(frozen=True)
class Notice:
    """A subject (ASCII, at most 99 characters) and a plain text."""

    subject: str
    text: str


def of_end(run: Run, bucket: str) -> Notice:
    """The notice of an ended run."""
    lines = [f"{run.project} / {run.dataset}: {run.status}"]
    if run.cause:
        lines += ["", f"What happened: {run.cause.message}", f"What to do:    {run.cause.fix}"]
    lines += ["", *(f"Advice:        {each}" for each in run.advice)] if run.advice else []
    if run.metrics:
        lines += ["", "Metrics"]
        lines += [f"  {name:<24} {value:.6g}" for name, value in _headline_first(run)]
    lines += ["", "Facts", *(f"  {name:<12} {value}" for name, value in _facts(run, bucket))]
    return Notice(_subject(run), "\n".join(lines) + "\n")


def of_stuck(run: Run, cause: Cause) -> Notice:
    """The notice of a run whose Batch job gets no instance."""
    lines = [
        f"{run.project} / {run.dataset} waits for an instance since {run.updated_at}.",
        *("", f"What happened: {cause.message}", f"What to do:    {cause.fix}"),
        *("", "It starts by itself as soon as there is room; nothing is charged while it waits."),
        *("", "Facts", f"  Run          {run.run_id}"),
    ]
    return Notice(_fitting(f"WAITING {run.project}/{run.dataset} ({cause.code})"), "\n".join(lines) + "\n")


def of_incomplete(waiting: Waiting, bucket: str) -> Notice:
    """The notice of a dataset that lacks files."""
    missing = ", ".join(waiting.missing)
    lines = [
        f"{waiting.project} / {waiting.dataset} waits since {waiting.since} and hasn't been trained.",
        *("", f"What happened: the dataset lacks {missing}."),
        f"What to do:    upload it to s3://{bucket}/{data_prefix(waiting.project, waiting.dataset)}; "
        "it is trained by itself then. If it isn't wanted any more, delete its files.",
    ]
    subject = _fitting(f"WAITING {waiting.project}/{waiting.dataset} for {missing}")
    return Notice(subject, "\n".join(lines) + "\n")


def of_budget(month: Month, level: int) -> Notice:
    """The notice that the stack has spent `level` percent of its budget, or refuses runs for lack of room."""
    assert month.stack.limit is not None
    account, cap = month.stack.account, dollars(month.stack.limit)
    spent = (
        f"{dollars(account.spent)} of {cap} are spent, {dollars(account.reserved)} reserved by runs under way"
    )
    said = f"{level} % of the budget for {month.month} is spent."
    fix = "Nothing, if that was meant; what doesn't fit any more is rejected."
    if level >= LEVELS[-1]:
        said = f"The budget for {month.month} has no room: runs are rejected."
        fix = "Raise the stack's parameter MonthlyBudgetUsd, shorten `timeout` in train.yaml, or wait."
    lines = [
        f"droptrain: {said}",
        *("", f"What happened: {spent}; estimates from EC2's prices."),
        f"What to do:    {fix}",
    ]
    return Notice(_fitting(f"BUDGET {level} % of {cap} for {month.month}"), "\n".join(lines) + "\n")


def _subject(run: Run) -> str:
    headline = ""
    if run.status == "SUCCEEDED" and run.metric and run.metric in run.metrics:
        headline = f" {run.metric}={run.metrics[run.metric]:.4g}"
    elif run.cause:
        headline = f" ({run.cause.code})"
    return _fitting(f"{run.status} {run.project}/{run.dataset}{headline}")


def _fitting(text: str) -> str:
    printable = "".join(letter if " " <= letter <= "~" else "?" for letter in text)
    return printable if len(printable) <= _SUBJECT_LENGTH else printable[: _SUBJECT_LENGTH - 3] + "..."


def _headline_first(run: Run) -> list[tuple[str, float]]:
    return sorted(run.metrics.items(), key=lambda item: (item[0] != run.metric, item[0]))


def _facts(run: Run, bucket: str) -> list[tuple[str, str]]:
    facts = [("Run", run.run_id), ("Launched", f"{run.created_at} by {run.launched_by}")]
    if run.started_at and run.stopped_at:
        facts.append(("Waited", _duration(run.created_at, run.started_at)))
        facts.append(("Trained", _duration(run.started_at, run.stopped_at)))
    if len(run.attempts) > 1:
        ends = "; ".join(attempt.reason or "ended" for attempt in run.attempts)
        facts.append(("Attempts", f"{len(run.attempts)}: {ends}"))
    if run.gpu:
        facts.append(("GPU", _gpu_use(run.gpu)))
    if run.cost:
        facts.append(("Cost", _price(run.cost)))
    folder = f"s3://{bucket}/{run_prefix(run.project, run.run_id)}"
    if run.status == "SUCCEEDED":
        facts.append(("Model", folder + "export/"))
    if run.started_at:
        facts.append(("Log", folder + "log.txt"))
    for item in run.inputs[:_INPUTS_NAMED]:
        facts.append(("Input", f"s3://{bucket}/{item.object.key} ({item.object.version_id})"))
    return facts


def _price(cost: Cost) -> str:
    return (
        f"about ${cost.estimate_usd:.4f}, an estimate: {cost.seconds} s of {cost.instance_type} "
        f"at the on-demand price of {cost.priced_at}; Spot costs less"
    )


def _gpu_use(gpu: GpuUse) -> str:
    said = [str(gpu.count)]
    if gpu.busy_percent is not None:
        said.append(f"busy {gpu.busy_percent:.0f} % of the time")
    if gpu.peak_memory_gib is not None:
        said.append(f"at most {gpu.peak_memory_gib:.1f} GiB in use")
    if gpu.waiting_seconds is not None:
        said.append(f"first used after {gpu.waiting_seconds:.0f} s")
    return ", ".join(said)


def _duration(start: str, end: str) -> str:
    seconds = max(round((times.from_text(end) - times.from_text(start)).total_seconds()), 0)
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
