"""Decide: what a sweep does next, from its record and its trials."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from droptrain_core.domain.costs.budget import dollars, to_micro
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.sweeps.sweep import Sweep, SweepStatus
from droptrain_core.domain.sweeps.trial import Trial

# So many failures with one cause, before any success, end a sweep.
FAILURES_IN_A_ROW = 3
# After so many successes without the metric, no trial is expected to report it.
WITHOUT_METRIC = 2

Action = Literal["launch", "draw", "withdraw", "stop", "cancel", "end", "wait"]


@frozen
class Next:
    """The next action.

    launch: record the run of the last drawn trial. draw: give the next trial its parameters. withdraw: forget
    the last drawn trial. stop: start no more trials, for the `cause`. cancel: end the `trials` that run.
    end: with the `status`, and the `cause` if there is one. wait: until a trial ends.
    """

    action: Action
    cause: Cause | None = None
    trials: tuple[Trial, ...] = ()
    status: SweepStatus | None = None


def next_action(sweep: Sweep, trials: Sequence[Trial]) -> Next:
    """The next action of a sweep that hasn't ended; `trials` are all that have their parameters."""
    running = tuple(each for each in trials if not each.ended)
    if sweep.is_stopping:
        return _stopping(sweep, trials, running)
    if cause := _futile(trials, sweep.metric):
        return Next("stop", cause)
    if sweep.is_launching:
        return Next("launch")
    if sweep.launched == sweep.trials:
        return Next("wait") if running else _end(sweep, trials)
    # A trial's number minus the trials that have ended: so many run if it starts, also in an older look.
    number = sweep.launched + 1
    if number - (len(trials) - len(running)) > sweep.parallel:
        return Next("wait")
    if not _fits(sweep, trials):
        return Next("wait") if running else Next("stop", _over_limit(sweep, trials))
    return Next("draw")


def _stopping(sweep: Sweep, trials: Sequence[Trial], running: tuple[Trial, ...]) -> Next:
    if sweep.is_launching:
        return Next("withdraw")
    if to_cancel := tuple(each for each in running if not each.is_cancelled):
        return Next("cancel", trials=to_cancel)
    return Next("wait") if running else _end(sweep, trials)


def _end(sweep: Sweep, trials: Sequence[Trial]) -> Next:
    if sweep.cancelled_by:
        return Next("end", status="CANCELLED")
    if any(each.value is not None for each in trials):
        return Next("end", sweep.stop, status="SUCCEEDED")
    return Next("end", sweep.stop or _without_value(trials, sweep.metric), status="FAILED")


def _fits(sweep: Sweep, trials: Sequence[Trial]) -> bool:
    """Whether what is spent, the worst cases of running trials and another one's stay within the limit."""
    if sweep.limit_usd is None or sweep.trial_usd is None:
        return True
    held = sum(to_micro(each.charged_usd) for each in trials)
    return held + to_micro(sweep.trial_usd) <= to_micro(sweep.limit_usd)


def _futile(trials: Sequence[Trial], metric: str) -> Cause | None:
    """Why further trials would be in vain."""
    succeeded = [each for each in trials if each.status == "SUCCEEDED"]
    silent = [each for each in succeeded if each.value is None and not each.has_diverged]
    if len(silent) >= WITHOUT_METRIC and len(silent) == len(succeeded):
        return _no_metric(metric, len(succeeded))
    if succeeded:
        return None
    causes = {each.cause.code: each.cause for each in trials if each.cause and each.status != "CANCELLED"}
    counts = Counter(each.cause.code for each in trials if each.cause and each.status != "CANCELLED")
    code, count = counts.most_common(1)[0] if counts else ("", 0)
    if count < FAILURES_IN_A_ROW:
        return None
    cause = causes[code]
    return Cause(
        cause.code,
        f"The first {count} trials failed with the same cause: {cause.message}",
        cause.fix,
        cause.evidence,
        cause.retry_helps,
    )


def _no_metric(metric: str, count: int) -> Cause:
    return Cause(
        "no_metric",
        f"{count} trials succeeded, and none reported the metric {metric}, so they can't be compared.",
        f"Let the code write {metric} into METRICS_FILE, or name its pattern in metric_definitions "
        "(docs/container.md). Then start the sweep again.",
    )


def _diverged(metric: str, count: int) -> Cause:
    return Cause(
        "diverged",
        f"{count} trials succeeded, and the loss ended as NaN or infinity, so none has a value of {metric}.",
        "Search lower learning rates or clip the gradients, and look for NaN and extremes in the data.",
    )


def _without_value(trials: Sequence[Trial], metric: str) -> Cause:
    succeeded = [each for each in trials if each.status == "SUCCEEDED"]
    if any(each.has_diverged for each in succeeded):
        return _diverged(metric, len(succeeded))
    if succeeded:
        return _no_metric(metric, len(succeeded))
    last = next((each.cause for each in reversed(trials) if each.cause), None)
    return Cause(
        last.code if last else "no_trial_succeeded",
        f"None of {len(trials)} trials succeeded." + (f" The last one: {last.message}" if last else ""),
        last.fix if last else "Look at the trials' logs.",
        last.evidence if last else (),
    )


def _over_limit(sweep: Sweep, trials: Sequence[Trial]) -> Cause:
    assert sweep.limit_usd is not None
    assert sweep.trial_usd is not None
    spent = sum(to_micro(each.charged_usd) for each in trials)
    limit, worst = dollars(to_micro(sweep.limit_usd)), dollars(to_micro(sweep.trial_usd))
    return Cause(
        "sweep_limit",
        f"{len(trials)} of {sweep.trials} trials ran. {dollars(spent)} of the sweep's {limit} are spent, and "
        f"another trial may cost up to {worst}.",
        "For more trials, raise the sweep's max_cost_usd or shorten `timeout` in train.yaml.",
    )
