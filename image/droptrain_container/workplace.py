"""What the steps of one attempt work with: its settings, its bucket, its folders, its log, its records."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from droptrain_container import image, outcome, reclaim
from droptrain_container.account import Account
from droptrain_container.findings import Findings
from droptrain_container.layout import Layout
from droptrain_container.log import Log
from droptrain_container.mask import Mask
from droptrain_container.records import Records
from droptrain_container.results import Results
from droptrain_container.s3 import Bucket
from droptrain_container.series import Series
from droptrain_container.settings import Settings
from droptrain_container.stops import Stops
from droptrain_container.timing import Timing

Found = TypeVar("Found")


class Workplace:
    """The tools of one attempt, each made once, and its `findings`, to which the steps add."""

    def __init__(
        self, settings: Settings, bucket: Bucket, environment: Mapping[str, str], log: Log, stops: Stops
    ) -> None:
        self.settings = settings
        self.bucket = bucket
        self.environment = environment
        self.log = log
        self.mask = Mask()
        log.clean = self.mask.text
        self.stops = stops
        self.started_at = datetime.now(UTC)
        self.timing = Timing(lambda: image.find_pull(environment))
        self.findings = Findings()
        self.layout = Layout(settings.ml_dir, settings.scratch)
        self.series = Series(self.layout, log.say)
        self.records = Records(bucket, settings.step_prefix, log, self.series, self.timing, self.progress)
        self.results = Results(bucket, settings.prefix, self.layout, log.say, settings.upload_seconds)
        self.account = Account(bucket, settings, log.say)
        metadata = reclaim.Metadata(settings.metadata_url) if settings.metadata_url else None
        self.watch = reclaim.Watch(metadata, stops.reclaim) if metadata else None

    def progress(self) -> bytes:
        """The content of timing.json."""
        self.findings.timing = self.timing.times()
        return outcome.progress(self.settings, self.started_at, self.findings)

    def or_else(self, what: str, find: Callable[[], Found], otherwise: Found) -> Found:
        """What `find` finds; `otherwise`, and a line in the log, where it fails."""
        try:
            return find()
        except Exception as error:  # noqa: BLE001  at the end every other step is still due
            self.log.say(f"{what} failed: {type(error).__name__}: {error}")
            return otherwise
