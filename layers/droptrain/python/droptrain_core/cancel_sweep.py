"""Cancel a sweep: end all its trials."""

from collections.abc import Callable
from datetime import datetime

from droptrain_core.advance_sweep import AdvanceSweep
from droptrain_core.aws.sweep_table import SweepTable
from droptrain_core.domain import times
from droptrain_core.domain.errors import AlreadyFinishedError, BusyError, existing
from droptrain_core.domain.sweeps import transitions
from droptrain_core.domain.sweeps.sweep import Sweep
from droptrain_core.telemetry import logger


class CancelSweep:
    """Ends sweeps for their users."""

    def __init__(self, sweeps: SweepTable, advance: AdvanceSweep, clock: Callable[[], datetime]) -> None:
        self._sweeps = sweeps
        self._advance = advance
        self._clock = clock

    def sweep(self, sweep_id: str, caller: str) -> Sweep:
        """Cancel the sweep: it starts no more trials, and those that run are cancelled.

        It ends when they have. NotFoundError, AlreadyFinishedError.
        """
        at = times.to_text(self._clock())
        cancelled = self._sweeps.write(transitions.cancel_requested(sweep_id, caller, at))
        if cancelled is None:
            existing(self._sweeps.get(sweep_id), "sweep", sweep_id)
            raise AlreadyFinishedError(f"The sweep {sweep_id} has ended; there is nothing to cancel")
        try:
            self._advance.sweep(sweep_id)
        except BusyError as error:
            logger.info("The sweep's event cancels the trials: %s", error)
        return self._sweeps.get(sweep_id) or cancelled
