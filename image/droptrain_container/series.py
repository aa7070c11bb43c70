"""The run's metrics, merged by name: METRICS_FILE, metric definitions, Keras's lines, event files."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from droptrain_container import points
from droptrain_container.definitions import Definitions
from droptrain_container.event_files import EventFiles
from droptrain_container.followed_metric import FollowedMetric
from droptrain_container.keras_lines import KerasLines
from droptrain_container.layout import Layout
from droptrain_container.metrics_file import MetricsFile
from droptrain_container.plan import MetricDefinition
from droptrain_container.points import Point, Points
from droptrain_container.progress import SECONDS, Progress
from droptrain_container.screen import Screen


class Series:
    """Four sources of one attempt's metrics. Each name is read from the first source that has it."""

    def __init__(self, layout: Layout, say: Callable[[str], None]) -> None:
        self.metrics_file = MetricsFile(layout, say)
        self._say = say
        self._screen = Screen()
        self._found = Points()
        self._definitions: Definitions | None = None
        self._progress: Progress | None = None
        self._of_keras = Points()
        self._keras = KerasLines(self._of_keras)
        self._event_files = EventFiles([
            layout.folder(path) for path in (layout.output, layout.model, layout.job_dir)
        ])  # fmt: skip
        self.metrics_file.begin()

    def start(
        self, definitions: Sequence[MetricDefinition], use: Callable[[], Mapping[str, float]] = dict
    ) -> None:
        """Begin, right before the script does; METRICS_FILE holds what earlier attempts left.

        `use` tells how the GPUs were used since it was last asked.
        """
        self.metrics_file.begin()
        self._progress = Progress(self._seconds_before(), use)
        if definitions:
            last_step = self.metrics_file.last_step()
            self._definitions = Definitions(definitions, self._found, self._say, last_step)

    def _seconds_before(self) -> float:
        """How long earlier attempts trained, by what they left in METRICS_FILE; 0 if that can't be read."""
        try:
            return self.metrics_file.last_values(b"").get(SECONDS, 0)
        except Exception as error:  # noqa: BLE001  the training needs no series
            self._say(f"The time of earlier attempts is unknown: {type(error).__name__}: {error}")
            return 0

    def read(self, chunk: bytes) -> None:
        """Read some of the script's output; neither waits nor fails."""
        for line in self._screen.feed(chunk):
            self._keras.read(line)
            if self._definitions:
                self._definitions.read(line)

    def sample(self) -> None:
        """Note how far the training is now."""
        if self._progress:
            steps = [source.last_step for source in self._sources()]
            self._progress.sample(max(self.metrics_file.own_step(), *steps))

    def has_metric(self) -> bool:
        """Whether this attempt has given a metric so far; event files count once `sample` has read them."""
        sources = (self._found, self._of_keras, self._event_files.points())
        return any(map(len, sources)) or bool(self.metrics_file.own_values())

    def finish(self) -> None:
        """Take what the script's last lines held; takes some seconds at most."""
        self.read(b"\n")  # for a last line without a line feed
        if self._definitions:
            self._definitions.finish()
            self._definitions = None

    def derived(self) -> bytes:
        """Lines that follow METRICS_FILE in metrics.jsonl: of names that the script doesn't write there."""
        return points.lines(self._derived()) + (self._progress.lines() if self._progress else b"")

    def follow(self, name: str) -> Callable[[], list[tuple[float, float]]]:
        """A function that returns the points of one metric so far, in the order of steps.

        Those of earlier attempts are among them. The last value may be NaN, for one that wasn't finite.
        """
        in_file = FollowedMetric(self.metrics_file, name)

        def points() -> list[tuple[float, float]]:
            values: dict[float, float] = {}
            with suppress(OSError):  # METRICS_FILE's reader says so
                values = in_file.values()
            if name not in self.metrics_file.own_values():
                values |= next(filter(None, (source.of(name) for source in self._sources())), {})
            return sorted(values.items())

        return points

    def not_finite(self) -> list[str]:
        """The names whose last value was NaN or infinite, sorted."""
        own = self.metrics_file.own_values()
        found = {name for name, value in own.items() if not math.isfinite(value)}
        for source in self._sources():
            found |= source.not_finite.keys() - own.keys()
        return sorted(found)

    def _derived(self) -> Iterator[Point]:
        taken = set(self.metrics_file.own_values())
        for source in self._sources():
            new = [point for point in source if point[0] not in taken]
            taken |= {name for name, _, _ in new}
            yield from new

    def _sources(self) -> Iterator[Points]:
        yield self._found
        yield self._of_keras
        self._event_files.look()
        yield self._event_files.points()
