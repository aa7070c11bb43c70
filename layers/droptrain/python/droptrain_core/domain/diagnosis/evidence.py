"""The evidence for the rules: Batch's reasons, the container's own report, the end of the log, the data."""

from functools import cached_property

from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.diagnosis import python_errors
from droptrain_core.domain.diagnosis.log_noise import is_noise
from droptrain_core.domain.diagnosis.python_errors import Raised
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.batch_job import JobState
from droptrain_core.domain.runs.outcome import Outcome

SCRIPT_FAILED = "script_failed"
# Only a program's very last lines show why it ended.
_END_LINES = 25


@frozen
class Evidence:
    """An ended Batch job, and the last attempt's account, if it left one.

    `lifecycle` is how the last attempt's instance was bought, None if that isn't known; `findings` are
    preflight's.
    """

    job: JobState
    outcome: Outcome | None
    lifecycle: str | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def batch_reasons(self) -> tuple[str, ...]:
        """The status reason and the container's reason, without empty ones."""
        return tuple(text for text in (self.job.status_reason, self.job.container_reason) if text)

    @property
    def container_code(self) -> str | None:
        """The cause in the container's own report."""
        return self.outcome.cause_code if self.outcome else None

    @property
    def script_exit_code(self) -> int | None:
        """The script's own exit code, if the script ended the attempt."""
        outcome = self.outcome
        return outcome.script_exit_code if outcome and outcome.cause_code == SCRIPT_FAILED else None

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The last lines of a failed script; its failure file if it printed nothing."""
        if self.outcome is None or self.container_code != SCRIPT_FAILED:
            return ()
        return self.outcome.log_tail or tuple(self.outcome.cause_message.splitlines())

    @cached_property
    def telling(self) -> tuple[str, ...]:
        """The last lines of the log without a framework's usual lines at its start."""
        return tuple(line for line in (self.outcome.log_tail if self.outcome else ()) if not is_noise(line))

    @cached_property
    def raised(self) -> tuple[Raised, ...]:
        """The Python error that ended the script, then those that led to it; empty if none ended it."""
        return python_errors.last(self.lines)

    @cached_property
    def end(self) -> tuple[str, ...]:
        """The very last lines of a script that no Python error ended, after its last training progress."""
        if self.raised:
            return ()
        return self.lines[python_errors.went_on_at(self.lines) :][-_END_LINES:]
