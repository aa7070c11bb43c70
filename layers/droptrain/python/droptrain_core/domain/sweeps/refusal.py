"""The refusal of a sweep for which a cap of the stack has no room."""

from droptrain_core.domain.costs.budget import RUNNING, Account, dollars
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.runs.run import Reservation
from droptrain_core.domain.sweeps.sweep import Sweep


def refusal(sweep: Sweep, reservation: Reservation, account: Account) -> Cause:
    """The cause, with the numbers and the possible fixes."""
    if reservation.account == RUNNING:
        return Cause(
            "too_many_runs",
            f"{account.committed} of at most {reservation.limit} runs are active, and the sweep reserves "
            f"{reservation.amount} of them.",
            "Lower the sweep's parallel, wait until runs have ended, or raise the stack's parameter "
            "MaxRunsAtOnce.",
        )
    is_project = "#" in reservation.account
    room = dollars(max(reservation.limit - account.committed, 0))
    return Cause(
        "over_budget",
        f"The sweep may cost up to {dollars(reservation.amount)}, and {room} of the "
        f"{f'project {sweep.project}' if is_project else 'stack'}'s {dollars(reservation.limit)} for "
        f"{reservation.account[:7]} are left: {dollars(account.spent)} are spent, "
        f"{dollars(account.reserved)} reserved by active runs and sweeps.",
        f"Set the sweep's max_cost_usd, fewer trials, or a shorter `timeout` in train.yaml; or raise the "
        f"stack's parameter {'ProjectBudgetsUsd' if is_project else 'MonthlyBudgetUsd'}.",
    )
