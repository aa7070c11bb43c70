"""The stack's caps: a run's reservation at its launch, and its cost at its end.

A cap is an account in the table with two counters: `spent`, and `committed`, which is the sum of spending and
reservations; no write lets it exceed the cap. A run reserves its worst case. When it ends, its cost replaces
the reservation. The month is that of the launch, in UTC, so that a run which passes midnight is settled where
it was reserved. Money is in micro-USD, because the counters have to add up exactly.
"""

import math
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta

from droptrain_core.domain.costs.estimate import OVERRUN_SECONDS, SHORTEST_SECONDS
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.run import Reservation, Run

LEVELS = (50, 80, 100)  # percent of the stack's cap with a notice, each once a month
RUNNING = "running"
_MICRO = 1_000_000
_FORGOTTEN = "unknown_to_batch"


@frozen
class Account:
    """An account's counters, the levels with a notice, and whether a launch was refused."""

    committed: int = 0
    spent: int = 0
    refused: bool = False
    notified: tuple[int, ...] = ()

    @property
    def reserved(self) -> int:
        """The sum of the active runs' reservations."""
        return self.committed - self.spent


@frozen
class Budget:
    """Caps a month, USD, of the stack and of single projects, and one on concurrent runs."""

    month_usd: float | None = None
    project_usd: Mapping[str, float] = field(default_factory=dict)
    runs_at_once: int | None = None

    def reservations(
        self, project: str, worst_usd: float | None, now: datetime, runs: int = 1
    ) -> tuple[Reservation, ...]:
        """The reservations of what may cost `worst_usd`: a run, or a sweep with so many concurrent `runs`.

        NoPriceError if that cost isn't known.
        """
        caps = {
            month_account(now): self.month_usd,
            project_account(now, project): self.project_usd.get(project),
        }
        money = {account: cap for account, cap in caps.items() if cap is not None}
        if money and worst_usd is None:
            raise NoPriceError
        reservations = [
            Reservation(account, to_micro(worst_usd or 0), to_micro(cap)) for account, cap in money.items()
        ]
        if self.runs_at_once is not None:
            reservations.append(Reservation(RUNNING, runs, self.runs_at_once))
        return tuple(reservations)


@frozen
class Capped:
    """A cap and its account, in micro-USD or runs; without a limit nothing is counted."""

    limit: int | None
    account: Account


@frozen
class Month:
    """The caps in a month such as 2026-11: of the stack, of projects, and of concurrent runs."""

    month: str
    stack: Capped
    projects: Mapping[str, Capped]
    running: Capped


class NoPriceError(Exception):
    """There is a cap, but no price to check it with."""


def read_budget(month_usd: str, project_usd: str, runs_at_once: str) -> Budget:
    """The caps in the stack's parameters: numbers, 0 for no cap, and projects as `penguins=20,whales=7.5`."""
    pairs = (pair.split("=") for pair in project_usd.split(",") if pair)
    return Budget(
        float(month_usd) or None,
        {name: float(usd) for name, usd in pairs},
        int(runs_at_once) or None,
    )


def month_account(now: datetime) -> str:
    """The stack's account of the current month in UTC, such as 2026-11."""
    return now.astimezone(UTC).strftime("%Y-%m")


def previous_month_account(now: datetime) -> str:
    """The stack's account of the previous month, in UTC."""
    return month_account(now.astimezone(UTC).replace(day=1) - timedelta(days=1))


def project_account(now: datetime, project: str) -> str:
    """A project's account of the current month in UTC, such as 2026-11#penguins."""
    return f"{month_account(now)}#{project}"


def to_micro(usd: float) -> int:
    """USD as micro-USD, rounded up."""
    return math.ceil(round(usd * _MICRO, 3))


def to_usd(micro: int) -> float:
    """Micro-USD as USD."""
    return micro / _MICRO


def reserved_for(run: Run) -> int | None:
    """The run's reservation in micro-USD; None if the stack had no cap on money at its launch."""
    return max(
        (reservation.amount for reservation in run.reservations if reservation.account != RUNNING),
        default=None,
    )


def lowered(run: Run) -> Run:
    """The run with reservations that fit its estimate, after that has become lower."""
    if run.estimate is None:
        return run
    amount = to_micro(run.estimate.worst_usd)
    return replace(run, reservations=tuple(
        each if each.account == RUNNING else replace(each, amount=amount) for each in run.reservations
    ))  # fmt: skip


def charge(run: Run, reservation: Reservation) -> int:
    """The cost that replaces an ended run's reservation, also if it is more.

    It is the whole reservation if the run's duration is unknown.
    """
    if reservation.account == RUNNING or run.status == "REJECTED":
        return 0
    return _spent(run, reservation.amount)


def charged_usd(run: Run, most_usd: float) -> float:
    """The same for an ended trial, which may cost `most_usd` of its sweep's reservation."""
    return 0.0 if run.status == "REJECTED" else to_usd(_spent(run, to_micro(most_usd)))


def _spent(run: Run, most: int) -> int:
    spent = to_micro(run.cost.estimate_usd) if run.cost else 0
    return max(spent, most) if _is_unknown(run) else spent


def _is_unknown(run: Run) -> bool:
    """Whether the run's cost is unknown: there is no price, or AWS Batch has forgotten its job."""
    if run.cause and run.cause.code == _FORGOTTEN:
        return True
    return run.cost is None and (run.started_at is not None or run.status == "FAILED")


def over(reservations: tuple[Reservation, ...], accounts: Mapping[str, Account]) -> Reservation | None:
    """The first cap without room for the run's reservation; None if all have room."""
    return next(
        (
            reservation
            for reservation in reservations
            if accounts.get(reservation.account, Account()).committed + reservation.amount > reservation.limit
        ),
        None,
    )


def refusal(reservation: Reservation, account: Account, run: Run, now: datetime) -> Cause:
    """The cause of a run that doesn't fit below a cap, with the numbers and the possible fixes."""
    again = f"Then: droptrain rerun {run.run_id}"
    if reservation.account == RUNNING:
        return Cause(
            "too_many_runs",
            f"{account.committed} of at most {reservation.limit} runs are active.",
            f"Wait until one has ended, or raise the stack's parameter MaxRunsAtOnce. {again}",
        )
    whose = f"project {run.project}'s" if "#" in reservation.account else "stack's"
    room = max(reservation.limit - account.committed, 0)
    return Cause(
        "over_budget",
        f"The run may cost up to {dollars(reservation.amount)}{_worst(run)}, and {dollars(room)} of the "
        f"{whose} {dollars(reservation.limit)} for {reservation.account[:7]} are left: "
        f"{dollars(account.spent)} are spent, {dollars(account.reserved)} reserved by active runs.",
        " ".join([*_ways(reservation, room, account, run, now), again]),
    )


def levels_reached(capped: Capped) -> tuple[int, ...]:
    """The levels, in percent, that spending has reached without a notice; a refusal is the last one."""
    if capped.limit is None:
        return ()
    account = capped.account
    percent = account.spent * 100 / capped.limit
    reached = (level for level in LEVELS if percent >= level or (level == 100 and account.refused))
    return tuple(level for level in reached if level not in account.notified)


def no_price() -> Cause:
    """The cause of a run that can't be kept within a budget, because its cost isn't known."""
    return Cause(
        "no_price",
        "The eligible instance types have no price in this region, so the budget can't be checked.",
        "Set the stack's parameter InstanceTypes (CpuInstanceTypes for a run without GPUs) to types with a "
        "price, or MonthlyBudgetUsd to 0.",
    )


def _ways(reservation: Reservation, room: int, account: Account, run: Run, now: datetime) -> list[str]:
    """Ways to make the run fit, the simplest first."""
    assert run.job is not None
    longest = run.job.timeout_seconds + OVERRUN_SECONDS
    prepare = to_micro(run.estimate.prepare_worst_usd) if run.estimate else 0
    seconds = int(longest * (room - prepare) / (reservation.amount - prepare)) - OVERRUN_SECONDS
    ways = []
    if seconds >= SHORTEST_SECONDS:
        ways.append(
            f"Set `timeout: {_duration(seconds)}` or `max_cost_usd: {math.floor(room / 10_000) / 100}` "
            "in train.yaml;"
        )
    if account.reserved:
        ways.append("wait until runs have ended, which frees the rest of their reservations;")
    parameter = "ProjectBudgetsUsd" if "#" in reservation.account else "MonthlyBudgetUsd"
    ways.append(f"wait for {_next_month(now)}; or raise the stack's parameter {parameter}.")
    text = ways[0]
    return [text[0].upper() + text[1:], *ways[1:]]


def _worst(run: Run) -> str:
    if run.job is None:
        return ""
    step = " after the preparation step" if run.estimate and run.estimate.prepare_worst_usd else ""
    return f" ({_duration(run.job.timeout_seconds)} on the most expensive eligible instance type{step})"


def _duration(seconds: int) -> str:
    if seconds >= 7200:
        return f"{seconds // 3600}h"
    return f"{seconds // 60}m"


def _next_month(now: datetime) -> str:
    year, month = divmod(now.year * 12 + now.month, 12)
    return f"{year}-{month + 1:02d}-01"


def dollars(micro: int) -> str:
    """Micro-USD for people, such as $12.40."""
    return f"${to_usd(micro):.2f}"
