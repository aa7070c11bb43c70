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
from droptrain_cli.stack import Stack
from droptrain_cli.upload import Upload

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
    assert [item["key"] for item in said["files"]] == [f"{folder}test.csv", f"{folder}train.csv"]
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
    assert "penguins/first still lacks test.csv. Nothing runs until it is there" in said.output
    watched = droptrain("drop", "penguins", "train.csv", "--watch")
    assert watched.exit_code == 1
    assert "no run to watch" in watched.output
    whole = droptrain("drop", "penguins", "test.csv", "--dataset", "first")
    assert "as penguins/first" in whole.output


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


def test_files_appear_together_after_all_of_the_large_ones_and_before_the_marker(
    droptrain: Run, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe("trigger: marker\n")
    droptrain("push", "penguins", "project")
    monkeypatch.setattr("droptrain_cli.upload.PART_BYTES", 1)
    calls: list[str] = []
    s3.meta.events.register("before-call", lambda model, **_: calls.append(model.name))
    said = droptrain("drop", "penguins", "train.csv", "test.csv")
    assert said.exit_code == 0, said.output
    writes = [name for name in calls if name.startswith(("Upload", "Put", "Complete"))]
    assert writes == ["UploadPart"] * 2 + ["CompleteMultipartUpload"] * 2 + ["PutObject"]


def test_ctrl_c_says_what_is_kept_and_the_same_command_goes_on(
    droptrain: Run, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    droptrain("push", "penguins", "project")
    monkeypatch.setattr("droptrain_cli.upload.PART_BYTES", 1)
    finish = Upload.finish

    def interrupted(upload: Upload) -> str:
        if upload.path.name == "test.csv":
            raise KeyboardInterrupt
        return finish(upload)

    monkeypatch.setattr(Upload, "finish", interrupted)
    said = droptrain("drop", "penguins", "train.csv", "test.csv")
    assert said.exit_code == 130
    assert "S3 has 8 B of 8 B of test.csv." in said.output
    assert "The same command goes on from there, within 7 days." in said.output
    assert "Traceback" not in said.output
    monkeypatch.setattr(Upload, "finish", finish)
    again = json.loads(droptrain("drop", "penguins", "train.csv", "test.csv", "--json").output)
    assert [item["uploaded"] for item in again["files"]] == [True, False], "train.csv keeps its version"


def test_a_watched_drop_follows_the_run_of_its_own_versions(
    droptrain: Run, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    droptrain("push", "penguins", "project")
    dropped = json.loads(droptrain("drop", "penguins", "train.csv", "--dataset", "d", "--json").output)
    old = {"key": dropped["files"][0]["key"], "version_id": dropped["files"][0]["version_id"]}
    Path("train.csv").write_text("a,b\n5,6\n")
    answers: list[str] = []

    def runs(*_: Any, **__: Any) -> Any:
        found = s3.list_objects_v2(Bucket="data", Prefix="projects/penguins/data/d/")["Contents"]
        new = [
            {"key": item["Key"], "version_id": s3.head_object(Bucket="data", Key=item["Key"])["VersionId"]}
            for item in found
        ]
        test, train = new
        listed = [{"run_id": "mixture", "dataset": "d", "inputs": [old, test]}]
        if answers:
            listed.append({"run_id": "whole", "dataset": "d", "inputs": [train, test]})
        answers.append("one")
        return {"runs": listed}

    monkeypatch.setattr("droptrain_cli.api.Api.get", runs)
    watched: list[str] = []
    monkeypatch.setattr(drop_files, "watch", lambda _stack, _api, run_id, **_: watched.append(run_id))
    monkeypatch.setattr("droptrain_cli.launch_run.launch", lambda *_, **__: None)
    said = droptrain("drop", "penguins", "train.csv", "test.csv", "--dataset", "d", "--watch")
    assert said.exit_code == 0, said.output
    assert watched == ["whole"]
