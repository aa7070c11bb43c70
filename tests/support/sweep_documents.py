"""Sweeps as the API gives them."""

from typing import Any

SWEEP_ID = "penguins-first-sweep-0123456789ab"
_KINDS = ("running", "succeeded", "failed", "cancelled")


def a_trial(
    number: int, value: float | None = None, status: str = "SUCCEEDED", **more: Any
) -> dict[str, Any]:
    """A trial of `a_sweep`."""
    return {
        "trial": number, "run_id": f"penguins-first-{number:012x}", "status": status,
        **({} if value is None else {"value": value, "cost_usd": 0.031}),
        "hyperparameters": {"learning_rate": 10.0 ** -(number % 4) / 3, "units": 32 * number}, **more,
    }  # fmt: skip


def a_sweep(
    *trials: dict[str, Any], status: str = "RUNNING", number: int = 20, **more: Any
) -> dict[str, Any]:
    """A sweep of `number` trials, of which these have started."""
    states = [(each["status"] or "RUNNING").lower() for each in trials]
    valued = [each for each in trials if "value" in each]
    best = max(valued, key=lambda each: each["value"], default=None)
    return {
        "sweep_id": SWEEP_ID, "project": "penguins", "dataset": "first", "status": status,
        "created_at": "2026-11-23T02:10:00Z", "created_by": "ann", "method": "bayesian", "trials": number,
        "parallel": 4, "early_stop": "asha",
        "space": {"learning_rate": "0.0001..0.1:log", "units": "32,64,128"}, "seed": 0,
        "metric": {"name": "test_accuracy", "goal": "maximize"}, "max_cost_usd": None,
        "estimate": {"expected_usd": 1.2, "max_usd": 8.4}, "reserved_usd": 8.4,
        "cost_usd": round(0.031 * len(valued), 4),
        "counts": {
            **{kind: states.count(kind) for kind in _KINDS},
            "stopped_early": sum(bool(each.get("stopped_early")) for each in trials),
            "left": number - len(trials),
        },
        **({"best": {
            name: best[name] for name in ("trial", "run_id", "value", "hyperparameters")
        }} if best else {}),
        "runs": list(trials), **more,
    }  # fmt: skip
