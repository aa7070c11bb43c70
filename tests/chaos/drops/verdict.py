"""What a drop must have led to, once nothing can happen any more: each dataset has exactly one answer."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import accumulate

from chaos.drops.bucket import read_recipe
from chaos.drops.cloud import Cloud
from chaos.drops.dataset import Dataset, is_data_file, is_hidden, seconds_of
from chaos.drops.drop import Put
from chaos.drops.strategies import MISNAMED_RECIPES
from droptrain_core.aws.bucket import RecipeFile
from droptrain_core.domain.datasets.dataset import DATASET_NAME, PROJECT_NAME, is_a_path, recipe_key
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes.recipe import Recipe, inputs_of, parse
from droptrain_core.domain.runs.run import Run

COUNTED: Counter[str] = Counter()
# Uploads belong to one drop until an hour has passed between two of them, give or take some seconds.
ONE_DROP_SECONDS = 3590
# A launch, and a read of each file that preflight samples. A pass looks at each dataset that waits.
CALLS_OF_AN_EVENT = 17 + 20


class Verdict:
    """Compares what lies in the bucket with runs, waiting datasets and notices."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.runs = tuple(cloud.table.runs.values())
        self.notices = Counter((notice.message.thread, notice.outcome) for notice in cloud.topic.published)
        self.notices += Counter(
            (dataset, notice.outcome)
            for notice in cloud.topic.published if notice.message.thread == "incomplete datasets"
            for section in notice.message.sections for dataset, _ in section.rows
        )  # fmt: skip
        self._places: dict[tuple[str, str, bool], list[Put]] = defaultdict(list)
        for put in cloud.drop.puts:
            if put.content is not None and (place := place_of(put.key)):
                self._places[place].append(put)

    def check(self) -> None:
        """AssertionError that names the promise that is broken."""
        assert not self.cloud.dead_letters, f"dead letters: {self.cloud.dead_letters}"
        self._check_calls()
        for run in self.runs:
            assert run.status in ("SUCCEEDED", "REJECTED"), f"{run.run_id} is {run.status}: {run.cause}"
            notices = self.notices[run.run_id, run.status]
            assert notices == 1, f"{run.run_id} has {notices} notices"
        for (project, dataset, named_well), puts in self._places.items():
            if named_well:
                self._check_dataset(project, dataset, puts)
            else:
                self._check_bad_place(project, puts)
        self._count()

    def _check_calls(self) -> None:
        for event in self.cloud.handled:
            assert event.calls.total() <= CALLS_OF_AN_EVENT, (
                f"{event.name}, {event.answer}: {dict(event.calls)}"
            )
        most = 10 + CALLS_OF_AN_EVENT * len(self._places) + len(self.runs)
        for calls in self.cloud.passes:
            assert calls.total() <= most, f"a pass of the reconciler: {dict(calls)}"

    def _check_bad_place(self, folder: str, puts: list[Put]) -> None:
        """A bad place has one rejection, which names one of its files, until something changes."""
        found = [
            run
            for run in self._rejected("bad_name")
            if run.cause and any(run.cause.message.startswith(f"{put.key!r}: ") for put in puts)
        ]
        assert found or not any(put.delays for put in puts), f"{folder!r}: nothing says why it isn't trained"
        self._check_rejections(found, puts, folder)

    def _check_dataset(self, project: str, dataset: str, puts: list[Put]) -> None:
        runs = [
            run
            for run in self.runs
            if (run.project, run.dataset) == (project, dataset) and _code(run) != "bad_name"
        ]
        recipes = self._recipes(project)
        since, recipe = recipes[-1]
        if recipe is None:
            later = [put for put in puts if put.at >= since]
            found = [run for run in runs if seconds_of(run.created_at) >= since]
            assert {_code(run) for run in found} <= {"bad_recipe"}
            # The look at a dataset that waits finds out as well.
            self._check_rejections(found, later, f"{project}/{dataset}", at_least=len(recipes))
        else:
            found_dataset = Dataset(self.cloud, project, dataset, recipe, since, puts, runs)
            notices = self.notices[f"{project}/{dataset}", "ATTENTION"]
            # What comes after a marker's run waits for the next marker; what was deleted waits no more.
            most = len(recipes) + found_dataset.markers + len(found_dataset.deletions)
            assert notices <= most, f"{project}/{dataset}: {notices} notices that it waits"
            found_dataset.check(notices)

    def _check_rejections(self, found: list[Run], puts: list[Put], what: str, at_least: int = 1) -> None:
        """One rejection answers all uploads, until a file is uploaded again or an hour has passed.

        Only events show how much time has passed: an upload whose event is lost, late or passed over doesn't
        count.
        """
        seen = (put for put in puts if put.delays and not is_hidden(put.key))
        arrived = sorted(seen, key=lambda put: put.at + min(put.delays))
        newest = accumulate((put.at for put in arrived), max)
        again = len(puts) - len({put.key for put in puts})
        pauses = sum(
            put.at - before >= ONE_DROP_SECONDS for before, put in zip(newest, arrived[1:], strict=False)
        )
        at_most = at_least + again + pauses
        has_data = any(put.delays and is_data_file(put.key) and not is_hidden(put.key) for put in puts)
        assert found or not has_data, f"{what}: nothing says why it isn't trained"
        assert len(found) <= at_most, f"{what}: {len(found)} rejections for {at_most} causes"

    def _recipes(self, project: str) -> list[tuple[float, Recipe | None]]:
        """The project's recipes, each since when; None where nobody can say which inputs it names."""
        found: list[tuple[float, Recipe | None]] = []
        for put in self.cloud.drop.puts:
            if put.content and put.key == recipe_key(project):
                found.append((put.at, _inputs_of(read_recipe(put.content))))
        return found if found and found[0][0] <= 0 else [(0.0, Recipe()), *found]

    def _rejected(self, code: str) -> Iterator[Run]:
        return (run for run in self.runs if _code(run) == code)

    def _count(self) -> None:
        cloud = self.cloud
        calls = [event.calls.total() for event in cloud.handled]
        COUNTED["drops"] += 1
        COUNTED["objects"] += len(cloud.drop.puts)
        COUNTED["events"] += len(cloud.handled)
        COUNTED["runs"] += sum(run.status == "SUCCEEDED" for run in self.runs)
        COUNTED["rejected"] += sum(run.status == "REJECTED" for run in self.runs)
        COUNTED["waiting"] += sum(record.since is not None for record in cloud.datasets.records.values())
        COUNTED["notices"] += len(cloud.topic.published)
        COUNTED["most calls per event"] = max(COUNTED["most calls per event"], *calls, 0)


def place_of(key: str) -> tuple[str, str, bool] | None:
    """(project, dataset, True) of a key in a dataset; (folder, "", False) where nothing reads a file.

    None where nobody waits for an answer.
    """
    folder, _, name = key.rpartition("/")
    levels = folder.split("/")
    if levels[0] != "projects" or not name:
        return None
    if levels[2:3] == ["data"]:
        project, dataset, file = levels[1], "".join(levels[3:4]), "/".join([*levels[4:], name])
        if PROJECT_NAME.fullmatch(project) and DATASET_NAME.fullmatch(dataset) and is_a_path(file):
            return project, dataset, True
        return None if is_hidden(key) else ("/".join(levels[:4]), "", False)
    if is_hidden(key) or levels[2:3] == ["code"]:
        return None
    if len(levels) == 2 and name in MISNAMED_RECIPES:
        return key, "", False
    return ("/".join(levels[:3]), "", False) if is_data_file(name) else None


def _inputs_of(file: RecipeFile) -> Recipe | None:
    if file.problem:
        return None
    try:
        return parse(file.document)
    except RejectedError:
        return inputs_of(file.document)


def _code(run: Run) -> str | None:
    return run.cause.code if run.cause else None
