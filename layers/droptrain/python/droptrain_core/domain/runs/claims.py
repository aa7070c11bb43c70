"""The claims of a new run in the transaction that records it; another process may have claimed one before."""

from typing import Literal

from droptrain_core.domain.datasets.dataset_record import Answered
from droptrain_core.domain.frozen import frozen

Claimed = Literal[
    "claimed", "run_taken", "drop_taken", "request_taken", "no_room", "postponed", "answered",
    "holder_changed", "trial_taken", "sweep_taken", "covered", "too_soon",
]  # fmt: skip


@frozen
class RequestClaim:
    """An idempotent API request: its key, what it asked for, and when it may be forgotten (epoch s)."""

    key: str
    body_digest: str
    expires_at: int


@frozen
class DropClaim:
    """A drop to claim, and its dataset's record after that.

    The run covers every upload that was complete before `covered_until`; `marker` is the version of the
    marker that it took. With `due_at`, the claim fails if an upload has postponed the launch meanwhile.
    `span_id` is the identity of all versions of a run that spans datasets, which launches once as well.
    """

    drop_id: str
    covered_until: str
    marker: str | None = None
    due_at: str | None = None
    span_id: str | None = None


@frozen
class AnswerClaim:
    """A rejection that answers all uploads of one drop: the upload, its time, and the `earlier` rejection
    that it replaces.
    """

    answer_id: str
    key: str
    version_id: str
    at: str
    earlier: Answered | None
