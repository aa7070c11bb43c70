"""Sweeps on the laptop cloud: trials are real processes, and events go through the real functions."""

import json
import os
import signal
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.laptop_user import User
from support.waiting import wait_for

RECIPE = """
entrypoint: train.py
timeout: 10m
hyperparameters: {rate: 0.0, units: 8}
metric: {name: distance, goal: minimize}
"""
# The best of all is a rate of 0.3 with 32 units.
TRAINS = """
import argparse, json, os
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("--units", type=int)
given, _ = parser.parse_known_args()
distance = abs(given.rate - 0.3) + abs(given.units - 32) / 32
with open(os.environ["METRICS_FILE"], "a") as file:
    print(json.dumps({"step": 1, "distance": distance}), file=file)
"""
GRID = {"method": "grid", "parallel": 3, "space": {"units": [16, 32, 64], "rate": "0.3,0.6"}}


@pytest.fixture
def project(user: User) -> User:
    """A user whose project has a metric, and a dataset with a run."""
    publish(user)
    user.drop()
    user.run_with("SUCCEEDED")
    user.notice()
    return user


def publish(user: User, trains: str = TRAINS, more: str = "") -> None:
    user.put(f"projects/{user.project}/code/train.py", trains)
    user.put(f"projects/{user.project}/train.yaml", RECIPE + more)


def start(user: User, **given: Any) -> dict[str, Any]:
    status, sweep = user.call("POST", "/sweeps", {"project": user.project, **GRID, **given})
    assert status == 202, sweep
    return sweep


def read(user: User, sweep: dict[str, Any]) -> dict[str, Any]:
    return user.call("GET", f"/sweeps/{sweep['sweep_id']}")[1]


def statuses(user: User, sweep: dict[str, Any]) -> list[str]:
    return [run["status"] for run in read(user, sweep)["runs"]]


def ended(user: User, sweep: dict[str, Any]) -> dict[str, Any]:
    """The sweep, once it has its outcome."""

    def look() -> dict[str, Any] | None:
        now = read(user, sweep)
        assert now["counts"]["running"] <= now["parallel"]
        return now if now["status"] != "RUNNING" else None

    return wait_for(f"end of {sweep['sweep_id']}", look, 110)


def test_a_grid_of_six_finds_the_best_and_is_one_notice(project: User) -> None:
    sweep = ended(project, start(project))
    assert sweep["status"] == "SUCCEEDED"
    assert sweep["counts"] == {
        "running": 0, "succeeded": 6, "failed": 0, "cancelled": 0, "stopped_early": 0, "left": 0,
    }  # fmt: skip
    assert sweep["best"]["hyperparameters"] == {"units": 32, "rate": 0.3}
    assert sweep["best"]["value"] == 0
    assert sweep["cost_usd"] == pytest.approx(sum(each["cost_usd"] for each in sweep["runs"]), abs=1e-4)
    notice = project.notice()
    assert notice["Subject"].startswith(f"SUCCEEDED sweep of {project.project}/first distance=0")
    assert f"droptrain rerun {sweep['best']['run_id']}" in notice["Message"]
    best = json.loads(project.text(f"models/{project.project}/best.json"))
    assert best["run_id"] == sweep["best"]["run_id"]

    _, runs = project.call("GET", f"/runs?sweep={sweep['sweep_id']}&limit=4")
    assert [run["trial"] for run in runs["runs"]] == [6, 5, 4, 3]
    _, runs = project.call("GET", f"/runs?sweep={sweep['sweep_id']}&cursor={runs['cursor']}")
    assert ([run["trial"] for run in runs["runs"]], runs["cursor"]) == ([2, 1], None)
    [listed] = project.call("GET", f"/sweeps?project={project.project}")[1]["sweeps"]
    assert {**listed, "runs": sweep["runs"]} == sweep | {"reserved_usd": listed["reserved_usd"]}
    answer, problem = project.call("POST", f"/sweeps/{sweep['sweep_id']}/cancel")
    assert (answer, problem["type"]) == (409, "urn:droptrain:problem:already-finished")


def test_a_drop_starts_the_random_search_that_its_recipe_names(user: User) -> None:
    space = 'space: {rate: "0..1", units: "16,32"}'
    publish(user, more=f"sweep: {{method: random, trials: 4, parallel: 2, {space}}}\n")
    user.drop()
    [sweep] = wait_for("sweep", lambda: user.call("GET", f"/sweeps?project={user.project}")[1]["sweeps"])
    done = ended(user, sweep)
    assert (done["status"], done["counts"]["succeeded"], len(user.runs())) == ("SUCCEEDED", 4, 4)
    assert len({run["hyperparameters"]["rate"] for run in done["runs"]}) == 4


def test_a_function_that_is_killed_between_two_calls_leaves_no_trial_out(project: User) -> None:
    slow = TRAINS + "import time; time.sleep(0.5)\n"
    publish(project, slow)
    sweep = start(project, parallel=2, method="bayesian", trials=6, space={"rate": "0..1"})
    for _ in range(2):
        for pid in function_processes(project):
            os.kill(pid, signal.SIGKILL)
        known = len(read(project, sweep)["runs"])
        wait_for("another trial", partial(has_more, project, sweep, known))
    wait_for("trials without a job alone", lambda: set(statuses(project, sweep)) <= {"SUCCEEDED", "CLAIMED"})
    for run in read(project, sweep)["runs"]:
        if run["status"] == "CLAIMED":
            for attribute in ("claimed_at", "updated_at"):
                project.age(f"RUN#{run['run_id']}", attribute, timedelta(minutes=3))
            project.cloud.invoke("ReconcileRunsFunction", {})
    done = ended(project, sweep)
    assert (done["status"], [run["trial"] for run in done["runs"]]) == ("SUCCEEDED", [1, 2, 3, 4, 5, 6])
    jobs = [run for run in project.runs() if run["sweep"] == sweep["sweep_id"]]
    assert len(jobs) == 6


def has_more(user: User, sweep: dict[str, Any], known: int) -> bool:
    return known == sweep["trials"] or len(read(user, sweep)["runs"]) > known


def function_processes(user: User) -> list[int]:
    """The processes of the function of sweeps."""
    name = b"AWS_LAMBDA_FUNCTION_NAME=droptrain-TrialEndedFunction"
    return [pid for pid in user.cloud.function_pids() if name in Path(f"/proc/{pid}/environ").read_bytes()]


def test_a_cancelled_sweep_ends_its_trials_and_says_so(project: User) -> None:
    publish(project, "import time; time.sleep(300)\n")
    sweep = start(project, parallel=2)
    wait_for("two running trials", lambda: statuses(project, sweep).count("RUNNING") == 2)
    status, _ = project.call("POST", f"/sweeps/{sweep['sweep_id']}/cancel")
    assert status == 202
    done = ended(project, sweep)
    assert (done["status"], done["counts"]["cancelled"], done["counts"]["left"]) == ("CANCELLED", 2, 4)
    assert project.notice()["Subject"].startswith("CANCELLED sweep of ")


def test_a_sweep_that_reaches_its_limit_ends_with_the_best_so_far(project: User) -> None:
    _, whole = project.call("POST", "/sweeps", {"project": project.project, **GRID, "dry_run": True})
    trial_usd = whole["estimate"]["max_usd"] / 6
    sweep = start(project, max_cost_usd=round(trial_usd * 1.001, 4))
    done = ended(project, sweep)
    assert done["status"] == "SUCCEEDED"
    assert done["counts"]["left"] > 0
    assert "of the sweep's" in done["reason"]
    assert done["cost_usd"] <= done["max_cost_usd"]


def test_three_failures_with_one_cause_end_the_sweep_and_its_other_trials(project: User) -> None:
    publish(project, TRAINS + "import time\nif given.rate > 0.5: time.sleep(300)\nimport argparze\n")
    done = ended(project, start(project, parallel=4))
    assert (done["status"], done["counts"]["failed"]) == ("FAILED", 3)
    assert done["counts"]["cancelled"] >= 1
    assert "argparze" in done["reason"]


def test_trials_go_to_the_queue_that_the_recipe_wants(project: User) -> None:
    cpu = "resources: {gpus: 0, vcpus: 2, memory_gib: 4}\n"
    for more in ("spot: never\n", cpu, cpu + "spot: never\n"):
        publish(project, more=more)
        done = ended(project, start(project, method="random", trials=1, space={"rate": "0..1"}))
        assert (done["status"], done["counts"]["succeeded"]) == ("SUCCEEDED", 1)
