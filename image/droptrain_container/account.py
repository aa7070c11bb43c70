"""outcome.json while a run goes on: begun with each attempt, so that one that is killed has its account."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from droptrain_container import outcome
from droptrain_container.exit_codes import EndError
from droptrain_container.findings import Findings
from droptrain_container.s3 import Bucket, MissingError
from droptrain_container.settings import Settings

_KEPT = 20
_FIELDS = ("batch_job_id", "attempt", "started_at", "ended_at", "instance", "image")


class Account:
    """outcome.json of one run. `earlier` are the reports of its previous attempts."""

    def __init__(self, bucket: Bucket, settings: Settings, say: Callable[[str], None]) -> None:
        self._bucket = bucket
        self._settings = settings
        self._key = settings.prefix + "outcome.json"
        self._say = say
        self.earlier: list[dict[str, Any]] = []

    def begin(self, started_at: datetime, found: Findings) -> None:
        """Leave word that this attempt runs, where and in which image; earlier attempts stay in it.

        A failure is logged and raises nothing: only the run's cost would be less exact.
        """
        try:
            self.earlier = _attempts(self._read())
            document = outcome.begin(self._settings, started_at, found, self.earlier)
            self._bucket.put(self._key, document)
        except EndError as error:
            self._say(f"outcome.json could not be begun: {error}")

    def seconds_used(self) -> float:
        """The duration of this Batch job's previous attempts; one that was killed counts as nothing."""
        mine = (each for each in self.earlier if each.get("batch_job_id") == self._settings.job_id)
        return sum(map(_seconds, mine))

    def of_checkpoint(self) -> dict[str, object]:
        """When a checkpoint is saved, and by which attempt."""
        saved_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "saved_at": saved_at,
            "batch_job_id": self._settings.job_id,
            "attempt": self._settings.attempt,
        }

    def write(self, document: bytes) -> None:
        """Write how the attempt ended; EndError."""
        self._bucket.put(self._key, document)

    def write_if_none(self, document: bytes) -> None:
        """Write where no account is yet; ConflictError, EndError."""
        self._bucket.put_new(self._key, document)

    def _read(self) -> object:
        try:
            return json.loads(self._bucket.get(self._key))
        except (MissingError, ValueError, RecursionError):
            return None


def _seconds(attempt: dict[str, Any]) -> float:
    """How long an attempt took, by its report; 0 if that doesn't say. User code can write the report."""
    try:
        started, ended = (datetime.fromisoformat(attempt[name]) for name in ("started_at", "ended_at"))
        return max((ended - started).total_seconds(), 0.0)
    except (KeyError, TypeError, ValueError):
        return 0.0


def _attempts(account: object) -> list[dict[str, Any]]:
    """The attempts in a report, including its own."""
    if not isinstance(account, dict):
        return []
    before = account.get("attempts")
    every = [*(before if isinstance(before, list) else []), account]
    return [{name: each.get(name) for name in _FIELDS} for each in every if isinstance(each, dict)][-_KEPT:]
