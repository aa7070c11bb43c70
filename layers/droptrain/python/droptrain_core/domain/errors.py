"""What can go wrong, by name; functions translate these once into problem documents or rejections."""

from dataclasses import dataclass

from droptrain_core.domain.text import plain

# Some names of files are longer than a page. A record has 400 KB in all (DynamoDB), a notice 256 KB (SNS).
_MAX_CHARACTERS = 6000


@dataclass(frozen=True)
class Cause:
    """Why a run ended as it did: a stable `code`, what happened in plain words, and what to do about it.

    `evidence` is what shows it, at most 5 lines of 300 characters; `retry_helps`, whether trying again as it
    is can help, None where nobody can tell.
    """

    code: str
    message: str
    fix: str
    evidence: tuple[str, ...] = ()
    retry_helps: bool | None = None

    def __post_init__(self) -> None:
        """Make its words plain: they hold names of files, of columns, and what programs printed."""
        object.__setattr__(self, "message", plain(self.message, _MAX_CHARACTERS))
        object.__setattr__(self, "fix", plain(self.fix, _MAX_CHARACTERS))
        object.__setattr__(self, "evidence", tuple(map(plain, self.evidence)))


class RejectedError(Exception):
    """The drop can't be trained; `cause` goes into a REJECTED run and its notice."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.message)
        self.cause = cause


class CrowdedError(RejectedError):
    """A folder holds more than a launch can look through, or a dataset more than a run can have."""


class NotFoundError(Exception):
    """No such project, dataset or run."""


class NotReadyError(Exception):
    """The dataset lacks files that its recipe names."""


class ChangedPlanError(Exception):
    """The plan in the bucket isn't the one that the run was launched with."""


class AlreadyFinishedError(Exception):
    """The run has ended, so it can't be cancelled."""


class KeyReusedError(Exception):
    """The idempotency key was used before, for a different request."""


class BadCursorError(Exception):
    """The cursor isn't one that this query handed out."""


class BusyError(Exception):
    """AWS Batch throttles, or others are at it: nothing was submitted, try again later."""


class NewerRecordError(Exception):
    """A later release wrote the record, in a form that this one would misread."""


class PausedError(BusyError):
    """The stack's owner has paused it: nothing is launched; what waits goes on waiting."""


class InUseError(Exception):
    """The dataset is training, so it can't be deleted."""


class DeniedError(Exception):
    """AWS refuses the stack, as when a role lacks a permission: nothing was submitted, and repeating mends
    nothing until somebody mends the stack.
    """


class UnsureError(Exception):
    """SubmitJob failed or its answer got lost: whether the Batch job exists is open until it is looked up."""


class UnreadableError(Exception):
    """An event isn't as AWS documents it: repeating mends nothing, so that it ends as a dead letter."""
