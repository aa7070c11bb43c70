"""`droptrain` as people use it, on the laptop cloud: look at runs, follow them, repeat them, get models."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from support.command_line import CommandLine
from support.laptop_user import User
from support.waiting import wait_for

from droptrain.api import Api
from droptrain.errors import ApiError
from droptrain.stack import find_stack
from droptrain_local.cloud import LaptopCloud

pytestmark = pytest.mark.timeout(180)

SCRIPT = r"""
printf '\033[31mlr %s\033[0m\n' "$HP_LR"
printf ' 50%%\r100%%\n'
echo "attempt $AWS_BATCH_JOB_ATTEMPT"
if [ "$HP_WAIT" = "$AWS_BATCH_JOB_ATTEMPT" ]; then echo waits; trap 'exit 143' TERM; sleep 600 & wait; fi
if [ -n "$HP_EXIT" ]; then echo "ValueError: no column species" >&2; exit "$HP_EXIT"; fi
echo '{"step": 1, "test_accuracy": 0.75, "loss": 0.5}' >> "$METRICS_FILE"
echo model > model.txt
aws s3 cp --only-show-errors model.txt "$EXPORT_PATH/assets/größe 1.txt"
"""
RECIPE = "hyperparameters: {lr: 0.1}\nmetric: {name: test_accuracy}\n"
PROJECT = "command"


@pytest.fixture(scope="module")
def trained(cloud: LaptopCloud) -> dict[str, Any]:
    """A run that SUCCEEDED, which many commands are shown."""
    somebody = User(cloud, PROJECT, [])
    somebody.publish(SCRIPT, RECIPE)
    somebody.drop()
    somebody.run_with("SUCCEEDED", "FAILED")
    return wait_for("its promotion", lambda: next((it for it in somebody.runs() if it["promoted_at"]), None))


def test_runs_are_listed_in_columns_and_as_json(droptrain: CommandLine, trained: dict[str, Any]):
    table = droptrain("runs", PROJECT)
    assert table.code == 0, table.err
    header, *_, line = table.out.splitlines()
    assert header.split()[:3] == ["RUN", "STATUS", "CREATED"]
    assert line.split()[:3] == [trained["run_id"], "SUCCEEDED", trained["created_at"]]
    assert "test_accuracy 0.75" in line
    assert "$" in line
    listed = droptrain("runs", PROJECT, "--status", "succeeded", "--json")
    assert listed.document["runs"][-1] == trained
    by_metric = droptrain("runs", PROJECT, "--sort", "-test_accuracy", "--columns", "run,test_accuracy")
    assert by_metric.out.splitlines()[:2] == [
        f"RUN{' ' * (len(trained['run_id']) - 1)}test_accuracy",
        f"{trained['run_id']}  0.75",
    ]
    nothing = droptrain("runs", PROJECT, "--status", "cancelled")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "No runs.\n")
    nobody = droptrain("runs", "nobody-s")
    assert (nobody.code, nobody.out) == (1, "")
    assert nobody.err == "Error: There is no project 'nobody-s'. `droptrain projects` lists them.\n"


def test_a_run_is_shown_by_its_project_its_beginning_or_its_end(
    droptrain: CommandLine, trained: dict[str, Any]
):
    run_id = trained["run_id"]
    shown = droptrain("show", PROJECT)
    assert shown.code == 0, shown.err
    for wanted in (run_id, "SUCCEEDED", "test_accuracy", "train.csv", trained["links"]["export"]):
        assert wanted in shown.out
    for name in (run_id, run_id[:-3], run_id[-12:-4]):
        assert droptrain("show", name, "--json").document == trained


def test_the_parts_of_a_run_are_shown_with_the_time_that_each_took(
    droptrain: CommandLine, trained: dict[str, Any]
):
    shown = droptrain("show", PROJECT, "--timing")
    assert shown.code == 0, shown.err
    assert shown.out.startswith(f"{trained['run_id']} is SUCCEEDED, attempt 1\n")
    rows = {line.strip().split("  ")[0]: line for line in shown.out.splitlines()[2:]}
    assert "not reported" in rows["image pulled"]
    document = droptrain("show", PROJECT, "--timing", "--json").document
    known = [part["at"] for part in document["parts"] if part["at"]]
    reported = {part["name"] for part in document["parts"] if part["at"]}
    assert {"queued", "container_started", "fetched", "first_step", "trained", "saved"} <= reported
    assert (known, document["underway"]) == (sorted(known), None)


def test_a_run_is_named_noted_and_tagged_and_found_by_its_tag(
    droptrain: CommandLine, trained: dict[str, Any]
):
    run_id = trained["run_id"]
    assert droptrain("name", run_id, "wide net").code == 0
    assert droptrain("note", run_id, "Twice the units.\nMonday's data.").code == 0
    assert droptrain("tag", run_id, "wide", "best").code == 0
    shown = droptrain("show", run_id).out
    for title, text in (
        ("Name", "wide net"), ("Note", "Twice the units. Monday's data."), ("Tags", "best, wide"),
    ):  # fmt: skip
        assert f"  {title:<15}{text}\n" in shown
    assert droptrain("runs", PROJECT, "--tag", "best", "--json").document["runs"][0]["run_id"] == run_id
    assert droptrain("runs", PROJECT, "--tag", "nobody-s", "--json").document["runs"] == []
    droptrain("tag", run_id, "wide", "best", "--remove")
    droptrain("name", run_id, "")
    droptrain("note", run_id, "")
    assert droptrain("show", run_id, "--json").document == trained


def test_the_log_is_printed_without_control_characters(droptrain: CommandLine, trained: dict[str, Any]):
    printed = droptrain("logs", trained["run_id"])
    assert printed.code == 0, printed.err
    assert "\nlr 0.1\n100%\nattempt 1\n" in printed.out
    assert "\x1b" not in printed.out
    lines = [json.loads(line) for line in droptrain("logs", trained["run_id"], "--json").out.splitlines()]
    assert {"at", "attempt", "text"} == set(lines[0])
    assert "attempt 1" in [line["text"] for line in lines]


def test_the_model_is_fetched_and_nothing_else(
    droptrain: CommandLine, trained: dict[str, Any], tmp_path: Path
):
    said = droptrain("get", trained["run_id"], str(tmp_path / "here"))
    assert (said.code, said.err) == (0, "")
    assert said.out == f"{trained['run_id']}: 1 file, 6 B, in {tmp_path / 'here' / 'export'}\n"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [
        tmp_path / "here" / "export" / "assets" / "größe 1.txt"
    ]
    everything = droptrain("get", PROJECT, str(tmp_path / "all"), "--all", "--json").document
    assert {"export/assets/größe 1.txt", "log.txt", "run.json"} <= {
        file["path"] for file in everything["files"]
    }
    assert all(Path(file["file"]).stat().st_size == file["size"] for file in everything["files"])


def test_a_rerun_with_another_setting_is_watched_and_compared(
    droptrain: CommandLine, trained: dict[str, Any]
):
    again = droptrain("rerun", trained["run_id"], "--set", "lr=0.5", "--watch")
    assert again.code == 0, again.out
    assert again.out.startswith(f"Launched {PROJECT}-first-")
    assert again.out.index("RUNNING") < again.out.index("| lr 0.5") < again.out.index("SUCCEEDED")
    assert "\x1b" not in again.out
    run_id = again.out.split()[1]
    table = droptrain("compare", trained["run_id"], run_id)
    assert "*  hyperparameters: lr" in table.out
    assert "\n   metrics: test_accuracy" in table.out
    compared = droptrain("compare", trained["run_id"], run_id, "--differences", "--json").document
    assert compared["runs"] == [trained["run_id"], run_id]
    assert {"section": "hyperparameters", "name": "lr", "values": [0.1, 0.5], "differs": True} in compared[
        "rows"
    ]
    assert all(row["differs"] for row in compared["rows"])


def test_a_setting_that_does_not_fit_the_recipe_launches_nothing(
    droptrain: CommandLine, trained: dict[str, Any]
):
    before = droptrain("runs", "--json").out
    misspelt = droptrain("rerun", trained["run_id"], "--set", "l_r=0.5")
    assert misspelt.code == 1
    assert "the nearest is lr. To pass it anyway, use --force" in misspelt.err
    assert "a number here (0.1), not 'high'" in droptrain("launch", PROJECT, "first", "--set", "lr=high").err
    assert droptrain("runs", "--json").out == before
    forced = droptrain("rerun", trained["run_id"], "--set", "l_r=0.5", "--force")
    assert (forced.code, forced.err) == (0, "")


def test_a_watched_run_that_fails_says_why_and_exits_by_it(droptrain: CommandLine, trained: dict[str, Any]):
    failed = droptrain("rerun", trained["run_id"], "--set", "exit=7", "--watch", "--json")
    assert (failed.code, failed.err) == (3, "")
    states = [json.loads(line) for line in failed.out.splitlines()]
    assert states[-1]["status"] == "FAILED"
    shown = droptrain("show", states[-1]["run_id"][-12:])
    assert "What happened  The script ended with exit code 7. ValueError: no column species" in shown.out
    assert "What to do" in shown.out
    nothing = droptrain("get", states[-1]["run_id"])
    assert nothing.code == 1
    assert "is FAILED and has left no model" in nothing.err


def test_a_log_is_followed_across_attempts_to_the_end(
    droptrain: CommandLine, cloud: LaptopCloud, trained: dict[str, Any]
):
    run = droptrain("rerun", trained["run_id"], "--set", "wait=1", "--json").document
    log = droptrain.start("logs", run["run_id"], "-f")
    log.wait_for("waits")
    cloud.engine.reclaim(run["batch_job_id"] or batch_job_of(cloud, run["run_id"]))
    said = log.wait()
    assert said.code == 0, said.err
    assert said.out.index("attempt 1") < said.out.index("waits") < said.out.index("attempt 2")
    assert "--- attempt 2 ---" in said.err
    assert f"SUCCEEDED  {run['run_id']}" in said.err


def test_a_run_is_cancelled_by_its_id_and_whoever_follows_it_hears_so(
    droptrain: CommandLine, trained: dict[str, Any]
):
    run_id = droptrain("rerun", trained["run_id"], "--set", "wait=1", "--json").document["run_id"]
    followed, left = droptrain.start("logs", run_id, "-f"), droptrain.start("logs", run_id, "--follow")
    followed.wait_for("waits")
    left.wait_for("waits")
    left.press_ctrl_c()
    interrupted = left.wait()
    assert interrupted.code == 130
    assert "Traceback" not in interrupted.err
    assert f"{run_id} continues." in interrupted.err
    assert f"droptrain cancel {run_id}" in interrupted.err
    said = droptrain("cancel", run_id)
    assert (said.code, said.out.startswith(f"Cancelling {run_id}")) == (0, True)
    assert followed.wait().code == 4
    again = droptrain("cancel", run_id)
    assert again.code == 1
    assert again.err.count("\n") == 1


def test_the_same_bytes_are_trained_again(droptrain: CommandLine, trained: dict[str, Any]):
    again = droptrain("rerun", trained["run_id"], "--versions", "pinned", "--json").document
    assert again["run_id"] != trained["run_id"]
    assert again["inputs"] == trained["inputs"]


def test_launching_what_is_trained_already_names_its_run(droptrain: CommandLine, trained: dict[str, Any]):
    said = droptrain("launch", PROJECT, "first")
    assert (said.code, said.out.splitlines()[0]) == (0, f"There is already {trained['run_id']}")
    missing = droptrain("launch", PROJECT, "nope")
    assert missing.code == 1
    assert "There is no dataset 'nope'" in missing.err


def test_a_watched_run_that_is_rejected_exits_by_it(
    droptrain: CommandLine, cloud: LaptopCloud, trained: dict[str, Any]
):
    User(cloud, PROJECT, []).drop("empty", train="a\n1\n", test="")
    rejected = droptrain("launch", PROJECT, "empty", "--watch")
    assert rejected.code == 5, rejected.err
    assert "test.csv is empty" in rejected.out


def test_changes_are_watched_until_ctrl_c(droptrain: CommandLine, trained: dict[str, Any]):
    watching = droptrain.start("runs", "--watch", "--json")
    watching.wait_for(trained["run_id"])
    watching.press_ctrl_c()
    said = watching.wait()
    assert (said.code, said.err) == (130, "Stopped.\n")
    assert all(json.loads(line)["run_id"] for line in said.out.splitlines())


def test_a_run_that_is_not_there_or_not_one_is_told_with_what_to_do(
    droptrain: CommandLine, trained: dict[str, Any]
):
    nobody = droptrain("show", "nobody")
    assert (nobody.code, nobody.out) == (1, "")
    assert "`droptrain runs` lists ids" in nobody.err
    droptrain("rerun", PROJECT)
    several = droptrain("show", f"{PROJECT}-first-")
    assert "Give more of the id" in several.err
    assert droptrain("show").code == 2


def test_who_may_only_read_is_told_which_policy_to_ask_for(
    droptrain: CommandLine, cloud: LaptopCloud, trained: dict[str, Any]
):
    session = boto3.Session("reader", "reader", region_name=cloud.ready.region)
    reader = Api(replace(find_stack(None), session=session))
    assert reader.get("/runs", project=PROJECT)["runs"]
    with pytest.raises(ApiError, match="for the policy OperatorPolicy"):
        reader.post("/runs", {"project": PROJECT, "dataset": "first"})


def test_one_command_pushes_trains_the_latest_dataset_and_follows(
    droptrain: CommandLine, cloud: LaptopCloud, work: Path
):
    folder = work / "trained-at-once"
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "run.sh").write_text("exit 1\n")
    (folder / "train.yaml").write_text(RECIPE)
    droptrain("push", "trained-at-once")
    somebody = User(cloud, "trained-at-once", [])
    somebody.drop("monday")
    somebody.run_with("FAILED")
    (folder / "code" / "run.sh").write_text(SCRIPT)
    said = droptrain("train", "trained-at-once", "--set", "lr=0.7")
    assert said.code == 0, said.err
    assert said.out.index("Pushed trained-at-once") < said.out.index("Launched trained-at-once-monday-")
    assert said.out.index("| lr 0.7") < said.out.index("SUCCEEDED")
    again = droptrain("train", "trained-at-once", "--set", "lr=0.7", "--json")
    assert (again.code, json.loads(again.out.splitlines()[-1])["status"]) == (0, "SUCCEEDED"), again.err


def test_the_best_model_is_fetched_however_many_runs_came_after_it(
    droptrain: CommandLine, trained: dict[str, Any], tmp_path: Path
):
    assert droptrain("rerun", trained["run_id"], "--set", "exit=7", "--watch").code == 3
    current = droptrain("get", PROJECT, str(tmp_path / "current"), "--json").document
    assert current["run_id"] == trained["run_id"]
    said = droptrain("get", PROJECT, str(tmp_path / "best"), "--best", "--json").document
    assert said["run_id"] == trained["run_id"], "an equal value doesn't replace the best"
    assert (tmp_path / "best" / "export").is_dir()
    none = droptrain("get", "trained-at-once-2", "--best")
    assert none.code == 1
    assert "There is no project" in none.err


def test_projects_and_datasets_are_listed_and_a_dataset_is_deleted(
    droptrain: CommandLine, cloud: LaptopCloud
):
    somebody = User(cloud, "waits", [])
    somebody.publish(SCRIPT, RECIPE)
    somebody.drop("half", train="a\n1\n")
    wait_for("a waiting dataset", lambda: "half" in droptrain("projects").out)
    assert "waits/half waits for test.csv" in droptrain("projects", "show", "waits").out
    listed = droptrain("datasets", "waits", "--json").document["datasets"]
    assert [(each["dataset"], each["runs"], each["waiting"]["missing"]) for each in listed] == [
        ("half", 0, ["test.csv"])
    ]
    said = droptrain("delete", "waits/half", "--yes")
    assert (said.code, said.out) == (0, "Deleted waits/half: 1 version of its files.\n")
    assert droptrain("datasets", "waits").err == "waits has no datasets.\n"


def batch_job_of(cloud: LaptopCloud, run_id: str) -> str:
    """The run's Batch job, by its name."""
    jobs = wait_for(
        f"Batch job of {run_id}",
        lambda: cloud.client("batch").list_jobs(
            jobQueue=cloud.ready.job_queue_arn, filters=[{"name": "JOB_NAME", "values": [run_id]}]
        )["jobSummaryList"],
    )
    return str(jobs[0]["jobId"])


def test_doctor_finds_the_laptop_well(droptrain: CommandLine):
    result = droptrain("doctor")
    assert result.code == 0, result.err
    assert "SpotComputeEnvironment is VALID" in result.out
    document = json.loads(droptrain("doctor", "--json").out)
    assert document["healthy"]
    assert {each["title"] for each in document["findings"]} >= {
        "stack",
        "API",
        "compute",
        "dead letters",
        "runs",
    }
