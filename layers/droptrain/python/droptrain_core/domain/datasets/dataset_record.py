"""A dataset's record in the table: the files that it lacks, and the uploads that its run covers."""

from datetime import datetime, timedelta

from droptrain_core.domain import times
from droptrain_core.domain.datasets.dataset import FILES_NAMED, MARKER, Created, matches
from droptrain_core.domain.frozen import frozen

# S3's event times are whole seconds, and S3's clock and Lambda's may differ.
CLOCKS_DIFFER = timedelta(seconds=5)
# A wake-up that is later than this counts as lost. Its message is retried within this time.
_WAKE_UP_IS_LOST = timedelta(minutes=15)
# A dataset that rests for so long gets a notice: its files keep arriving.
_RESTLESS = timedelta(hours=6)
# A rejected upload answers the others of the same drop, which arrive within this time of one another.
_ONE_DROP = timedelta(hours=1)


@frozen(kw_only=True)
class DatasetRecord:
    """One dataset; times are the contract's UTC texts.

    It waits since `since` and lacks `missing`; `present` names the first files in its folder. With the
    trigger `quiet`, it rests from `rests_since` until `due_at`, and launches when the message `wake_up`
    arrives (at `wake_up_at`). Its last
    run is `run_id`, which took `marker` (a version) and every upload that was complete before
    `covered_until`. Uploads before `links_until` may come from signed links.
    While the project's cooldown lasts, until `cooldown_until`, a dataset waits whose last file came at
    `arrived_at`. At the end it was checked if `checked_at` is the same.
    """

    project: str
    dataset: str
    since: str | None = None
    missing: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    rests_since: str | None = None
    due_at: str | None = None
    wake_up: str | None = None
    wake_up_at: str | None = None
    run_id: str | None = None
    marker: str | None = None
    covered_until: str | None = None
    links_until: str | None = None
    arrived_at: str | None = None
    checked_at: str | None = None
    cooldown_until: str | None = None

    def is_in_cooldown(self, now: datetime) -> bool:
        """Whether the project's uploads have to wait."""
        return self.cooldown_until is not None and now < times.from_text(self.cooldown_until)

    def may_be_linked(self, upload: Created) -> bool:
        """Whether a signed link may have made this upload."""
        if self.links_until is None or not upload.may_be_by_link:
            return False
        return upload.at is None or upload.at <= times.from_text(self.links_until)

    def covers(self, uploaded_at: datetime | None) -> bool:
        """Whether the last run was launched from a listing that certainly includes this upload."""
        if uploaded_at is None or self.covered_until is None:
            return False
        return uploaded_at + CLOCKS_DIFFER < times.from_text(self.covered_until)

    def may_cover(self, uploaded_at: datetime | None) -> bool:
        """Whether the last run may have been launched from a listing that includes this upload."""
        if self.run_id is None or self.covered_until is None:
            return False
        return uploaded_at is None or uploaded_at - CLOCKS_DIFFER <= times.from_text(self.covered_until)

    def expects_wake_up(self, now: datetime) -> bool:
        """Whether a wake-up message is on its way."""
        return self.wake_up_at is not None and now < times.from_text(self.wake_up_at) + _WAKE_UP_IS_LOST

    def is_due(self, now: datetime) -> bool:
        """Whether no file has arrived for as long as the recipe's `quiet_for`."""
        return self.due_at is None or times.from_text(self.due_at) <= now

    def is_restless(self, now: datetime) -> bool:
        """Whether files have postponed the launch for so long that its owner should know."""
        return self.rests_since is not None and times.from_text(self.rests_since) + _RESTLESS < now

    def with_file(self, file: str) -> "DatasetRecord":
        """The record after one more upload, without a listing: the missing and the present files."""
        missing = tuple(name for name in self.missing if name == MARKER or not matches(file, name))
        present = self.present
        if file not in present and len(present) < FILES_NAMED:
            present = tuple(sorted((*present, file)))
        return DatasetRecord(**{**self.__dict__, "missing": missing, "present": present})


@frozen
class Answered:
    """A rejection that answers several uploads: the first of them, its time, and the last upload's."""

    run_id: str
    key: str
    version_id: str
    uploaded_at: str
    last_at: str

    def covers(self, key: str, version_id: str, uploaded_at: datetime) -> bool:
        """Whether an upload belongs to the rejected drop, even if its event is late.

        Uploading the same file again is a new attempt, and so is an upload after an hour without one.
        """
        is_newer = uploaded_at > times.from_text(self.uploaded_at)
        if self.key == key and self.version_id != version_id and is_newer:
            return False
        return uploaded_at - times.from_text(self.last_at) < _ONE_DROP
