"""Every drop gets an answer, whatever lies in the folder: a run, one rejection, or a dataset that waits."""

import json
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError
from droptrain_core.aws.bucket import Bucket
from droptrain_core.domain.datasets.dataset import Created, ObjectVersion
from droptrain_core.domain.errors import NotReadyError
from droptrain_core.domain.recipes.push import Published, pushing
from droptrain_core.domain.runs import plan
from support.core_stack import Stack

CSV = b"a,b\n1,2\n3,4\n"


@pytest.fixture
def project(stack: Stack) -> Stack:
    stack.publish_project()
    return stack


def recipe(stack: Stack, text: str) -> None:
    stack.put("projects/penguins/train.yaml", text.encode())


def put(stack: Stack, key: str, body: bytes = CSV) -> Created:
    return Created(*stack.put(key, body), stack.now)


def answers(stack: Stack, *uploads: Created) -> list[str]:
    """Each upload's event, delivered after the settle time."""
    stack.later(seconds=30)
    return [stack.launch.uploads.upload(each).answer for each in uploads]


def runs(stack: Stack) -> Counter[str]:
    found = stack.query.runs(limit=100).runs
    return Counter(run.cause.code if run.cause else run.status for run in found)


def waiting(stack: Stack) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    found = stack.dataset_table.of_project("penguins")
    return [(each.dataset, each.missing, each.present) for each in found]


DATA = "projects/penguins/data/"


# Writes that DynamoDB refuses


def test_a_marker_starts_a_run_of_any_number_of_parts(project: Stack) -> None:
    recipe(project, "inputs: {training: 'part-*.csv'}\ntrigger: marker\n")
    parts = [put(project, f"{DATA}big/part-{number:03}.csv") for number in range(120)]
    marker = put(project, f"{DATA}big/_SUCCESS", b"")
    few = parts[:: len(parts) // 4]
    assert set(answers(project, *few)) == {"waiting"}
    assert answers(project, marker, marker, *few) == ["launched", *["repeated"] * (len(few) + 1)]
    assert runs(project) == {"SUBMITTED": 1}


@pytest.mark.parametrize("inputs", [
    "{training: data.csv, testing: data.csv}",
    "{training: '*.csv', testing: data.csv}",
    "{training: '*'}",
])  # fmt: skip
def test_one_file_may_be_in_two_channels(project: Stack, inputs: str) -> None:
    recipe(project, f"inputs: {inputs}\n")
    data, marker = put(project, f"{DATA}d/data.csv"), put(project, f"{DATA}d/_SUCCESS", b"")
    given = answers(project, data, marker) + project.rested()
    assert "launched" in given
    (run,) = project.query.runs(limit=10).runs
    assert {item.object.key for item in run.inputs} == {f"{DATA}d/data.csv"}


# Silence and false words


def test_names_in_another_case_are_listed_and_announced_with_the_fix(project: Stack) -> None:
    answers(project, put(project, f"{DATA}d/Train.csv"), put(project, f"{DATA}d/Test.csv"))
    assert waiting(project) == [("d", ("test.csv", "train.csv"), ("Test.csv", "Train.csv"))]
    project.later(minutes=61)
    project.reconcile.all()
    (notice,) = project.notices()
    assert "Train.csv exists: rename it to train.csv" in notice["Message"]
    for _ in range(30):
        project.later(hours=1)
        project.reconcile.all()
    assert project.notices() == []
    assert waiting(project)


def test_nested_folders_are_named_by_the_listing_and_by_the_request(project: Stack) -> None:
    answers(project, put(project, f"{DATA}2026/11/train.csv"))
    assert waiting(project) == [("2026", ("test.csv", "train.csv"), ("11/train.csv",))]
    with pytest.raises(NotReadyError, match=r"11/train.csv exists.*'\*/train.csv'"):
        project.launch.request("penguins", "2026", caller="ann")


def test_a_foreign_file_after_the_launch_changes_nothing(project: Stack) -> None:
    recipe(project, "inputs: {training: 'part-*.csv'}\ntrigger: marker\n")
    part, marker = put(project, f"{DATA}d/part-1.csv"), put(project, f"{DATA}d/_SUCCESS", b"")
    readme = put(project, f"{DATA}d/README.md")
    assert answers(project, marker, part, readme) == ["launched", "repeated", "repeated"]
    assert answers(project, put(project, f"{DATA}d/NOTES.md")) == ["repeated"]
    assert waiting(project) == []
    project.later(minutes=61)
    project.reconcile.all()
    assert not [each for each in project.notices() if "_SUCCESS" in each["Subject"]]


def test_a_part_that_is_uploaded_after_the_launch_waits_for_a_new_marker(project: Stack) -> None:
    recipe(project, "inputs: {training: 'part-*.csv'}\ntrigger: marker\n")
    part, marker = put(project, f"{DATA}d/part-1.csv"), put(project, f"{DATA}d/_SUCCESS", b"")
    answers(project, part, marker)
    assert answers(project, put(project, f"{DATA}d/part-2.csv")) == ["waiting"]
    assert waiting(project) == [("d", ("_SUCCESS",), ("_SUCCESS", "part-1.csv", "part-2.csv"))]
    assert answers(project, put(project, f"{DATA}d/_SUCCESS", b"")) == ["launched"]
    assert waiting(project) == []


def test_a_marker_may_come_before_the_last_input(project: Stack) -> None:
    recipe(project, "inputs: {training: train.csv, testing: test.csv}\ntrigger: marker\n")
    train, marker = put(project, f"{DATA}d/train.csv"), put(project, f"{DATA}d/_SUCCESS", b"")
    assert answers(project, train, marker) == ["waiting", "waiting"]
    assert waiting(project) == [("d", ("test.csv",), ("_SUCCESS", "train.csv"))]
    assert answers(project, put(project, f"{DATA}d/test.csv")) == ["launched"], "no other file can follow"


def test_a_marker_whose_event_is_lost_is_found(project: Stack) -> None:
    recipe(project, "inputs: {training: 'part-*.csv'}\ntrigger: marker\n")
    part = put(project, f"{DATA}d/part-1.csv")
    answers(project, part)
    put(project, f"{DATA}d/_SUCCESS", b"")
    project.later(minutes=61)
    project.reconcile.all()
    assert runs(project) == {"SUBMITTED": 1}


def test_the_last_event_of_an_announced_dataset_may_be_lost(project: Stack) -> None:
    answers(project, put(project, f"{DATA}d/train.csv"))
    project.later(minutes=61)
    project.reconcile.all()
    put(project, f"{DATA}d/test.csv")
    project.later(minutes=61)
    project.reconcile.all()
    assert runs(project) == {"SUBMITTED": 1}


def test_hidden_files_neither_wait_nor_postpone_a_launch(project: Stack) -> None:
    recipe(project, "inputs: {training: '*'}\n")
    hidden = [put(project, f"{DATA}d/{name}") for name in (".DS_Store", "._a.csv", "_started_1")]
    assert answers(project, *hidden) == ["ignored"] * 3
    assert waiting(project) == []
    assert answers(project, put(project, f"{DATA}d/a.csv")) == ["waiting"]
    (due,) = [each.due_at for each in project.dataset_table.of_project("penguins")]
    assert answers(project, put(project, f"{DATA}d/._a.csv")) == ["ignored"]
    assert [each.due_at for each in project.dataset_table.of_project("penguins")] == [due]
    assert waiting(project) == [("d", (), ("a.csv",))]
    project.rested()
    (run,) = project.query.runs(limit=10).runs
    assert [item.object.key for item in run.inputs] == [f"{DATA}d/a.csv"]


def test_a_hidden_file_that_the_recipe_names_is_an_input(project: Stack) -> None:
    recipe(project, "inputs: {training: .secret.csv}\n")
    assert answers(project, put(project, f"{DATA}d/.secret.csv")) == ["launched"]


# Storms


@pytest.mark.parametrize("name", ["Bad Name", "x" * 50, "2026"])
def test_a_badly_named_dataset_gets_one_answer(stack: Stack, name: str) -> None:
    folder = f"projects/penguins/data/{name}/" if name != "2026" else f"projects/{name}!/data/d/"
    uploads = [put(stack, f"{folder}part-{number}.csv") for number in range(20)]
    assert Counter(answers(stack, *uploads, *uploads)) == {"rejected": 1, "repeated": 39}
    assert runs(stack) == {"bad_name": 1}
    # The same drop again is a new attempt, and so is one after an hour.
    again = [put(stack, f"{folder}part-{number}.csv") for number in range(20)]
    assert Counter(answers(stack, *again)) == {"rejected": 1, "repeated": 19}
    late = put(stack, f"{folder}late.csv")
    stack.later(hours=2)
    assert answers(stack, late) == ["repeated"], "it belongs to the drop, though its event comes late"
    assert answers(stack, put(stack, f"{folder}another.csv")) == ["rejected"]


def test_names_that_look_alike_have_an_answer_each(stack: Stack) -> None:
    folders = ("First", "First ", "Fir\u200bst", "First\x07")
    uploads = [put(stack, f"projects/penguins/data/{name}/train.csv") for name in folders]
    assert answers(stack, *uploads) == ["rejected"] * 4
    messages = [run.cause.message for run in stack.query.runs(limit=10).runs if run.cause]
    assert any("'First ' can't be a dataset's name" in message for message in messages)


@pytest.mark.parametrize(("names", "code"), [
    (("data/2026 11/train.parquet", "data/2026 11/test.parquet"), "bad_name"),
    (("data/First/train.txt", "data/First/_SUCCESS"), "bad_name"),
    (("train.csv", "test.csv"), "bad_name"),
    (("first/train.csv", "first/test.csv"), "bad_name"),
    (("Data/first/train.csv", "Data/second/train.csv"), "bad_name"),
])  # fmt: skip
def test_files_in_a_place_that_nothing_reads_get_one_answer(
    project: Stack, names: tuple[str, ...], code: str
) -> None:
    uploads = [put(project, f"projects/penguins/{name}") for name in names]
    assert answers(project, *uploads) == ["rejected", "repeated"]
    assert runs(project) == {code: 1}


def test_a_misnamed_recipe_gets_an_answer_of_its_own(project: Stack) -> None:
    uploads = [put(project, f"projects/penguins/{name}") for name in ("train.csv", "train.yml")]
    assert answers(project, *uploads) == ["rejected", "rejected"]
    causes = [run.cause for run in project.query.runs(limit=10).runs]
    assert any(cause and "Call it train.yaml" in cause.fix for cause in causes)


def test_an_unreadable_recipe_gets_one_answer_until_it_changes(project: Stack) -> None:
    for text in ("inputs: [", "inputs: {training: {}}"):
        recipe(project, text)
        uploads = [put(project, f"{DATA}d/part-{number}.csv") for number in range(20)]
        assert Counter(answers(project, *uploads)) == {"rejected": 1, "repeated": 19}
    assert runs(project) == {"bad_recipe": 2}


# Work without a bound


def test_a_folder_of_any_size_costs_a_named_file_a_constant_number_of_calls(
    project: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[Any] = []
    real = project.s3.list_object_versions

    def list_small_pages(**asked: Any) -> Any:
        pages.append(asked)
        return real(**{"MaxKeys": 10} | asked)

    monkeypatch.setattr(project.s3, "list_object_versions", list_small_pages)
    for number in range(25):
        project.s3.put_object(Bucket="data", Key=f"{DATA}d/a-{number:04}.bin", Body=b"")
    train, test = put(project, f"{DATA}d/train.csv"), put(project, f"{DATA}d/test.csv")
    found = Bucket(project.s3, "data").folder(f"{DATA}d/", ("train.csv", "test.csv", "absent.csv"))
    assert {f"{DATA}d/train.csv", f"{DATA}d/test.csv"} <= {item.key for item in found}
    assert len(pages) == 4, "the first page, and one call for each file"
    assert answers(project, train, test) == ["launched", "repeated"]


# What S3 doesn't let be read


def refuse(monkeypatch: pytest.MonkeyPatch, project: Stack, key: str, code: str, status: int = 403) -> None:
    """S3 answers each GetObject of that key with an error."""
    real = project.s3.get_object

    def get_object(**asked: Any) -> Any:
        if asked["Key"] != key:
            return real(**asked)
        said = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
        raise ClientError(said, "GetObject")

    monkeypatch.setattr(project.s3, "get_object", get_object)


UNREADABLE = pytest.mark.parametrize("code", [
    "InvalidObjectState", "InvalidRequest", "AccessDenied", "KMS.DisabledException",
])  # fmt: skip


@UNREADABLE
def test_an_input_that_can_t_be_read_is_a_rejection(
    project: Stack, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    uploads = [put(project, f"{DATA}d/{name}") for name in ("train.csv", "test.csv")]
    refuse(monkeypatch, project, f"{DATA}d/test.csv", code)
    assert answers(project, *uploads) == ["rejected", "repeated"]
    assert runs(project) == {"unreadable_input": 1}


@UNREADABLE
@pytest.mark.parametrize(("name", "cause"), [("train.yaml", "bad_recipe"), ("push.json", "bad_push")])
def test_a_recipe_or_push_that_can_t_be_read_is_one_rejection_until_it_is_replaced(
    project: Stack, monkeypatch: pytest.MonkeyPatch, name: str, cause: str, code: str
) -> None:
    key = f"projects/penguins/{name}"
    put(project, key, b"{}")
    refuse(monkeypatch, project, key, code)
    uploads = [put(project, f"{DATA}d/{name}") for name in ("train.csv", "test.csv")]
    assert answers(project, *uploads) == ["rejected", "repeated"]
    put(project, key, b"{}")
    more = put(project, f"{DATA}d/more.csv")
    assert answers(project, more) == ["rejected"], "a new version can have another cause"
    assert runs(project) == {cause: 2}
    run = project.query.runs(limit=10).runs[0]
    assert run.cause
    assert f"{code}: no" in run.cause.message
    assert "upload it again with the bucket's own encryption" in run.cause.fix


@pytest.mark.parametrize(("code", "status"), [
    ("NoSuchVersion", 404), ("InvalidArgument", 400), ("MethodNotAllowed", 405),
])  # fmt: skip
def test_a_push_that_names_no_version_of_the_recipe_is_a_rejection(
    project: Stack, monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    key = "projects/penguins/train.yaml"
    before = pushing(Published(ObjectVersion(key, "not a version", 2, ""), ()), "2026-11-23T02:10:00Z")
    put(project, "projects/penguins/push.json", json.dumps(before).encode())
    refuse(monkeypatch, project, key, code, status)
    assert answers(project, put(project, f"{DATA}d/train.csv")) == ["rejected"]
    assert runs(project) == {"push_unfinished": 1}


# What no run can have


def test_a_file_of_the_code_that_is_also_a_folder_is_a_rejection(project: Stack) -> None:
    put(project, "projects/penguins/code/lib")
    put(project, "projects/penguins/code/lib/x.py")
    uploads = [put(project, f"{DATA}d/{name}") for name in ("train.csv", "test.csv")]
    assert answers(project, *uploads) == ["rejected", "repeated"]
    (run,) = project.query.runs(limit=10).runs
    assert run.cause
    assert (run.cause.code, run.cause.fix) == ("bad_code", "Delete the file or the folder.")
    assert "'projects/penguins/code/lib' is a file and also a folder" in run.cause.message


def test_a_plan_that_is_too_large_is_a_rejection(project: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MAX_LAUNCHED_BYTES", 1000)
    uploads = [put(project, f"{DATA}d/{name}") for name in ("train.csv", "test.csv")]
    assert answers(project, *uploads) == ["rejected", "repeated"]
    assert runs(project) == {"too_many_inputs": 1}
    assert not [item for item in Bucket(project.s3, "data").folder("runs/") if item.key.endswith("run.json")]
