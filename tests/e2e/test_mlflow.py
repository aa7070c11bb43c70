"""`droptrain export mlflow` from the laptop cloud to a server by MLflow's documented API."""

from collections.abc import Iterator

import pytest
from support.command_line import CommandLine
from support.laptop_user import User
from support.mlflow_contract import MlflowContract
from support.waiting import wait_for

pytestmark = pytest.mark.timeout(180)

SCRIPT = r"""
for step in $(seq 1 1200); do echo '{"step": '$step', "loss": 0.5, "val@loss": 1}'; done >> "$METRICS_FILE"
exit "${HP_EXIT:-0}"
"""
RECIPE = "hyperparameters: {epochs: 3, bias: true, name: deep}\n"


@pytest.fixture
def mlflow() -> Iterator[MlflowContract]:
    running = MlflowContract()
    yield running
    running.close()


def test_a_run_is_logged_whole_and_a_second_export_adds_nothing(
    droptrain: CommandLine, user: User, mlflow: MlflowContract
):
    user.publish(SCRIPT, RECIPE)
    user.drop()
    run = user.run_with("SUCCEEDED")
    droptrain("tag", run["run_id"], "baseline")
    said = droptrain("export", "mlflow", run["run_id"], "--to", mlflow.url, "--json")
    assert (said.code, said.err) == (0, "")
    [logged] = mlflow.runs.values()
    assert said.document["url"] == f"{mlflow.url}/#/experiments/1/runs/{logged.run_id}"
    assert mlflow.experiments == {user.project: "1"}
    assert logged.params == {"epochs": "3", "bias": "true", "name": "deep"}
    assert logged.tags["droptrain.run_id"] == logged.tags["mlflow.runName"] == run["run_id"]
    assert logged.tags["droptrain.tags"] == "baseline"
    assert logged.tags["droptrain.export_uri"] == run["links"]["export"]
    assert logged.info["status"] == "FINISHED"
    assert 0 <= logged.info["end_time"] - logged.info["start_time"] < 120_000
    assert logged.metrics.keys() >= {"loss", "val_loss"}
    steps = [point["step"] for point in logged.metrics["loss"]]
    assert steps == sorted(set(steps)) and len(steps) >= 600
    assert mlflow.calls.count("runs/log-batch") >= 4, "of 1,000 metrics at most"
    points = sum(map(len, logged.metrics.values()))
    assert droptrain("export", "mlflow", run["run_id"], "--to", mlflow.url).code == 0
    assert len(mlflow.runs) == 1
    assert sum(map(len, logged.metrics.values())) == points


def test_each_run_of_a_project_is_logged_when_it_has_ended(
    droptrain: CommandLine, user: User, mlflow: MlflowContract
):
    user.publish(SCRIPT)
    user.drop()
    user.run_with("SUCCEEDED")
    started = droptrain.start(
        "export", "mlflow", user.project, "--to", mlflow.url, "--follow", "--experiment", "mine"
    )
    started.wait_for("SUCCEEDED")
    user.publish(SCRIPT, "hyperparameters: {exit: 1}\n")
    user.drop("second")
    started.wait_for("FAILED")
    started.press_ctrl_c()
    assert started.wait().code == 0
    wait_for("both runs", lambda: len(mlflow.runs) == 2)
    assert [each.info["status"] for each in mlflow.runs.values()] == ["FINISHED", "FAILED"]
    assert [*mlflow.experiments] == ["mine"]
    assert "droptrain.cause" in [*mlflow.runs.values()][1].tags


def test_what_is_wrong_with_the_server_is_told_with_the_fix(
    droptrain: CommandLine, user: User, mlflow: MlflowContract
):
    user.publish(SCRIPT)
    user.drop()
    run_id = user.run_with("SUCCEEDED")["run_id"]
    assert (
        "Name it: --to http://HOST:5000, or MLFLOW_TRACKING_URI." in droptrain("export", "mlflow", run_id).err
    )
    mlflow.authorization = "Bearer t"
    assert "Set MLFLOW_TRACKING_TOKEN" in droptrain("export", "mlflow", run_id, "--to", mlflow.url).err
    elsewhere = user.cloud.ready.endpoint_url
    assert "doesn't answer as MLflow does" in droptrain("export", "mlflow", run_id, "--to", elsewhere).err
    gone = droptrain("export", "mlflow", run_id, "--to", "http://127.0.0.1:1")
    assert (gone.code, "Does the tracking server run?" in gone.err) == (1, True)
