"""What the core does for sweeps."""

from typing import Any

from chaos.crash_points.scenarios import ASKED, Scenario
from support import sweeping
from support.core_stack import Stack

SEARCHES = b"metric: {name: accuracy}\nsweep: {method: grid, space: {units: [16, 32]}}\n"


def _searched(stack: Stack) -> Any:
    """A project with a metric, for a sweep."""
    sweeping.project(stack)


def _sweep(stack: Stack) -> Any:
    """A request for a grid of two trials."""
    wanted = sweeping.order(space={"units": "16,32"}, method="grid", parallel=2)
    return stack.wiring.launch_sweeps().request(wanted, caller="ann", request=ASKED)[0]


def _new_sweep(stack: Stack) -> Any:
    _searched(stack)
    return _sweep(stack)


def _ending_sweep(stack: Stack) -> Any:
    """A sweep both of whose trials have ended."""
    sweep = _new_sweep(stack)
    sweeping.advance(stack, sweep)
    for number in (1, 2):
        sweeping.end_job(stack, sweep, number, number / 10)
    return sweep


def _ended_sweep(stack: Stack) -> Any:
    sweep = _ending_sweep(stack)
    sweeping.advance(stack, sweep)
    return sweep


def _dropped(stack: Stack) -> Any:
    """A drop into a project whose recipe has a sweep."""
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", SEARCHES)
    return stack.drop()[0]


def _running_sweep(stack: Stack) -> Any:
    """A sweep whose two trials train."""
    sweep = _new_sweep(stack)
    sweeping.advance(stack, sweep)
    return sweep


SWEEPS = (
    Scenario("start a sweep", _searched, lambda stack, _: _sweep(stack), 14),
    Scenario("launch a sweep's trials", _new_sweep, sweeping.advance, 16),
    Scenario("end a sweep", _ending_sweep, sweeping.advance, 3),
    Scenario(
        "announce a sweep",
        _ended_sweep,
        lambda stack, sweep: stack.wiring.notify_sweep().ended(sweep.sweep_id),
        8,
    ),
    Scenario("start a sweep by a drop", _dropped, lambda stack, event: stack.launch.upload(*event), 14),
    Scenario(
        "cancel a sweep",
        _running_sweep,
        lambda stack, sweep: stack.wiring.cancel_sweep().sweep(sweep.sweep_id, "bob"),
        11,
    ),
)
