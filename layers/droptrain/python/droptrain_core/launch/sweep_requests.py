"""Requests become sweeps of a project's dataset."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from droptrain_core.aws.run_table import RunTable
from droptrain_core.aws.sweep_table import SweepTable
from droptrain_core.domain.errors import (
    BusyError,
    KeyReusedError,
    NotFoundError,
    RejectedError,
    SweepRefusedError,
)
from droptrain_core.domain.runs.claims import RequestClaim
from droptrain_core.domain.sweeps.order import SweepOrder
from droptrain_core.domain.sweeps.start import Terms, settings_of
from droptrain_core.domain.sweeps.sweep import Sweep
from droptrain_core.launch.commit import CLAIM_TRIES
from droptrain_core.launch.decide import decide
from droptrain_core.launch.draft import Asked, Draft, Where
from droptrain_core.launch.gather import Gather
from droptrain_core.launch.requests import LaunchRequests
from droptrain_core.launch.snapshot import Found
from droptrain_core.launch.start_sweep import StartSweep


class SweepRequests:
    """Starts sweeps on request."""

    def __init__(
        self,
        requests: LaunchRequests,
        gather: Gather,
        start: StartSweep,
        table: RunTable,
        sweeps: SweepTable,
        where: Where,
        clock: Callable[[], datetime],
    ) -> None:
        self._requests = requests
        self._gather = gather
        self._start = start
        self._table = table
        self._sweeps = sweeps
        self._where = where
        self._clock = clock

    def request(
        self, order: SweepOrder, *, caller: str, request: RequestClaim | None = None
    ) -> tuple[Sweep, bool]:
        """Start a sweep: (the sweep, whether it is new).

        NotFoundError, NotReadyError, CrowdedError, KeyReusedError, PausedError; RejectedError for overrides,
        or SweepRefusedError if it can't be started.
        """
        if request and (earlier := self._table.find_request(request.key)):
            return self._answer_again(request, *earlier), False
        found, draft, terms = self._decide(order, caller)
        drop = found.claim() if self._table.find_drop(found.drop) is None else None
        for _ in range(CLAIM_TRIES):
            with _refused():
                claimed, sweep = self._start.start(draft, found.recipe, terms, drop, request)
            if claimed == "claimed":
                return sweep, True
            if claimed == "sweep_taken":
                return self._sweeps.get(sweep.sweep_id) or sweep, False
            if claimed == "request_taken":
                break
            drop = None
        if request and (earlier := self._table.find_request(request.key)):
            return self._answer_again(request, *earlier), False
        raise BusyError(f"{order.project} is being launched by another request; try again")

    def dry_run(self, order: SweepOrder, *, caller: str) -> Sweep:
        """The sweep that `request` would start now; nothing is written. Its errors are the same."""
        found, draft, terms = self._decide(order, caller)
        with _refused():
            return self._start.look(draft, found.recipe, terms)

    def _decide(self, order: SweepOrder, caller: str) -> tuple[Found, Draft, Terms]:
        dataset = order.dataset or self._newest_dataset(order.project)
        found = self._requests.ready(order.project, dataset, order.overrides, force=order.force)
        if found.how.problem:
            raise found.how.problem
        snapshot = self._gather.snapshot(found)
        with _refused():
            terms = Terms(settings_of(found.recipe, order.given), order.seed, force=order.force)
        return found, decide(snapshot, Asked(caller, self._clock()), self._where), terms

    def _newest_dataset(self, project: str) -> str:
        newest = self._table.page(project=project, where={}, limit=1, position=None).runs
        if not newest:
            raise NotFoundError(f"The project {project!r} has no run yet: name the dataset to search on")
        return newest[0].dataset

    def _answer_again(self, request: RequestClaim, made: str, body_digest: str) -> Sweep:
        sweep = self._sweeps.get(made)
        if body_digest != request.body_digest or sweep is None:
            raise KeyReusedError("This Idempotency-Key was used before, for a different request")
        return sweep


@contextmanager
def _refused() -> Iterator[None]:
    """What rejects a drop refuses a request."""
    try:
        yield
    except RejectedError as error:
        raise SweepRefusedError(error.cause) from error
