"""The messages that people get: plain words first, then where everything is."""

from dataclasses import dataclass

from droptrain.domain import cause_text, times
from droptrain.domain.budget import LEVELS, Month, dollars
from droptrain.domain.dataset import Waiting, data_prefix
from droptrain.domain.errors import Cause
from droptrain.domain.finding import describe
from droptrain.domain.run import Cost, GpuUse, Run, run_prefix
from droptrain.domain.ticket import Ticket

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
        lines += ["", *_cause(run.cause)]
    lines += ["", *(f"Advice:        {each}" for each in run.advice)] if run.advice else []
    if run.warnings:
        lines += ["", "Warnings", *(f"  {describe(each)}. {each.fix}" for each in run.warnings)]
    if run.metrics:
        lines += ["", "Metrics"]
        lines += [f"  {name:<24} {value:.6g}" for name, value in _headline_first(run)]
    lines += ["", "Facts", *(f"  {name:<12} {value}" for name, value in _facts(run, bucket))]
    return Notice(_subject(run), "\n".join(lines) + "\n")


def of_stuck(run: Run, cause: Cause) -> Notice:
    """The notice of a run whose Batch job gets no instance."""
    lines = [
        f"{run.project} / {run.dataset} waits for an instance since {run.updated_at}.",
        *("", *_cause(cause)),
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


def _cause(cause: Cause) -> list[str]:
    return [f"{title + ':' if title else '':<14} {text}" for title, text in cause_text.of(cause)]


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
    if run.ticket:
        facts.append(("Ticket", _expected(run.ticket)))
    folder = f"s3://{bucket}/{run_prefix(run.project, run.run_id)}"
    if run.status == "SUCCEEDED":
        facts.append(("Model", folder + "export/"))
    if run.started_at:
        facts.append(("Log", folder + "log.txt"))
    for item in run.inputs[:_INPUTS_NAMED]:
        facts.append(("Input", f"s3://{bucket}/{item.object.key} ({item.object.version_id})"))
    return facts


def _price(cost: Cost) -> str:
    tries = f" in {len(cost.attempts)} attempts" if len(cost.attempts) > 1 else f" of {cost.instance_type}"
    said = f"about {_usd(cost.estimate_usd)}, an estimate: {cost.seconds} s{tries}"
    lost = f"; {_usd(cost.reclaimed_usd)} of it went into what Spot reclaimed" if cost.reclaimed_usd else ""
    return f"{said} at the {cost.basis} (prices of {cost.priced_at[:10]}){lost}"


def _expected(ticket: Ticket) -> str:
    worst = f"at worst {_usd(ticket.worst_usd)}, an estimate"
    return worst if ticket.expected_usd is None else f"{_usd(ticket.expected_usd)} expected, {worst}"


def _usd(usd: float) -> str:
    return f"${usd:.2f}" if usd >= 1 else f"${usd:.4f}"


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
