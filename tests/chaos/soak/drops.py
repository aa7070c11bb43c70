"""What is dropped: datasets of two files each, interleaved in a drawn order, some files put again."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from chaos.soak import retraining
from chaos.soak.versions import Versions
from droptrain_core.domain import times
from droptrain_core.domain.datasets.dataset import ObjectVersion, drop_id

from droptrain_local.cloud import LaptopCloud

FILES = ("train.csv", "test.csv")
# How many datasets get a file twice before they are complete, and how many after their first run is there.
_CORRECTED = 0.15
_REPLACED = 0.15
_LOOK_SECONDS = 3.0


@dataclass
class Dataset:
    """A dataset to drop: its folder, its files in the order of their puts, the versions that are there."""

    folder: str
    puts: deque[str]
    replaces: str | None
    there: dict[str, str] = field(default_factory=dict)

    @property
    def project(self) -> str:
        return self.folder.split("/")[1]

    @property
    def drop(self) -> str:
        """The identity of what lies there now."""
        dataset = self.folder.split("/")[3]
        return drop_id(self.project, dataset, (ObjectVersion(*item, 0, "") for item in self.there.items()))


class Drops:
    """Drops datasets by ordinary puts from a thread of its own, spread over some seconds.

    A replacement waits until the dataset's first run is there: of two versions put at once it would be open
    whether the first is trained on, too. `find_drop` finds the run of a drop. `expected` are the sets of
    versions that are complete, `dropped_at` the time of each one's last put.
    """

    def __init__(
        self,
        cloud: LaptopCloud,
        folders: list[str],
        seconds: float,
        chance: Random,
        find_drop: Callable[[str], object],
    ) -> None:
        self._s3, self._bucket = cloud.client("s3"), cloud.ready.bucket
        self._seconds = seconds
        self._chance = chance
        self._find_drop = find_drop
        self.dropped_at: dict[Versions, str] = {}
        self.puts = 0
        self.replaced = 0
        self._datasets = [self._draw(folder) for folder in folders]
        self._closing = threading.Event()
        self._thread = ThreadPoolExecutor(1, "drops")
        self._end = self._thread.submit(self._run)

    @property
    def expected(self) -> set[Versions]:
        return set(self.dropped_at)

    @property
    def done(self) -> bool:
        return self._end.done()

    def close(self) -> None:
        self._closing.set()
        self._end.result()
        self._thread.shutdown()

    def _draw(self, folder: str) -> Dataset:
        first, second = self._chance.sample(FILES, 2)
        corrected = [first] if self._chance.random() < _CORRECTED else []
        replaces = self._chance.choice(FILES) if self._chance.random() < _REPLACED else None
        dataset = Dataset(folder, deque([*corrected, first, second]), replaces)
        if retraining.trains_again(dataset.project):
            dataset.replaces = None  # it may never have a run of its own
        return dataset

    def _run(self) -> None:
        turns = [dataset for dataset in self._datasets for _ in dataset.puts]
        self._chance.shuffle(turns)
        for dataset in turns:
            if self._closing.wait(self._chance.uniform(0, 2 * self._seconds / len(turns))):
                return
            self._put(dataset, dataset.puts.popleft())
        to_replace = [dataset for dataset in self._datasets if dataset.replaces]
        while to_replace and not self._closing.wait(_LOOK_SECONDS):
            there = [each for each in to_replace if self._find_drop(each.drop)]
            for dataset in there:
                assert dataset.replaces
                self._put(dataset, dataset.replaces)
                self.replaced += 1
                to_replace.remove(dataset)

    def _put(self, dataset: Dataset, file: str) -> None:
        key = dataset.folder + file
        body = f"a,b\n{self.puts},{time.time()}\n".encode()
        at = times.to_text(datetime.now(UTC))
        dataset.there[key] = self._s3.put_object(Bucket=self._bucket, Key=key, Body=body)["VersionId"]
        self.puts += 1
        if len(dataset.there) == len(FILES):
            self.dropped_at[_versions(dataset)] = at


def _versions(dataset: Dataset) -> Versions:
    return frozenset(dataset.there.items())
