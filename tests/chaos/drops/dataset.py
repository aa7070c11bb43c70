"""One dataset whose recipe can be read: what must have become of it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import pairwise
from math import floor

from chaos.burst.virtual_time import START
from chaos.drops.bucket import Change
from chaos.drops.cloud import Cloud
from chaos.drops.drop import Put
from droptrain_core.domain import times
from droptrain_core.domain.datasets.dataset import (
    ObjectVersion,
    data_prefix,
    drop_id,
    is_a_path,
    is_pattern,
)
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.recipes.recipe import Recipe
from droptrain_core.domain.runs.run import Run

MARKER = "_SUCCESS"
HOUR = 3600
FILES_NAMED = 10
DEFAULT_QUIET_SECONDS = 300
# For queues, calls and retries of a drop in which nothing goes wrong.
SLACK_SECONDS = 120
_DATA_FILE = re.compile(r".*\.(csv|tsv)(\.gz)?", re.IGNORECASE | re.DOTALL)
_LEFT_BY_PROGRAMS = ("_temporary", "__MACOSX", "Thumbs.db", "desktop.ini")


def is_data_file(key: str) -> bool:
    """Whether the name says that a file has data, so that its owner waits for an answer."""
    return _DATA_FILE.fullmatch(key.rpartition("/")[2]) is not None


def is_hidden(path: str) -> bool:
    """Whether nobody waits for an answer to a file, since a program has left it beside the data."""
    return any(
        (level.startswith(".") and level not in (".", ".."))
        or level.startswith(("_started_", "_committed_"))
        or level in _LEFT_BY_PROGRAMS
        for level in path.split("/")
    )


def seconds_of(text: str) -> float:
    """The seconds after the start of a time in the contract's form."""
    return (times.from_text(text) - START).total_seconds()


class Dataset:
    """A dataset, the uploads into its folder in their order, and its runs.

    `since` is when the recipe came, in seconds after the start.
    """

    def __init__(
        self,
        cloud: Cloud,
        project: str,
        dataset: str,
        recipe: Recipe,
        since: float,
        puts: list[Put],
        runs: list[Run],
    ) -> None:
        self.cloud, self.recipe, self.since, self.runs = cloud, recipe, since, runs
        self.project, self.name = project, dataset
        self.folder = data_prefix(project, dataset)
        self.puts = [put for put in puts if self._counts(put.key)]
        self.log = [change for change in cloud.bucket.log if self._counts(change.key)]
        self.latest = _after(self.log)
        self.deletions = [change.at for change in self.log if change.version is None]
        # A new recipe or a deletion has no event, so it gets no answer.
        self.notice_from = max([since, *self.deletions])

    def __str__(self) -> str:
        return f"{self.project}/{self.name}"

    def _counts(self, key: str) -> bool:
        """Whether a key is a file of the dataset; a hidden one is only if the recipe names it."""
        if not key.startswith(self.folder) or key.endswith("/"):
            return False
        return not is_hidden(key.removeprefix(self.folder)) or self._is_relevant(key)

    def check(self, notices: int) -> None:
        """AssertionError that names the broken promise; `told` is how many notices say that it waits."""
        waiting = self._waiting
        assert len(self.runs) <= self._most_runs, f"{self}: {len(self.runs)} runs, not {self._most_runs}"
        if self.recipe.trigger != "marker" and not self.notice_from:
            digests = Counter(run.inputs_digest for run in self.runs if run.inputs)
            assert max(digests.values(), default=1) == 1, f"{self}: the same versions have several runs"
        if not self._was_noticed_after(0):
            return
        if not self.latest:
            assert not waiting, f"{self}: empty, and listed as {waiting}"
        elif self.deletions and not self._was_noticed_after(self.notice_from):
            return  # it was forgotten when it was empty, and every event since then was lost
        elif not self.missing:
            self._check_complete(waiting, notices)
        elif self._was_noticed_after(self.notice_from) or not self.runs:
            assert not waiting or self._is_listed(waiting), f"{self}: listed as {waiting}"
            if any(is_data_file(key) and is_a_path(key.removeprefix(self.folder)) for key in self.latest):
                assert waiting, f"{self}: waits for {self.missing} and isn't listed"
                assert notices, f"{self}: waits for {self.missing} and no notice says so"

    def _check_complete(self, waiting: DatasetRecord | None, notices: int) -> None:
        run = self._final_run
        if run is None and self.notice_from and self.recipe.trigger == "marker" and waiting:
            return  # the marker has started a run of other files, so that a new one is needed
        if run is None:
            assert self.runs, f"{self}: complete, and has no run"
            changed_at = max(self._last_change_at, self.notice_from)
            assert not self._was_noticed_after(changed_at), f"{self}: its last versions have no run"
            return
        assert not waiting or self._has_inputs_after(run), f"{self}: has a run and is listed as {waiting}"
        if self.cloud.drop.is_orderly and not self.notice_from:
            self._check_timely(run, waiting, notices)

    def _check_timely(self, run: Run, waiting: DatasetRecord | None, notices: int) -> None:
        """Where nothing goes wrong, a launch comes soon after the last upload."""
        created = seconds_of(run.created_at)
        due = self._last_change_at + self.cloud.queue.delay_seconds + SLACK_SECONDS
        if self.recipe.trigger == "quiet" or self._outlasts_marker:
            due = self._last_at + self._quiet_seconds + self.cloud.queue.delay_seconds + SLACK_SECONDS
        assert created <= due, f"{self}: launched at {created}, not by {due}"
        if self.markers <= 1 and not waiting and self._complete_at - self.log[0].at < HOUR - 600:
            assert not notices, f"{self}: was complete within an hour and has a notice that it waits"

    @cached_property
    def markers(self) -> int:
        """How often the marker was uploaded, if the recipe waits for it."""
        waits = self.recipe.trigger == "marker"
        return sum(waits and change.key == self.folder + MARKER for change in self.log)

    @cached_property
    def missing(self) -> set[str]:
        """What the recipe asks for and the folder lacks."""
        return self._missing(self.latest)

    def _missing(self, keys: Iterable[str]) -> set[str]:
        files = [key.removeprefix(self.folder) for key in keys]
        missing = {
            pattern
            for pattern in self.recipe.inputs.values()
            if not any(takes(pattern, file) for file in files)
        }
        return missing | ({MARKER} - set(files) if self.recipe.trigger == "marker" else set())

    @property
    def _waiting(self) -> DatasetRecord | None:
        return next(
            (it for it in self.cloud.datasets.of_project(self.project) if it.dataset == self.name), None
        )

    def _is_listed(self, waiting: DatasetRecord) -> bool:
        """Whether the list names what is missing and the first files that lie there."""
        files = {key.removeprefix(self.folder) for key in self.latest}
        are_named = len(waiting.present) == min(len(files), FILES_NAMED) and files.issuperset(waiting.present)
        return set(waiting.missing) == self.missing and are_named

    @cached_property
    def _relevant(self) -> list[Change]:
        return [change for change in self.log if self._is_relevant(change.key)]

    def _is_relevant(self, key: str) -> bool:
        """Whether a file is an input, or the marker that the recipe waits for."""
        file = key.removeprefix(self.folder)
        if file == MARKER:
            return self.recipe.trigger == "marker"
        return any(takes(pattern, file) for pattern in self.recipe.inputs.values())

    @property
    def _last_at(self) -> float:
        return self.log[-1].at

    @property
    def _last_change_at(self) -> float:
        return self._relevant[-1].at

    @cached_property
    def _complete_at(self) -> float:
        """When the recipe's inputs, and the marker if it waits for one, lay there for the first time."""
        keys: set[str] = set()
        for change in self._relevant:
            if change.key not in keys:
                keys.add(change.key)
                if not self._missing(keys):
                    return change.at
        raise AssertionError(f"{self} isn't complete")

    @property
    def _quiet_seconds(self) -> int:
        return self.recipe.quiet_seconds or DEFAULT_QUIET_SECONDS

    def _was_noticed_after(self, moment: float) -> bool:
        """Whether the event of an upload at that moment or later came."""
        return any(put.delays and put.at >= moment for put in self.puts)

    @cached_property
    def _most_runs(self) -> int:
        """How many runs the uploads can have at most."""
        if self.notice_from:
            return len(self.log) + 1
        match self.recipe.trigger:
            case "marker":
                return self.markers
            case "quiet":
                pauses = sum(
                    after.at - before.at >= self._quiet_seconds for before, after in pairwise(self.log)
                )
                return 1 + pauses + sum(put.delays != (0.0,) for put in self.puts)
        return len(self._relevant)

    @property
    def _final_run(self) -> Run | None:
        """The run of what lies in the folder; with a marker, of any files that lay there with it."""
        return next((run for state in self._final_states() if (run := self._run_of(state))), None)

    def _final_states(self) -> Iterator[dict[str, ObjectVersion]]:
        yield _after(self._relevant)
        if self.recipe.trigger == "marker" and not (self.cloud.drop.is_orderly and self._grew_after_marker):
            marker = self.latest[self.folder + MARKER]
            changes = self._relevant
            came = next(number for number, change in enumerate(changes) if change.version == marker)
            for number in range(len(changes) - 1, came, -1):
                yield _after(changes[:number])

    @cached_property
    def _grew_after_marker(self) -> bool:
        """Whether the only marker came first, and then the parts of a pattern without a pause.

        Parts that come after the settle time may be too late for the marker's run; those before aren't.
        """
        relevant = self._relevant
        if self.markers != 1 or self.notice_from or not any(map(is_pattern, self.recipe.inputs.values())):
            return False
        came = next(number for number, each in enumerate(relevant) if each.key == self.folder + MARKER)
        moments = [floor(each.at) for each in relevant[came:]]
        if len(moments) == 1 or moments[1] == moments[0]:
            return False
        was_complete = not self._missing({each.key for each in relevant[:came]})
        if was_complete and moments[1] - moments[0] >= self.cloud.queue.delay_seconds:
            return False
        return all(after - before < self._quiet_seconds - 60 for before, after in pairwise(moments))

    @property
    def _outlasts_marker(self) -> bool:
        """Whether parts of a pattern came after the newest marker, so that the dataset may rest."""
        newest = self._relevant[-1]
        return (
            self.markers > 0
            and newest.key != self.folder + MARKER
            and any(map(is_pattern, self.recipe.inputs.values()))
        )

    def _run_of(self, state: Mapping[str, ObjectVersion]) -> Run | None:
        run_id = self.cloud.table.drops.get(drop_id(self.project, self.name, state.values()))
        return self.cloud.table.runs[run_id] if run_id else None

    def _has_inputs_after(self, run: Run) -> bool:
        """Whether inputs came that the run of their marker doesn't have, so that they wait for a new one."""
        return self.recipe.trigger == "marker" and self._run_of(_after(self._relevant)) != run


def _after(changes: Iterable[Change]) -> dict[str, ObjectVersion]:
    """What lies there after the changes, by key."""
    latest = {change.key: change.version for change in changes}
    return {key: version for key, version in latest.items() if version}


def takes(pattern: str, file: str) -> bool:
    """Whether a recipe's pattern takes a file: by folder level, never the marker, hidden files by name."""
    levels, wanted = file.split("/"), pattern.split("/")
    return (
        len(levels) == len(wanted)
        and levels[-1] != MARKER
        and is_a_path(file)
        and all(map(fnmatchcase, levels, wanted))
        and not any(
            is_hidden(level) and level[0] != name[0] for level, name in zip(levels, wanted, strict=True)
        )
    )
