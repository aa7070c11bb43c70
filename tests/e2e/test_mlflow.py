"""`droptrain export mlflow` from the laptop cloud to MLflow's own server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.tracking_server import PASSWORD, USER, TrackingServer
from mlflow import MlflowClient
from mlflow.entities import Run
from support.command_line import CommandLine
from support.laptop_user import User

pytestmark = pytest.mark.timeout(300)

SCRIPT = r"""
for step in $(seq 1 1200); do echo '{"step": '$step', "loss": 0.5, "/val//a@b": 1}'; done >> "$METRICS_FILE"
exit "${HP_EXIT:-0}"
"""
RECIPE = "hyperparameters: {epochs: 3, bias: true, name: deep}\n"
CREDENTIALS = {"MLFLOW_TRACKING_USERNAME": USER, "MLFLOW_TRACKING_PASSWORD": PASSWORD}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingServer]:
    running = TrackingServer(tmp_path_factory.mktemp("mlflow"))
    yield running
    running.close()


@pytest.fixture
def mlflow(server: TrackingServer, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """Reads what was logged."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return MlflowClient(server.url)


@pytest.fixture
def export(droptrain: CommandLine, server: TrackingServer) -> CommandLine:
    """The command, with the server's address and credentials."""
    return droptrain.with_variables(MLFLOW_TRACKING_URI=server.url, **CREDENTIALS)


def logged(mlflow: MlflowClient, experiment: str) -> list[Run]:
    """The runs of an experiment, in their order."""
    found = mlflow.get_experiment_by_name(experiment)
    return mlflow.search_runs([found.experiment_id], order_by=["start_time"]) if found else []


def test_a_run_is_logged_whole_and_a_second_export_adds_only_what_is_new(
    export: CommandLine, user: User, server: TrackingServer, mlflow: MlflowClient
):
    user.publish(SCRIPT, RECIPE)
    user.drop()
    run = user.run_with("SUCCEEDED")
    export("tag", run["run_id"], "baseline")
    said = export("export", "mlflow", run["run_id"], "--json")
    assert (said.code, said.err) == (0, "")
    [found] = logged(mlflow, user.project)
    page = f"{server.url}/#/experiments/{found.info.experiment_id}/runs/{found.info.run_id}"
    assert said.document == {"run_id": run["run_id"], "status": "SUCCEEDED", "url": page}
    assert found.data.params == {"epochs": "3", "bias": "true", "name": "deep"}
    assert found.info.run_name == found.data.tags["droptrain.run_id"] == run["run_id"]
    assert found.data.tags["droptrain.tags"] == "baseline"
    assert found.data.tags["droptrain.export_uri"] == run["links"]["export"]
    assert found.info.status == "FINISHED"
    assert 0 <= found.info.end_time - found.info.start_time < 120_000
    points = {name: mlflow.get_metric_history(found.info.run_id, name) for name in ("loss", "val/a_b")}
    steps = [point.step for point in points["loss"]]
    assert steps == sorted(set(steps)) and len(steps) >= 600
    assert [point.value for point in points["val/a_b"]] == [1.0] * len(steps)

    export("tag", run["run_id"], "keep")
    again = export("export", "mlflow", user.project, "--json")
    assert again.document == said.document
    [found] = logged(mlflow, user.project)
    assert found.data.tags["droptrain.tags"] == "baseline, keep"
    assert points == {name: mlflow.get_metric_history(found.info.run_id, name) for name in points}


def test_each_run_of_a_project_is_logged_when_it_has_ended(
    export: CommandLine, user: User, mlflow: MlflowClient
):
    user.publish(SCRIPT)
    user.drop()
    user.run_with("SUCCEEDED")
    started = export.start("export", "mlflow", user.project, "--follow", "--experiment", "mine")
    started.wait_for("SUCCEEDED")
    user.publish(SCRIPT, "hyperparameters: {exit: 1}\n")
    user.drop("second")
    started.wait_for("FAILED")
    started.press_ctrl_c()
    assert started.wait().code == 0
    first, second = logged(mlflow, "mine")
    assert (first.info.status, second.info.status) == ("FINISHED", "FAILED")
    assert "droptrain.cause" in second.data.tags
    assert not logged(mlflow, user.project)


def test_an_error_names_its_fix(
    droptrain: CommandLine, export: CommandLine, user: User, server: TrackingServer, tmp_path: Path
):
    user.publish(SCRIPT)
    user.drop()
    run_id = user.run_with("SUCCEEDED")["run_id"]
    assert (
        "Name it: --to http://HOST:5000, or MLFLOW_TRACKING_URI." in droptrain("export", "mlflow", run_id).err
    )
    (tmp_path / "mlflow.py").write_text("raise ModuleNotFoundError(name='mlflow')")
    absent = export.with_variables(PYTHONPATH=str(tmp_path))("export", "mlflow", run_id)
    assert (absent.code, "pip install 'droptrain[mlflow]'" in absent.err) == (1, True)
    assert "Set MLFLOW_TRACKING_TOKEN" in droptrain("export", "mlflow", run_id, "--to", server.url).err
    elsewhere = user.cloud.ready.endpoint_url
    assert "doesn't answer as MLflow does" in export("export", "mlflow", run_id, "--to", elsewhere).err
    refused = export("export", "mlflow", run_id, "--experiment", "x" * 600)
    assert (refused.code, refused.err.startswith("Error: MLflow: ")) == (1, True)
    gone = export("export", "mlflow", run_id, "--to", "http://127.0.0.1:1")
    assert (gone.code, "Does the tracking server run?" in gone.err) == (1, True)
