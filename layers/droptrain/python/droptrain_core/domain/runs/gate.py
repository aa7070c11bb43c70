"""The gate: whether a run's model becomes its project's current one, by the recipe of its launch."""

from collections.abc import Iterator

from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.recipes.values import Gate, Requirement
from droptrain_core.domain.runs.model_pointer import metric_of
from droptrain_core.domain.runs.promotion import Promotion
from droptrain_core.domain.runs.run import Run

NO_EXPORT = "the run left no files in export/"
STOPPED_EARLY = "the run was stopped early, so its training isn't finished"


@frozen
class Verdict:
    """Why a gate doesn't let a run pass: each unmet condition in words; empty if the run passes."""

    reasons: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether the run becomes the current model."""
        return not self.reasons


def judge(run: Run, now: Promotion | None) -> Verdict:
    """Judge a run that succeeded against its gate and the project's current model."""
    gate = run.gate or Gate()
    reasons = [reason for each in gate.require if (reason := _unmet(each, run))]
    if run.stopped_early:
        reasons.append(STOPPED_EARLY)
    match gate.when or ("better" if run.metric else "always"):
        case "manual":
            reasons.append(f"a person decides: droptrain promote {run.run_id}")
        case "better":
            reasons += _not_better(run, now, gate.tolerance)
        case _:
            reasons += _older(run, now)
    return Verdict(tuple(reasons))


def _unmet(required: Requirement, run: Run) -> str | None:
    """How a run misses a requirement; None if it meets it."""
    name, wanted = required.metric, f"{required.comparison} {required.value:g}"
    if name not in run.metrics:
        return f"{name} has to be {wanted}, and the run reported no {name}"
    value = float(run.metrics[name])
    meets = {
        ">=": value >= required.value,
        ">": value > required.value,
        "<=": value <= required.value,
        "<": value < required.value,
    }
    if meets[required.comparison]:
        return None
    return f"{name} has to be {wanted}, and is {value:.6g} ({_off(value, required.value)})"


def _not_better(run: Run, now: Promotion | None, tolerance: float) -> Iterator[str]:
    metric = metric_of(run)
    if metric is None:
        name = run.metric or "metric"
        yield f"the run reported no {name}, by which it would be compared with the current model"
        return
    if now is None:
        return
    if now.metric is None or not metric.is_like(now.metric):
        yield from _older(run, now)
        return
    bar = now.metric.value if now.bar is None else now.bar
    limit = bar + tolerance if metric.goal == "minimize" else bar - tolerance
    passes = metric.value < limit if metric.goal == "minimize" else metric.value > limit
    if not passes:
        direction = "below" if metric.goal == "minimize" else "above"
        yield (
            f"{metric.name} has to be {direction} {limit:.6g}, and is {metric.value:.6g} "
            f"({_off(metric.value, limit)})"
        )


def _older(run: Run, now: Promotion | None) -> Iterator[str]:
    if now and run.created_order <= now.created_order:
        yield f"the current model's run {now.run_id} was launched later"


def _off(value: float, limit: float) -> str:
    return f"off by {abs(value - limit):.3g}" if value != limit else "equal"
