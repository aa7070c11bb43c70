"""Named errors; functions translate each of them once into problem documents or rejections."""

from typing import TypeVar

from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.text import plain

Record = TypeVar("Record")
# A file's name can be longer than a page. A record has 400 KB in all (DynamoDB), a notice 256 KB (SNS).
_MAX_CHARACTERS = 6000


@frozen
class Cause:
    """The cause of a run's end: a stable `code`, what happened in plain words, and the fix.

    `evidence` has at most 5 lines of 300 characters that show it; `retry_helps` is whether retrying unchanged
    can help, None if that is unknown.
    """

    code: str
    message: str
    fix: str
    evidence: tuple[str, ...] = ()
    retry_helps: bool | None = None

    def __post_init__(self) -> None:
        """Clean its texts: they contain names of files and columns, and output of programs."""
        object.__setattr__(self, "message", plain(self.message, _MAX_CHARACTERS))
        object.__setattr__(self, "fix", plain(self.fix, _MAX_CHARACTERS))
        object.__setattr__(self, "evidence", tuple(map(plain, self.evidence)))


class RejectedError(Exception):
    """The drop can't be trained; `cause` goes into a REJECTED run and its notice."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.message)
        self.cause = cause


class SweepRefusedError(RejectedError):
    """The sweep can't be started."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.args = (f"{cause.message.removesuffix('.')}. {cause.fix}",)


class CrowdedError(RejectedError):
    """A folder has more objects than a launch can list, or a dataset more inputs than a run can have."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.args = (f"{cause.message}. {cause.fix}",)


class NotFoundError(Exception):
    """No such project, dataset, run or sweep."""


class NotReadyError(Exception):
    """The dataset lacks files that its recipe names."""


class ChangedPlanError(Exception):
    """The plan in the bucket has changed since the run's launch."""


class AlreadyFinishedError(Exception):
    """The run has ended, so it can't be cancelled."""


class KeyReusedError(Exception):
    """The idempotency key was used before, for a different request."""


class BadCursorError(Exception):
    """The cursor isn't from this query."""


class BusyError(Exception):
    """AWS Batch throttles, or another process is working on it: nothing was submitted, try again later."""


class NewerRecordError(Exception):
    """A later release wrote the record, in a form that this one would misread."""


class PausedError(BusyError):
    """The stack is paused: nothing is launched, and waiting uploads stay in their queue."""


class NoModelError(Exception):
    """The run has no model that could be promoted."""


class NoEarlierModelError(Exception):
    """The project has no model before its current one, so it can't go back."""


class ModelChangedError(Exception):
    """Another request or run has changed the project's current model meanwhile: nothing was changed."""


class InUseError(Exception):
    """The dataset is training, so it can't be deleted."""


class DeniedError(Exception):
    """AWS refuses the stack, for example because a role lacks a permission: nothing was submitted, and
    retries fail until the stack is fixed.
    """


class UnsureError(Exception):
    """SubmitJob failed or its answer was lost: the Batch job may exist, and has to be looked up by name."""


class UnreadableError(Exception):
    """An event isn't as AWS documents it: retries don't help, so it ends as a dead letter."""


def existing(record: Record | None, kind: str, name: str) -> Record:
    """The record that was looked up by its name; NotFoundError if there is none."""
    if record is None:
        raise NotFoundError(f"There is no {kind} {name!r}")
    return record
