import pytest
from droptrain_core.domain.datasets.dataset import (
    FILES_NAMED,
    MARKER,
    BadDrop,
    Drop,
    Input,
    ObjectVersion,
    OtherKey,
    drop_id,
    judge_key,
    match_inputs,
    oldest_first,
)
from droptrain_core.domain.datasets.near_misses import name_files, near_misses
from droptrain_core.domain.preflight import to_sample
from droptrain_core.domain.runs.identity import identify
from hypothesis import given
from hypothesis import strategies as st
from support.records import object_version

FOLDER = "projects/penguins/data/first/"
DEFAULT = {"training": "train.csv", "testing": "test.csv"}
names = st.sampled_from(["train.csv", "test.csv", "more.csv", "part/1.csv", "part/2.csv"])
objects = st.lists(
    st.builds(lambda name, version: object_version(FOLDER + name, version), names, st.sampled_from("abc")),
    unique_by=lambda item: item.key,
)


@pytest.mark.parametrize("key", [
    "projects/penguins/data/first/train.csv",
    "projects/p/data/v1.2_x/sub/part-1.csv",
    "projects/p/data/d/größe + 100%.csv",
    "projects/p/data/d/_SUCCESS",
])  # fmt: skip
def test_a_key_of_the_contract_is_a_drop(key: str) -> None:
    place = judge_key(key)
    assert isinstance(place, Drop)
    assert key == f"projects/{place.project}/data/{place.dataset}/{place.file}"


@pytest.mark.parametrize(("key", "said"), [
    ("projects/Penguins/data/first/train.csv", "'Penguins' can't be a project's name"),
    ("projects/-p/data/first/train.csv", "'-p' can't be a project's name"),
    (f"projects/{'p' * 41}/data/first/train.csv", "can't be a project's name"),
    ("projects//data/first/train.csv", "'' can't be a project's name"),
    ("projects/penguins/data/My Data/train.csv", "'My Data' can't be a dataset's name"),
    ("projects/penguins/data/größe/TRAIN.CSV", "'größe' can't be a dataset's name"),
    ("projects/penguins/data//train.csv", "'' can't be a dataset's name"),
    ("projects/penguins/data/train.csv", "belongs to no dataset"),
    ("projects/penguins/data/README.md", "belongs to no dataset"),
    ("projects/penguins/data/2026 11/train.parquet", "'2026 11' can't be a dataset's name"),
    ("projects/penguins/data/First/train.csv ", "'First' can't be a dataset's name"),
    ("projects/penguins/data/First/_SUCCESS", "'First' can't be a dataset's name"),
    ("projects/penguins/data/first/../train.parquet", "no file can have this path"),
    ("projects/train.csv", "outside of the data folder"),
    ("projects/penguins/train.csv", "outside of the data folder"),
    ("projects/penguins/first/train.csv", "outside of the data folder"),
    ("projects/penguins/Data/first/train.csv", "outside of the data folder"),
    ("projects/data/first/train.csv", "outside of the data folder"),
    ("projects/penguins/train.yml", "isn't read: 'train.yml'"),
    ("projects/penguins/Train.yaml", "isn't read: 'Train.yaml'"),
    ("projects/penguins/train.yaml.txt", "isn't read: 'train.yaml.txt'"),
])  # fmt: skip
def test_a_file_in_a_bad_place_says_what_is_wrong(key: str, said: str) -> None:
    place = judge_key(key)
    assert isinstance(place, BadDrop)
    assert said in place.problem
    assert place.fix
    assert place.project
    assert place.dataset


@pytest.mark.parametrize("ending", ["csv", "tsv", "csv.gz", "TSV.gz", "Csv"])
def test_a_data_file_is_one_definition_for_keys_and_preflight(ending: str) -> None:
    assert isinstance(judge_key(f"projects/penguins/train.{ending}"), BadDrop)
    item = Input("training", object_version(f"{FOLDER}train.{ending}"))
    assert to_sample([item]) == [item]
    for name in (f"train.{ending}.bak", f"train{ending.replace('.', '')}", "train.txt"):
        assert isinstance(judge_key(f"projects/penguins/{name}"), OtherKey)
        assert to_sample([Input("training", object_version(FOLDER + name))]) == []


@pytest.mark.parametrize("name", ["train.gz", "train.parquet"])
def test_preflight_samples_other_formats_whose_keys_are_no_drop(name: str) -> None:
    assert isinstance(judge_key(f"projects/penguins/{name}"), OtherKey)
    item = Input("training", object_version(FOLDER + name))
    assert to_sample([item]) == [item]


@pytest.mark.parametrize("key", [
    "train.csv", "projects/p/train.yaml", "projects/p/code/data/x/train.csv", "projects/p/data/d/",
    "projects/p/README.md", "runs/p/r/export/model.csv", "projects/p/data/", "",
    "projects", "projects/", "projects/p/push.json", "projects/p/code/train.yml", "projects/p/._train.csv",
    "projects/p/code/train.csv", "projects/notes.txt", "models/p/current/r/vocabulary.csv",
])  # fmt: skip
def test_other_keys_are_nobodys_business(key: str) -> None:
    assert isinstance(judge_key(key), OtherKey)


@given(st.text(max_size=60))
def test_every_key_is_judged(key: str) -> None:
    assert isinstance(judge_key(key), Drop | BadDrop | OtherKey)
    assert isinstance(judge_key(f"projects/{key}.csv"), Drop | BadDrop | OtherKey)


def test_a_dataset_is_ready_when_all_that_the_recipe_names_is_there() -> None:
    train, test = object_version(FOLDER + "train.csv"), object_version(FOLDER + "test.csv")
    alone = match_inputs(DEFAULT, "files", [train], FOLDER)
    assert not alone.ready
    assert alone.missing == ("test.csv",)
    both = match_inputs(DEFAULT, "files", [test, train], FOLDER)
    assert both.ready
    assert [(item.channel, item.object) for item in both.inputs] == [("testing", test), ("training", train)]


def test_a_glob_takes_all_its_files_and_stays_in_its_folder() -> None:
    parts = [object_version(f"{FOLDER}train/part-{number}.csv") for number in (2, 1)]
    deeper = object_version(FOLDER + "train/old/part-0.csv")
    found = match_inputs({"training": "train/part-*.csv"}, "files", [*parts, deeper], FOLDER)
    assert [item.object for item in found.inputs] == parts[::-1]


@given(objects, st.sampled_from(["files", "marker"]), st.booleans())
def test_ready_is_exactly_what_has_a_file_for_each_channel_and_the_marker_if_asked(
    found: list, trigger, marked: bool
) -> None:
    marker = [object_version(FOLDER + MARKER)] if marked else []
    patterns = {"parts": "part/*.csv", "training": "train.csv"}
    readiness = match_inputs(patterns, trigger, [*found, *marker], FOLDER)
    parts = {item for item in found if "/part/" in item.key}
    train = {item for item in found if item.key.endswith("train.csv")}
    assert {item.object for item in readiness.inputs if item.channel == "parts"} == parts
    assert {item.object for item in readiness.inputs if item.channel == "training"} == train
    assert readiness.ready == bool(parts and train and (marked or trigger == "files"))
    lacks_marker = trigger == "marker" and not marked
    lacks = {"part/*.csv": not parts, "train.csv": not train, MARKER: lacks_marker}
    assert set(readiness.missing) == {name for name, is_lacking in lacks.items() if is_lacking}


@given(st.lists(st.tuples(st.sampled_from(["train.csv", "test.csv", "notes.csv"]), st.sampled_from("abc"))))
def test_a_history_of_puts_launches_each_pair_of_versions_once(puts: list[tuple[str, str]]) -> None:
    """However files are put, repeated and replaced: one drop each time that the pair becomes another one."""
    there: dict[str, ObjectVersion] = {}
    drops, pairs = [], []
    for name, version in puts:
        there[name] = object_version(FOLDER + name, version)
        readiness = match_inputs(DEFAULT, "files", there.values(), FOLDER)
        pair = there.get("train.csv"), there.get("test.csv")
        assert readiness.ready == (None not in pair)
        if readiness.ready:
            drops.append(drop_id("p", "d", readiness.versions))
            pairs.append(pair)
    assert len(set(drops)) == len(set(pairs))
    assert [drops.index(drop) for drop in drops] == [pairs.index(pair) for pair in pairs]


@given(objects, st.randoms())
def test_the_order_of_a_listing_changes_nothing(found: list, random) -> None:
    patterns = {"all": "*.csv", "training": "train.csv"}
    shuffled = random.sample(found, len(found))
    assert match_inputs(patterns, "files", shuffled, FOLDER) == match_inputs(patterns, "files", found, FOLDER)


@given(objects.filter(bool), st.data())
def test_without_a_deleted_input_nothing_is_ready(found: list, data) -> None:
    patterns = {str(number): item.key[len(FOLDER) :] for number, item in enumerate(found)}
    deleted = data.draw(st.sampled_from(found))
    left = [item for item in found if item is not deleted]
    assert match_inputs(patterns, "files", found, FOLDER).ready
    assert match_inputs(patterns, "files", left, FOLDER).missing == (deleted.key[len(FOLDER) :],)


@pytest.mark.parametrize("pattern", ["*", "_SUCCESS*", "*/*", "train.csv"])
def test_a_marker_is_never_an_input(pattern: str) -> None:
    there = [object_version(FOLDER + name) for name in ("train.csv", MARKER, "part/_SUCCESS", "part/1.csv")]
    found = match_inputs({"training": pattern}, "quiet", there, FOLDER)
    assert not [item for item in found.inputs if item.object.key.endswith(MARKER)]


HIDDEN = [
    "._a.csv", ".DS_Store", ".part-0.csv.crc", ".ipynb_checkpoints/a-checkpoint.csv", "__MACOSX/a.csv",
    "_started_1", "_committed_1", "_temporary/a.csv", "Thumbs.db", "Sub/.a.csv", ".x/.y/a.csv",
]  # fmt: skip


@pytest.mark.parametrize("file", HIDDEN)
@pytest.mark.parametrize("trigger", ["quiet", "marker"])
def test_a_hidden_file_is_no_input_and_is_not_listed(file: str, trigger) -> None:
    there = [object_version(FOLDER + name) for name in (file, "notes", "a/b/c/d")]
    found = match_inputs({"all": "/".join("*" for _ in file.split("/"))}, trigger, there, FOLDER)
    assert not [item for item in found.inputs if item.object.key == FOLDER + file]
    assert found.present == ("a/b/c/d", "notes")
    for place in ("projects/p/data/First", "projects/p/data", "projects/P/data/d"):
        assert isinstance(judge_key(f"{place}/{file}"), OtherKey)


@pytest.mark.parametrize(("file", "pattern"), [
    ("._a.csv", "._*.csv"), (".hidden/a.csv", ".hidden/*"), ("_started_1", "_*"), ("_train.csv", "*.csv"),
    ("_SUCCESS.csv", "*"), ("Thumbs.db", "Thumbs.db"), ("a.b.csv", "*.csv"),
])  # fmt: skip
def test_a_pattern_takes_hidden_files_whose_first_character_it_names(file: str, pattern: str) -> None:
    found = match_inputs({"all": pattern}, "quiet", [object_version(FOLDER + file)], FOLDER)
    assert [item.object.key for item in found.inputs] == [FOLDER + file]
    assert found.present == (file,)


def test_a_file_in_two_channels_is_one_version_of_the_drop() -> None:
    patterns = {"training": "train.csv", "all": "*.csv"}
    found = match_inputs(patterns, "quiet", [object_version(FOLDER + "train.csv")], FOLDER)
    assert len(found.inputs) == 2
    assert len(found.versions) == 1


@pytest.mark.parametrize(("missing", "present", "takes"), [
    ("train.csv", "Train.csv", "Train.csv"),
    ("train.csv", "11/train.csv", "*/train.csv"),
    ("train/part-*.csv", "part-1.csv", "part-1.csv"),
    ("train.csv", "11/Train.CSV", "11/Train.CSV"),
])  # fmt: skip
def test_a_near_miss_is_named_with_the_pattern_that_takes_it(missing: str, present: str, takes: str) -> None:
    (said,) = near_misses([missing], [present, "README.md"])
    assert said == f"{present} exists: rename it to {missing}, or set the recipe's input to {takes!r}."
    assert not near_misses([missing], ["README.md"])


@pytest.mark.parametrize(("missing", "present", "hint"), [
    ("größe.csv", "gro\u0308ße.csv", "written with other Unicode characters"),
    ("data[1].csv", "data[1].csv", "write 'data[[]1].csv'"),
    (MARKER, f"train/{MARKER}", "'train/_SUCCESS' exists: copy it to the dataset's folder."),
])  # fmt: skip
def test_a_file_that_seems_to_be_there_is_explained(missing: str, present: str, hint: str) -> None:
    (said,) = near_misses([missing], [present])
    assert hint in said


def test_of_many_files_those_that_are_nearly_missing_ones_are_named() -> None:
    folder = [object_version(f"{FOLDER}part-{number:02}.parquet") for number in range(30)]
    found = match_inputs(
        {"training": "train.csv"}, "files", [*folder, object_version(FOLDER + "z/Train.csv")], FOLDER
    )
    assert "z/Train.csv" in found.present and len(found.present) == FILES_NAMED
    assert near_misses(found.missing, found.present)
    assert name_files(found.present).endswith(", z/Train.csv and perhaps others")
    assert name_files(["train.csv ", "a.csv"]) == "'train.csv ', a.csv"


@pytest.mark.parametrize(("uploaded", "may_grow"), [
    ([("a.csv", 1), (MARKER, 2)], False),
    ([("a.csv", 1), (MARKER, 1)], False),
    ([(MARKER, 1), ("a.csv", 2)], True),
    ([("a.csv", 1), (MARKER, 2), ("b.csv", 3)], True),
    ([("a.csv", 1), (MARKER, 2), ("README.md", 3)], False),
])  # fmt: skip
def test_a_marker_that_is_older_than_a_part_does_not_say_that_all_parts_are_there(
    uploaded: list[tuple[str, int]], may_grow: bool
) -> None:
    folder = oldest_first((object_version(FOLDER + name), float(at)) for name, at in uploaded)
    assert match_inputs({"all": "*.csv"}, "marker", folder, FOLDER).may_grow is may_grow
    named = {f"input{number}": name for number, (name, _) in enumerate(uploaded) if name != MARKER}
    assert not match_inputs(named, "marker", folder, FOLDER).may_grow, "named files are all there is"


def test_of_one_second_an_upload_in_parts_comes_after_the_marker() -> None:
    marker = ObjectVersion(FOLDER + MARKER, "v1", 0, "e")
    large = ObjectVersion(FOLDER + "a.csv", "v1", 9 << 20, "e-2")
    small = ObjectVersion(FOLDER + "b.csv", "v1", 1, "e")
    assert oldest_first([(large, 1.0), (marker, 1.0), (small, 1.0)]) == (small, marker, large)


def test_versions_of_a_bucket_that_keeps_none_differ_by_their_content() -> None:
    one, other = (ObjectVersion("projects/p/data/d/a.csv", "null", 1, etag) for etag in ("e1", "e2"))
    assert drop_id("p", "d", [one]) != drop_id("p", "d", [other])
    assert identify("p", "d", [one], {}, 0) != identify("p", "d", [other], {}, 0)


@given(objects, st.randoms())
def test_the_drop_depends_on_versions_and_not_on_their_order(found: list, random) -> None:
    shuffled = random.sample(found, len(found)) + found[:1]
    assert drop_id("p", "d", found) == drop_id("p", "d", shuffled)


@given(objects, objects)
def test_other_versions_are_another_drop(first: list, second: list) -> None:
    same = {(item.key, item.version_id) for item in first} == {(item.key, item.version_id) for item in second}
    assert (drop_id("p", "d", first) == drop_id("p", "d", second)) == same


def test_projects_and_datasets_do_not_share_drops() -> None:
    assert len({drop_id("a", "bc", []), drop_id("ab", "c", []), drop_id("abc", "", [])}) == 3
