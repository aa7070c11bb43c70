"""A hostile neighbour in virtual time: one project drops what costs most while others drop good datasets."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from chaos.burst.lanes import Lanes
from chaos.burst.memory import ReadyDatasets
from chaos.burst.uploads_queue import QueueSettings
from chaos.burst.virtual_time import CALL_SECONDS, START, VirtualTime
from chaos.model.world import outside
from droptrain_core.domain.datasets.dataset import ObjectVersion, data_prefix
from droptrain_core.domain.errors import Cause, CrowdedError
from droptrain_core.domain.preflight.facts import Piece

HOSTILE = "hostile"
# What a launch's preflight takes at most of a function with 512 MB (decision 110), and its sixty reads.
PREFLIGHT_SECONDS = 3.0 + 60 * CALL_SECONDS
# The hostile project's dataset that has too many files: 51 pages of a listing, which have to be parsed.
CROWD = "crowd"
CROWD_SECONDS = 51 * (0.1 + CALL_SECONDS)
# What preflight rejects: an image by another name.
BAD = b"\x89PNG\r\n\x1a\n" + bytes(100)


class HostileDatasets(ReadyDatasets):
    """A bucket in which one project's datasets cost the most that is allowed, and are then rejected."""

    @outside
    def folder(self, prefix: str, named: Iterable[str] = ()) -> tuple[ObjectVersion, ...]:
        if prefix == data_prefix(HOSTILE, CROWD):
            self.time.wait(CROWD_SECONDS)
            raise CrowdedError(Cause("too_many_objects", "The folder has too many objects", "Remove some."))
        return super().folder(prefix, named)

    @outside
    def sample(self, file: ObjectVersion) -> tuple[Piece, ...]:
        if not file.key.startswith(f"projects/{HOSTILE}/"):
            return (Piece(0, b"x" * file.size),)
        if file.key.endswith("/train.csv"):
            self.time.wait(PREFLIGHT_SECONDS)
        return (Piece(0, BAD),)


@dataclass(frozen=True)
class Beside:
    """What became of all drops; `good_seconds` are from each good drop to its Batch job."""

    good_seconds: tuple[float, ...]
    rejected: int
    hostile_seconds: float
    postponed: int
    most_receives: int
    dead_letters: int


def beside(
    hostile: int,
    good_at: tuple[float, ...],
    settings: QueueSettings,
    second_of_minute: int = 0,
    *,
    is_crowd: bool = False,
) -> Beside:
    """Drop hostile datasets at once, and a good one of another project at each of those moments.

    `is_crowd`: all hostile drops are files of one dataset that has too many.
    """
    time = VirtualTime(START + timedelta(seconds=second_of_minute))
    lanes = Lanes(settings, time, HostileDatasets(time))
    for number in range(hostile):
        lanes.drop(HOSTILE, CROWD if is_crowd else f"set-{number}")
    projects = [f"good-{number}" for number in range(len(good_at))]
    for project, at in zip(projects, good_at, strict=True):
        lanes.drop(project, "first", at)
    lanes.run()
    submitted_at = lanes.jobs.submitted_at
    return Beside(
        good_seconds=tuple(submitted_at[name] - at for name, at in zip(projects, good_at, strict=True)),
        rejected=len([run for run in lanes.table.runs.values() if run.status == "REJECTED"]),
        hostile_seconds=lanes.queue.changed_at,
        postponed=lanes.queue.sent - hostile - len(good_at),
        most_receives=lanes.queue.most_receives,
        dead_letters=len(lanes.queue.dead_letters),
    )


def alone(settings: QueueSettings) -> float:
    """The seconds from a good drop to its Batch job when nothing else is dropped."""
    return beside(0, (0.0,), settings).good_seconds[0]
