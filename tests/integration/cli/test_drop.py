"""`droptrain drop` and `droptrain push` on a bucket: what is dropped, what isn't, and how that is told."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import CliRunner, Result
from droptrain_core.domain.datasets.dataset import Input, ObjectVersion
from droptrain_core.domain.runs.run import inputs_digest
from moto import mock_aws

from droptrain import drop
from droptrain.api import Answer, Api
from droptrain.stack import Stack
from droptrain.upload import Upload
from droptrain_cli import drop_files
from droptrain_cli.main import main

Run = Callable[..., Result]


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with mock_aws():
        made = boto3.client("s3", region_name="us-east-1")
        made.create_bucket(Bucket="data")
        made.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
        stack = Stack("s", "us-east-1", "http://127.0.0.1:1", "data", boto3.Session())
        stack._made["s3"] = made
        monkeypatch.setattr("droptrain.stack.find_stack", lambda *_, **__: stack)
        monkeypatch.setattr(Api, "_wait", lambda *_: None)  # nobody answers: no repeat waits
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


def document(said: Result) -> Any:
    """The command's JSON; before it, stderr says that no API answers."""
    return json.loads(said.output.splitlines()[-1])


def test_a_push_publishes_and_says_what(droptrain: Run, s3: Any) -> None:
    recipe("attempts: 1\n")
    Path("project/code/__pycache__").mkdir()
    Path("project/code/__pycache__/x.pyc").write_bytes(b"x")
    Path("project/code/.env").write_text("SECRET=1")
    said = droptrain("push", "penguins", "project")
    assert said.exit_code == 0, said.output
    assert keys(s3) == [f"projects/penguins/{name}" for name in ("code/run.sh", "push.json", "train.yaml")]
    assert "uploaded  projects/penguins/code/run.sh" in said.output
    assert "What a run can cost is unknown: " in said.output
    assert "nothing to do" in droptrain("push", "penguins", "project").output
    Path("project/train.yaml").unlink()
    changed = document(droptrain("push", "penguins", "project", "--json"))
    assert (changed["deleted"], changed["uploaded"]) == (["projects/penguins/train.yaml"], [])


def test_what_can_not_train_is_not_published(droptrain: Run, s3: Any) -> None:
    recipe("hyperparameters: {}\nattempts: 99\n")
    said = droptrain("push", "penguins", "project")
    assert said.exit_code == 1
    assert "train.yaml:2: attempts: has to be a whole number from 1 to 10" in said.output
    assert keys(s3) == []
    assert "can't be a project's name" in droptrain("push", "My Project", "project").output
    assert "isn't a project's folder" in droptrain("push", "penguins", "project/code").output


def test_a_push_without_a_folder_takes_the_one_with_the_project_s_name_or_this_one(
    droptrain: Run, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("project").rename("penguins")
    said = droptrain("push", "penguins")
    assert said.exit_code == 0, said.output
    assert "projects/penguins/code/run.sh" in keys(s3)
    monkeypatch.chdir("penguins")
    assert "nothing to do" in droptrain("push", "penguins").output
    monkeypatch.chdir("code")
    assert "isn't a project's folder" in droptrain("push", "penguins").output


def test_files_that_were_only_touched_are_the_same_dataset(droptrain: Run, s3: Any) -> None:
    droptrain("push", "penguins", "project")
    first = document(droptrain("drop", "penguins", "train.csv", "test.csv", "--json"))
    for name in ("train.csv", "test.csv"):
        os.utime(name, (0, Path(name).stat().st_mtime + 200_000))
    again = document(droptrain("drop", "penguins", "train.csv", "test.csv", "--json"))
    assert again["dataset"] == first["dataset"]
    assert [item["uploaded"] for item in again["files"]] == [False, False]
    Path("train.csv").write_text("a,b\n1,3\n")
    changed = document(droptrain("drop", "penguins", "train.csv", "test.csv", "--json"))
    assert changed["dataset"] != first["dataset"]


def test_a_file_that_is_nearly_an_input_is_named_with_the_fix(droptrain: Run, s3: Any) -> None:
    droptrain("push", "penguins", "project")
    Path("data").mkdir()
    Path("train.csv").rename("data/train.CSV")
    alone = droptrain("drop", "penguins", "data")
    assert alone.exit_code == 1
    fix = "train.CSV exists: rename it to train.csv, or set the recipe's input to 'train.CSV'."
    assert fix in alone.output.replace("\n", " ")
    assert fix in droptrain("drop", "penguins", "data/train.CSV").output.replace("\n", " ")
    Path("test.csv").rename("data/test.csv")
    assert fix in droptrain("drop", "penguins", "data").output
    watched = droptrain("drop", "penguins", "data", "--watch")
    assert watched.exit_code == 1
    assert fix in watched.output


def test_files_are_dropped_into_a_dataset_of_their_own(droptrain: Run, s3: Any) -> None:
    droptrain("push", "penguins", "project")
    said = document(droptrain("drop", "penguins", "train.csv", "test.csv", "--json"))
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
    again = droptrain("drop", "penguins", "train.csv", "--dataset", "first").output
    assert "penguins/first still lacks test.csv." in again
    assert "droptrain launch" not in again
    watched = droptrain("drop", "penguins", "train.csv", "--watch")
    assert watched.exit_code == 1
    assert "no run to watch" in watched.output
    whole = droptrain("drop", "penguins", "test.csv", "--dataset", "first")
    assert "as penguins/first" in whole.output


def test_a_drop_into_a_mistyped_project_names_the_nearest(droptrain: Run) -> None:
    droptrain("push", "penguins", "project")
    said = droptrain("drop", "pengins", "train.csv")
    assert said.exit_code == 1
    assert "Nothing is published for pengins, so nothing could train. Did you mean penguins?" in said.output


@pytest.mark.parametrize(("words", "said"), [
    (("sales.csv",), "sales.csv isn't an input of penguins: its recipe names train.csv (training), test.csv"),
    (("nope.csv",), "There is no file nope.csv."),
    (("whole",), "whole is a project's folder. Drop its data: droptrain drop penguins whole/data"),
    (("train.csv", "copy/train.csv"), "would both be train.csv in the dataset"),
    (("empty/test.csv",), "test.csv is empty (0 bytes)"),
    (("train.csv", "--dataset", "My Data"), "can't be a dataset's name"),
    (("project",), "None of these is an input of penguins"),
])  # fmt: skip
def test_what_would_not_train_is_not_dropped(
    droptrain: Run, s3: Any, words: tuple[str, ...], said: str
) -> None:
    files = {
        "copy/train.csv": "a\n",
        "empty/test.csv": "",
        "whole/train.yaml": "",
        "whole/data/train.csv": "a\n",
    }
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
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
    monkeypatch.setattr("droptrain.upload.PART_BYTES", 1)
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
    monkeypatch.setattr("droptrain.upload.PART_BYTES", 1)
    finish = Upload.finish

    def interrupted(upload: Upload) -> str:
        if upload.path.name == "test.csv":
            raise KeyboardInterrupt
        return finish(upload)

    monkeypatch.setattr(Upload, "finish", interrupted)
    said = droptrain("drop", "penguins", "train.csv", "test.csv")
    assert said.exit_code == 130
    assert "S3 has 8 B of 8 B of test.csv." in said.output
    assert "The same command continues from there, within 7 days." in said.output
    assert "Traceback" not in said.output
    monkeypatch.setattr(Upload, "finish", finish)
    again = document(droptrain("drop", "penguins", "train.csv", "test.csv", "--json"))
    assert [item["uploaded"] for item in again["files"]] == [True, False], "train.csv keeps its version"


def test_ctrl_c_before_the_run_is_there_says_that_it_will_be(
    droptrain: Run, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_ctrl_c(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("droptrain.api.Api.get", press_ctrl_c)
    droptrain("push", "penguins", "project")
    said = droptrain("drop", "penguins", "train.csv", "test.csv", "--dataset", "d", "--watch")
    assert said.exit_code == 130
    assert "penguins/d is dropped and launches its run." in said.output
    assert "droptrain cancel penguins" in said.output


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs that drops have followed or launched."""
    found: list[str] = []

    def follow(_stack: Any, _api: Any, run_id: str, **_: Any) -> None:
        found.append(run_id)
        raise SystemExit(0)

    monkeypatch.setattr(drop_files, "watch", follow)
    monkeypatch.setattr(drop, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(drop, "NO_RUN_AFTER_SECONDS", 5.0)
    monkeypatch.setattr("droptrain_cli.launch_run.launch", lambda *_, **__: found.append("launched"))
    return found


class Runs:
    """The API's list of runs: those of before, and `new` ones from the third look on."""

    def __init__(self, s3: Any, *before: dict[str, Any]) -> None:
        self._s3 = s3
        self.before = list(before)
        self.new: list[dict[str, Any]] = []
        self.looks = 0
        self.asked: dict[str, Any] = {}

    def __call__(self, path: str, **query: Any) -> Any:
        self.looks += 1
        self.asked = {"path": path, **query}
        listed = [run() if callable(run) else run for run in self.new] if self.looks > 2 else []
        return {"runs": [*listed, *self.before]}

    def inputs(self, *names: str, dataset: str = "d") -> list[dict[str, str]]:
        """The current versions of these files, as a run has them."""
        keys = [f"projects/penguins/data/{dataset}/{name}" for name in names]
        return [
            {"key": key, "version_id": self._s3.head_object(Bucket="data", Key=key)["VersionId"]}
            for key in keys
        ]


def a_run(run_id: str, inputs: list[dict[str, str]], digest: str = "") -> dict[str, Any]:
    return {"run_id": run_id, "dataset": "d", "inputs": inputs, "inputs_digest": digest}


def test_a_watched_drop_follows_the_run_of_its_own_versions(
    droptrain: Run, s3: Any, monkeypatch: pytest.MonkeyPatch, watched: list[str]
) -> None:
    droptrain("push", "penguins", "project")
    droptrain("drop", "penguins", "train.csv", "--dataset", "d")
    runs = Runs(s3)
    old = runs.inputs("train.csv")
    Path("train.csv").write_text("a,b\n5,6\n")
    runs.new = [
        lambda: a_run("mixture", [*old, *runs.inputs("test.csv")]),
        lambda: a_run("whole", runs.inputs("train.csv", "test.csv")),
    ]
    monkeypatch.setattr("droptrain.api.Api.get", runs)
    said = droptrain("drop", "penguins", "train.csv", "test.csv", "--dataset", "d", "--watch")
    assert said.exit_code == 0, said.output
    assert watched == ["whole"]
    assert "The immediate launch failed: Could not connect to" in said.output
    assert runs.asked == {"path": "/runs", "project": "penguins", "dataset": "d", "limit": 20}


def test_a_watched_drop_does_not_follow_an_older_run_of_a_part_of_its_files(
    droptrain: Run, s3: Any, monkeypatch: pytest.MonkeyPatch, watched: list[str]
) -> None:
    """The recipe named one file when that run trained, and names two now; that file is the same."""
    droptrain("push", "penguins", "project")
    droptrain("drop", "penguins", "train.csv", "--dataset", "d")
    runs = Runs(s3)
    runs.before = [a_run("older", runs.inputs("train.csv"))]
    runs.new = [lambda: a_run("new", runs.inputs("train.csv", "test.csv"))]
    monkeypatch.setattr("droptrain.api.Api.get", runs)
    said = droptrain("drop", "penguins", "train.csv", "test.csv", "--dataset", "d", "--watch")
    assert (said.exit_code, watched) == (0, ["new"]), said.output


def test_of_many_files_a_watched_drop_compares_the_digest(
    droptrain: Run, s3: Any, monkeypatch: pytest.MonkeyPatch, watched: list[str]
) -> None:
    """A record names the first 100 inputs; these are the same in the run before."""
    recipe("inputs: {training: '*.csv'}\n")
    droptrain("push", "penguins", "project")
    names = [f"{number:03}.csv" for number in range(120)]
    Path("data").mkdir()
    for name in names:
        Path("data", name).write_text("a,b\n1,2\n")
    droptrain("drop", "penguins", "data", "--dataset", "d")
    runs = Runs(s3)

    def now(run_id: str) -> dict[str, Any]:
        inputs = runs.inputs(*names)
        files = [Input("training", ObjectVersion(each["key"], each["version_id"], 0, "")) for each in inputs]
        return a_run(run_id, inputs[:100], inputs_digest(files) or "")

    runs.before = [now("older")]
    runs.new = [lambda: now("new")]
    Path("data", names[-1]).write_text("a,b\n5,6\n")
    monkeypatch.setattr("droptrain.api.Api.get", runs)
    said = droptrain("drop", "penguins", "data", "--dataset", "d", "--watch")
    assert (said.exit_code, watched) == (0, ["new"]), said.output


def test_a_new_marker_alone_is_not_taken_for_the_run_before(
    droptrain: Run, s3: Any, monkeypatch: pytest.MonkeyPatch, watched: list[str]
) -> None:
    recipe("trigger: marker\n")
    droptrain("push", "penguins", "project")
    droptrain("drop", "penguins", "train.csv", "test.csv", "--dataset", "d")
    s3.delete_object(Bucket="data", Key="projects/penguins/data/d/_SUCCESS")
    runs = Runs(s3)
    runs.before = [a_run("older", runs.inputs("train.csv", "test.csv"))]
    runs.new = [a_run("new", runs.inputs("train.csv", "test.csv"))]
    monkeypatch.setattr("droptrain.api.Api.get", runs)
    said = droptrain("drop", "penguins", "train.csv", "test.csv", "--dataset", "d", "--watch")
    assert (said.exit_code, watched) == (0, ["new"]), said.output


def test_nothing_appears_if_a_file_that_was_there_is_replaced_meanwhile(
    droptrain: Run, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    droptrain("push", "penguins", "project")
    droptrain("drop", "penguins", "train.csv", "--dataset", "d")
    send = Upload.send

    def replace_and_send(upload: Upload) -> None:
        s3.put_object(Bucket="data", Key="projects/penguins/data/d/train.csv", Body=b"other,bytes\n")
        send(upload)

    monkeypatch.setattr(Upload, "send", replace_and_send)
    said = droptrain("drop", "penguins", "train.csv", "test.csv", "--dataset", "d")
    assert said.exit_code == 1
    assert "replaced or deleted train.csv in penguins/d" in said.output.replace("\n", " ")
    assert "nothing of this drop has appeared" in said.output.replace("\n", " ")
    assert "projects/penguins/data/d/test.csv" not in keys(s3)
    monkeypatch.setattr(Upload, "send", send)
    again = document(droptrain("drop", "penguins", "train.csv", "test.csv", "--dataset", "d", "--json"))
    assert [item["uploaded"] for item in again["files"]] == [True, True]


def test_a_failure_in_the_last_step_says_which_files_are_there(
    droptrain: Run, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe("trigger: marker\n")
    droptrain("push", "penguins", "project")
    failing = [True]

    def fail(params: dict[str, Any], **_: Any) -> None:
        if failing and params["Key"].endswith("test.csv"):
            raise EndpointConnectionError(endpoint_url="https://s3")

    s3.meta.events.register("provide-client-params.s3.PutObject", fail)
    said = droptrain("drop", "penguins", "train.csv", "test.csv", "--dataset", "d")
    assert said.exit_code == 1
    assert "train.csv has appeared in penguins/d.\ntest.csv has not appeared in penguins/d." in said.output
    assert "Drop all of it again: what is there isn't sent twice." in said.output
    assert "projects/penguins/data/d/_SUCCESS" not in keys(s3)
    failing.clear()
    again = document(droptrain("drop", "penguins", "train.csv", "test.csv", "--dataset", "d", "--json"))
    assert {Path(item["key"]).name: item["uploaded"] for item in again["files"]} == {
        "_SUCCESS": True, "test.csv": True, "train.csv": False,
    }  # fmt: skip


def test_an_empty_part_goes_along_with_parts_that_have_rows(droptrain: Run, s3: Any) -> None:
    recipe("inputs: {training: 'part-*.csv'}\n")
    droptrain("push", "penguins", "project")
    Path("part-0.csv").write_text("a,b\n1,2\n")
    Path("part-1.csv").write_text("")
    said = droptrain("drop", "penguins", "part-0.csv", "part-1.csv", "--dataset", "d")
    assert {"projects/penguins/data/d/part-0.csv", "projects/penguins/data/d/part-1.csv"} <= {*keys(s3)}, (
        said.output
    )
    assert "part-1.csv is empty" in droptrain("drop", "penguins", "part-1.csv", "--dataset", "e").output


@pytest.mark.parametrize(("run", "said"), [
    ({"status": "CLAIMED", "estimate": {"worst_usd": 5.211}}, "A run can cost at most $5.21.\n"),
    (
        {"status": "REJECTED", "estimate": {"worst_usd": 5.211},
         "cause": {"code": "over_budget", "message": "$1.00 is left.", "fix": "Wait."}},
        "A run can cost at most $5.21. It would be rejected now: $1.00 is left. Wait.\n",
    ),
    (
        {"status": "REJECTED", "estimate": None,
         "cause": {"code": "bad_recipe", "message": "0.1 pays for nothing", "fix": "Correct it."}},
        "It would be rejected now: 0.1 pays for nothing. Correct it.\n",
    ),
    ({"status": "CLAIMED", "estimate": None}, "What a run can cost is unknown"),
])  # fmt: skip
def test_a_push_and_a_drop_say_what_a_run_can_cost_at_most(
    droptrain: Run, monkeypatch: pytest.MonkeyPatch, run: dict[str, Any], said: str
) -> None:
    asked: list[Any] = []

    def post(_: Api, path: str, body: Any) -> Answer:
        asked.append((path, body))
        return Answer(200, {}, run)

    monkeypatch.setattr(Api, "post", post)
    recipe("timeout: 4h\n")
    assert said in droptrain("push", "penguins", "project").output
    assert said in droptrain("drop", "penguins", "train.csv", "test.csv", "--dataset", "first").output
    assert asked == [
        ("/runs", {"project": "penguins", "dry_run": True}),
        ("/runs", {"project": "penguins", "dry_run": True, "dataset": "first"}),
    ]


@pytest.mark.parametrize(("text", "asks", "said"), [
    ("timeout: 1h\n", True, ""),
    ("trigger: quiet\n", False, "when no file has come for a while (trigger: quiet)"),
    ("retrain: {cooldown: 12h}\n", False, "at the end of the project's cooldown"),
    ("sweep: {space: {units: [32, 64]}}\nmetric: {name: loss, goal: minimize}\n", False, "as a sweep"),
])  # fmt: skip
def test_a_drop_trains_when_and_how_its_recipe_says(
    droptrain: Run, monkeypatch: pytest.MonkeyPatch, text: str, asks: bool, said: str
) -> None:
    """A request launches one run at once, so only the uploads' events follow a cooldown or a sweep."""
    asked: list[Any] = []

    def post(_api: Api, path: str, body: Any, **_: Any) -> Answer:
        asked.append(body)
        return Answer(201, {}, {"run_id": "r", "status": "CLAIMED", "estimate": None})

    recipe(text)
    droptrain("push", "penguins", "project")
    monkeypatch.setattr(Api, "post", post)
    dropped = droptrain("drop", "penguins", "train.csv", "test.csv", "--dataset", "d")
    assert ({"project": "penguins", "dataset": "d"} in asked) is asks, dropped.output
    assert said in dropped.output


def test_a_drop_in_a_cooldown_says_when_it_trains(droptrain, s3, watched, monkeypatch) -> None:
    ends_at = "2026-11-23T14:10:00Z"
    waiting = {"dataset": "d", "arrived_at": "2026-11-23T03:00:00Z", "due_at": ends_at}
    Path("project/train.yaml").write_text("retrain: {cooldown: 12h}\n", "utf-8")
    droptrain("push", "penguins", "project")
    answers = {"/runs": {"runs": []}, "/projects/penguins": {"waiting": [waiting]}}
    monkeypatch.setattr("droptrain.api.Api.get", lambda _, path, **__: answers[path])
    said = droptrain("drop", "penguins", "train.csv", "test.csv", "--dataset", "d", "--watch")
    assert said.exit_code == 1
    assert f"penguins/d waits for the end of the project's cooldown, at {ends_at}" in said.output
    assert "droptrain launch penguins d" in said.output
    assert watched == []
