"""A project's current model on the laptop cloud: gate, promotion, rollback, what programs read."""

import json
import uuid
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.command_line import CommandLine
from support.laptop_user import User
from support.missing_model import promote_without_files
from support.waiting import wait_for

from droptrain.projects import Project
from droptrain.stack import find_stack
from droptrain_local.cloud import LaptopCloud

pytestmark = pytest.mark.timeout(240)

SCRIPT = """
echo '{"step": 1, "test_accuracy": %s}' >> "$METRICS_FILE"
echo 'model of %s' > model.txt
aws s3 cp --only-show-errors model.txt "$EXPORT_PATH/model.txt"
"""
RECIPE = """
metric: {name: test_accuracy}
promote: {require: {test_accuracy: ">= 0.8"}}
"""


def train(user: User, accuracy: float) -> str:
    """Train to this accuracy; the run's id, once its notice is out."""
    user.publish(SCRIPT % (accuracy, accuracy), RECIPE)
    dataset = f"at-{accuracy}"
    user.drop(dataset)
    runs = wait_for(
        "the run",
        lambda: [
            each for each in user.runs() if each["dataset"] == dataset and each["status"] == "SUCCEEDED"
        ],
    )
    assert user.notice()["Subject"].startswith("SUCCEEDED")
    run_id: str = runs[0]["run_id"]
    return run_id


def served(user: User) -> dict[str, Any] | None:
    """What a program reads: `current.json`, and the model that it names."""
    try:
        document: dict[str, Any] = json.loads(user.text(f"models/{user.project}/current.json"))
    except user.cloud.client("s3").exceptions.NoSuchKey:
        return None
    folder = document["export"].removeprefix(f"s3://{user.cloud.ready.bucket}/")
    return document | {"model": user.text(f"{folder}model.txt").strip()}


def serves(user: User, run_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        now = served(user)
        return now if now and now["run_id"] == run_id else None

    found: dict[str, Any] = wait_for(f"the model of {run_id}", look)
    return found


def test_a_gate_serves_good_models_and_people_promote_and_roll_back(
    cloud: LaptopCloud, droptrain: CommandLine, tmp_path: Path
) -> None:
    user = User(cloud, f"m-{uuid.uuid4().hex[:8]}", [])
    half = user.put(f"models/{user.project}/current/half-of-another/model.txt")
    good = train(user, 0.9)
    assert serves(user, good)["model"] == "model of 0.9"
    bad = train(user, 0.5)
    shown = droptrain("show", bad)
    assert "test_accuracy has to be >= 0.8, and is 0.5 (off by 0.3)" in shown.out
    said = droptrain("promote", bad)
    assert (said.code, said.out.splitlines()[0]) == (0, f"The current model is that of {bad}."), said.err
    assert "as soon as they are copied. Then current.json names it." in said.out
    assert serves(user, bad)["model"] == "model of 0.5"
    assert user.notice()["Subject"].startswith(f"PROMOTED {user.project} {bad}")
    fetched = droptrain("get", user.project, str(tmp_path / "model"), "--json").document
    assert fetched["run_id"] == bad
    best = droptrain("get", user.project, str(tmp_path / "best"), "--best", "--json").document
    assert best["run_id"] == good
    left = {"Bucket": cloud.ready.bucket, "Prefix": f"runs/{user.project}/{bad}/"}
    for item in cloud.client("s3").list_objects_v2(**left)["Contents"]:
        cloud.client("s3").delete_object(Bucket=cloud.ready.bucket, Key=item["Key"])
    expired = droptrain("get", user.project, str(tmp_path / "copy"), "--json").document
    assert [file["path"] for file in expired["files"]] == [file["path"] for file in fetched["files"]]
    back = droptrain("rollback", user.project, "--json")
    assert (back.code, back.document["run_id"]) == (0, good), back.err
    assert serves(user, good)["kind"] == "rolled_back"
    assert user.notice()["Subject"].startswith(f"ROLLED_BACK {user.project} {good}")
    assert back.document["is_copied"] is True
    nothing = droptrain("rollback", user.project)
    assert (nothing.code, f"has had no model before {good}" in nothing.err) == (1, True)
    listed = droptrain("models", user.project)
    assert listed.out.splitlines()[0] == f"Current  {good}"
    rows = [line for line in listed.out.splitlines() if " ago " in line]
    assert [line.split()[0] for line in rows] == [good, bad, good]
    assert "(rollback)" in rows[0]
    project = Project(find_stack("", region=None, profile=None), user.project)
    current = project.current()
    assert current
    assert current.id == good
    assert [each["run_id"] for each in project.models(limit=2)] == [good, bad]
    listed = cloud.client("s3").list_object_versions(
        Bucket=cloud.ready.bucket, Prefix=f"models/{user.project}/"
    )
    assert half not in {item["VersionId"] for item in listed["Versions"] if item["IsLatest"]}


def test_people_get_to_know_that_a_promoted_model_has_no_files_and_go_on(
    cloud: LaptopCloud, droptrain: CommandLine, tmp_path: Path
) -> None:
    user = User(cloud, f"m-{uuid.uuid4().hex[:8]}", [])
    good, bad = train(user, 0.9), train(user, 0.5)
    serves(user, good)
    promote_without_files(user, bad)
    assert user.notice()["Subject"] == f"MISSING model of {bad}"
    still = f"current.json still names the model of {good}."
    models = user.call("GET", f"/projects/{user.project}/models")[1]
    assert (models["current"]["run_id"], models["served_run_id"]) == (bad, good)
    for command in (("projects", "show"), ("models",)):
        assert still in " ".join(droptrain(*command, user.project).out.split())
    got = droptrain("get", user.project, str(tmp_path / "model"), "--json")
    assert (got.document["run_id"], f"This is the model of {good}." in got.err) == (good, True)
    assert droptrain("rollback", user.project).code == 0
    assert serves(user, good)["kind"] == "rolled_back"
    assert "Missing" not in droptrain("projects", "show", user.project).out


CONTINUES = (
    SCRIPT
    + """
if [ -n "$WARM_START_DIR" ]; then echo "continues from $(cat "$WARM_START_DIR/model.txt")"; fi
"""
)


@pytest.mark.parametrize("names_run", [False, True])
def test_a_training_continues_from_the_current_model_or_from_a_run(
    cloud: LaptopCloud, names_run: bool
) -> None:
    user = User(cloud, f"m-{uuid.uuid4().hex[:8]}", [])
    good = train(user, 0.9)
    serves(user, good)
    recipe = f"{RECIPE}warm_start: {good if names_run else 'current'}\n"
    user.publish(CONTINUES % (0.85, 0.85), recipe)
    user.drop("dropped")
    dropped = wait_for(
        "the run", lambda: next((it for it in user.runs() if it["dataset"] == "dropped"), None)
    )
    asked = {"project": user.project, "dataset": "dropped", "rerun": True}
    status, requested = user.call("POST", "/runs", asked)
    assert status == 202
    for run_id in (dropped["run_id"], requested["run_id"]):
        ended = wait_for("its end", partial(_ended, user, run_id))
        assert (ended["status"], ended["warm_start"]["run_id"]) == ("SUCCEEDED", good), ended["cause"]
        assert "continues from model of 0.9" in user.text(f"runs/{user.project}/{run_id}/log.txt")


def _ended(user: User, run_id: str) -> dict[str, Any] | None:
    run: dict[str, Any] = user.call("GET", f"/runs/{run_id}")[1]
    return run if run["status"] in ("SUCCEEDED", "FAILED", "REJECTED") else None


def test_an_operator_is_told_why_a_run_without_an_export_is_not_promoted(
    cloud: LaptopCloud, droptrain: CommandLine
) -> None:
    user = User(cloud, f"m-{uuid.uuid4().hex[:8]}", [])
    user.publish("exit 0\n")
    user.drop()
    run_id = user.run_with("SUCCEEDED")["run_id"]
    refused = droptrain("promote", run_id)
    assert refused.code == 1
    assert "has no files in export/" in refused.err
    assert user.call("POST", f"/runs/{run_id}/promote")[0] == 409
    assert user.call("GET", f"/projects/{user.project}/models")[1]["current"] is None
