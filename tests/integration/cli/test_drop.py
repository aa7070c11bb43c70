"""`droptrain drop` and `droptrain push` on a bucket: what is dropped, what isn't, and how that is told."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws

from droptrain_cli import drop_files
from droptrain_cli.main import main
from droptrain_cli.resumable_upload import ResumableUpload
from droptrain_cli.stack import Stack

Run = Callable[..., Result]


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        made = boto3.client("s3", region_name="us-east-1")
        made.create_bucket(Bucket="data")
        made.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
        stack = Stack("s", "us-east-1", "http://127.0.0.1:1", "data", boto3.Session())
        stack._made["s3"] = made
        monkeypatch.setattr("droptrain_cli.stack.find_stack", lambda *_, **__: stack)
        yield made


@pytest.fixture
def droptrain(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, in a folder that has a project in `project/` and two CSVs beside it."""
    monkeypatch.chdir(tmp_path)
    Path("project/code").mkdir(parents=True)
    Path("project/code/run.sh").write_text("exit 0\n")
    for name in ("train.csv", "test.csv", "sales.csv"):
        Path(name).write_text("a,b\n1,2\n")
    return lambda *words: CliRunner().invoke(main, words)


def recipe(text: str) -> None:
    Path("project/train.yaml").write_text(text)


def keys(s3: Any) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket="data").get("Contents", [])]


def test_a_push_publishes_and_says_what(droptrain: Run, s3: Any) -> None:
    recipe("attempts: 1\n")
    Path("project/code/__pycache__").mkdir()
    Path("project/code/__pycache__/x.pyc").write_bytes(b"x")
    Path("project/code/.env").write_text("SECRET=1")
    said = droptrain("push", "penguins", "project")
    assert said.exit_code == 0, said.output
    assert keys(s3) == [f"projects/penguins/{name}" for name in ("code/run.sh", "push.json", "train.yaml")]
    assert "uploaded  projects/penguins/code/run.sh" in said.output
    assert "nothing to do" in droptrain("push", "penguins", "project").output
    Path("project/train.yaml").unlink()
    changed = json.loads(droptrain("push", "penguins", "project", "--json").output)
    assert (changed["deleted"], changed["uploaded"]) == (["projects/penguins/train.yaml"], [])


def test_what_can_not_train_is_not_published(droptrain: Run, s3: Any) -> None:
    recipe("hyperparameters: {}\nattempts: 99\n")
    said = droptrain("push", "penguins", "project")
    assert said.exit_code == 1
    assert "train.yaml:2: attempts: has to be a whole number from 1 to 10" in said.output
    assert keys(s3) == []
    assert "can't be a project's name" in droptrain("push", "My Project", "project").output
    assert "isn't a project's folder" in droptrain("push", "penguins", "project/code").output


def test_files_are_dropped_into_a_dataset_of_their_own(droptrain: Run, s3: Any) -> None:
    droptrain("push", "penguins", "project")
    said = json.loads(droptrain("drop", "penguins", "train.csv", "test.csv", "--json").output)
    assert said["missing"] == []
    folder = f"projects/penguins/data/{said['dataset']}/"
    assert [item["key"] for item in said["files"]] == [f"{folder}train.csv", f"{folder}test.csv"]
    assert keys(s3)[1:3] == [f"{folder}test.csv", f"{folder}train.csv"]


def test_of_a_folder_what_the_recipe_wants_is_taken_and_a_marker_comes_last(droptrain: Run, s3: Any) -> None:
    recipe("trigger: marker\ninputs: {training: train/part-*.csv}\n")
    droptrain("push", "penguins", "project")
    for name in ("data/train/part-1.csv", "data/train/part-2.csv", "data/README.md"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("a\n1\n")
    said = droptrain("drop", "penguins", "data", "--dataset", "first")
    assert said.exit_code == 0, said.output
    assert "left out  README.md" in said.output
    folder = "projects/penguins/data/first/"
    found = [key.removeprefix(folder) for key in keys(s3) if key.startswith(folder)]
    assert found == ["_SUCCESS", "train/part-1.csv", "train/part-2.csv"]


def test_a_dataset_that_still_lacks_a_file_is_told_so(droptrain: Run, s3: Any) -> None:
    droptrain("push", "penguins", "project")
    said = droptrain("drop", "penguins", "train.csv", "--dataset", "first")
    assert "penguins/first still lacks test.csv. Nothing runs until it is there." in said.output
    watched = droptrain("drop", "penguins", "train.csv", "--watch")
    assert watched.exit_code == 1
    assert "no run to watch" in watched.output
    whole = droptrain("drop", "penguins", "test.csv", "--dataset", "first")
    assert "Dropped penguins/first" in whole.output


@pytest.mark.parametrize(("words", "said"), [
    (("sales.csv",), "sales.csv isn't an input of penguins: its recipe names train.csv (training), test.csv"),
    (("nope.csv",), "There is no file nope.csv."),
    (("train.csv", "copy/train.csv"), "would both be train.csv in the dataset"),
    (("empty/test.csv",), "test.csv is empty (0 bytes)"),
    (("train.csv", "--dataset", "My Data"), "can't be a dataset's name"),
    (("project",), "None of these is an input of penguins"),
])  # fmt: skip
def test_what_would_not_train_is_not_dropped(
    droptrain: Run, s3: Any, words: tuple[str, ...], said: str
) -> None:
    for name, text in (("copy/train.csv", "a\n"), ("empty/test.csv", "")):
        Path(name).parent.mkdir()
        Path(name).write_text(text)
    droptrain("push", "penguins", "project")
    shown = droptrain("drop", "penguins", *words)
    assert shown.exit_code == 1
    assert said in shown.output.replace("\n", " ")
    assert not [key for key in keys(s3) if "/data/" in key]


def test_a_project_that_is_not_published_or_wrong_is_told_before_anything_is_uploaded(
    droptrain: Run, s3: Any
) -> None:
    said = droptrain("drop", "penguins", "train.csv")
    assert "Nothing is published for penguins" in said.output
    droptrain("push", "penguins", "project")
    s3.put_object(Bucket="data", Key="projects/penguins/train.yaml", Body=b"attempts: 99")
    said = droptrain("drop", "penguins", "train.csv")
    assert "attempts: has to be a whole number" in said.output
    assert said.exit_code == 1


def test_ctrl_c_says_how_to_go_on(droptrain: Run, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    droptrain("push", "penguins", "project")

    def interrupted(*_: Any) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(ResumableUpload, "put", interrupted)
    monkeypatch.setattr(drop_files, "PART_BYTES", 1)
    said = droptrain("drop", "penguins", "train.csv", "test.csv", "--dataset", "first")
    assert said.exit_code == 130
    assert "Go on with: droptrain drop penguins train.csv test.csv --dataset first" in said.output
    assert "kept for 7 days" in said.output
    assert "Traceback" not in said.output
