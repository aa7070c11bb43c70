"""`import droptrain` as people use it, on the laptop cloud: drop, wait, look, compare, fetch."""

import uuid
from pathlib import Path

import nbformat
import pandas as pd
import polars as pl
import pytest
from nbclient import NotebookClient
from support.laptop_user import User

import droptrain
from droptrain import DroptrainError, Project, RunFailedError
from droptrain_local.cloud import LaptopCloud
from droptrain_local.state import remove_state, write_state

pytestmark = pytest.mark.timeout(180)

SCRIPT = r"""
echo "lr $HP_LR"
[ "$HP_LR" != 9 ] || { echo "ValueError: no column species" >&2; exit 1; }
for step in 1 2 3; do
  printf '{"step": %s, "test_accuracy": 0.%s5, "val_loss": 0.%s}\n' $step $step $step >> "$METRICS_FILE"
done
echo model > model.txt
aws s3 cp --only-show-errors model.txt "$EXPORT_PATH/model.txt"
"""
RECIPE = "hyperparameters: {lr: 0.1}\nmetric: {name: test_accuracy}\n"
TRAIN = pd.DataFrame({"width": [5.1, 4.9], "height": [3.5, 3.0]})
TEST = pd.DataFrame({"width": [4.7], "height": [3.2]})


@pytest.fixture(scope="module", autouse=True)
def _addressed(cloud: LaptopCloud, tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DROPTRAIN_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        patch.delenv("DROPTRAIN_STACK", raising=False)
        write_state(cloud.ready)
        yield
        remove_state(cloud.ready.pid)


@pytest.fixture
def project(cloud: LaptopCloud) -> Project:
    name = f"p-{uuid.uuid4().hex[:8]}"
    User(cloud, name, []).publish(SCRIPT, RECIPE)
    return droptrain.project(name)


def test_data_frames_become_a_model(project: Project, tmp_path: Path):
    run = project.drop(train=TRAIN, test=TEST)
    assert run.wait(check=True) is run
    assert run.status == "SUCCEEDED"
    assert run.metrics["test_accuracy"] == 0.35
    assert run.hyperparameters == {"lr": 0.1}
    assert run.cost is not None and run.cost > 0
    assert "lr 0.1" in list(run.log())
    history = run.history()
    assert history["test_accuracy"].tolist() == [0.15, 0.25, 0.35]
    assert history.index.tolist() == [1, 2, 3]
    model = run.download(tmp_path / "model")
    assert (model / "export/model.txt").read_text() == "model\n"


def test_the_same_data_is_the_same_run(project: Project):
    first = project.drop(train=TRAIN, test=TEST).wait()
    again = project.drop(train=TRAIN.copy(), test=TEST)
    assert again.id == first.id


def test_paths_folders_and_s3_uris_are_dropped(project: Project, cloud: LaptopCloud, tmp_path: Path):
    (tmp_path / "train.csv").write_text("width\n1\n")
    (tmp_path / "my test.csv").write_text("width\n2\n")
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": cloud.ready.region})
    s3.put_object(Bucket="elsewhere", Key="deep/train.csv", Body=b"width\n1\n")
    run = project.drop(train=tmp_path / "train.csv", test=str(tmp_path / "my test.csv"), dataset="mine")
    assert run.record["dataset"] == "mine"
    by_uri = project.drop(
        train="s3://elsewhere/deep/train.csv", test=tmp_path / "my test.csv", dataset="mine"
    )
    assert by_uri.id == run.id
    (tmp_path / "test.csv").write_text("width\n3\n")
    of_folder = project.drop(tmp_path)
    assert of_folder.id != run.id


def test_runs_are_sorted_repeated_and_turned_into_a_frame(project: Project):
    first = project.drop(train=TRAIN, test=TEST).wait()
    second = project.rerun(first, lr=0.5).wait()
    assert second.hyperparameters == {"lr": 0.5}
    third = project.train(lr=0.01).wait()
    frame = project.runs(sort="-test_accuracy").to_frame()
    assert set(frame["run"]) == {first.id, second.id, third.id}
    assert frame["settings.lr"].tolist().count(0.5) == 1
    assert frame["metrics.test_accuracy"].tolist() == [0.35] * 3
    assert project.run().id == third.id
    assert project.rerun(first, versions="pinned").wait().hyperparameters == {"lr": 0.1}
    with pytest.raises(
        DroptrainError, match=r"None of these runs has a metric 'nope'\. They can be sorted by"
    ):
        project.runs(sort="nope")


def test_a_failure_says_why_and_what_to_do(project: Project):
    run = project.drop(train=TRAIN, test=TEST, dataset="d").wait()
    bad = project.rerun(run, lr=9)
    with pytest.raises(RunFailedError, match="is FAILED"):
        bad.wait(check=True)
    assert bad.cause
    assert "What happened" in bad._repr_html_()
    with pytest.raises(DroptrainError, match=r"The recipe has no input 'valid'\. It names"):
        project.drop(valid=TRAIN)
    with pytest.raises(DroptrainError, match=r"still lacks test\.csv.*drop all of it together"):
        project.drop(train=TRAIN, dataset="half")
    with pytest.raises(DroptrainError, match="there is no file"):
        project.drop(train="nowhere.csv", test=TEST)
    with pytest.raises(DroptrainError, match=r"int can't be dropped"):
        project.drop(train=3, test=TEST)
    with pytest.raises(DroptrainError, match="No run's id begins with"):
        droptrain.run("nope-nope")


def test_a_notebook_shows_a_run_while_it_waits(project: Project, tmp_path: Path):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(source)
        for source in (
            "import droptrain, pandas as pd\n"
            f"project = droptrain.project({project.name!r})\n"
            'frame = pd.DataFrame({"width": [5.1, 4.9]})',
            "run = project.drop(train=frame, test=frame)",
            "run.wait();",
            "run",
            'project.runs(sort="-test_accuracy")',
            "project.runs().to_frame()",
        )
    ]
    NotebookClient(notebook, timeout=120, kernel_name="python3", cwd=str(tmp_path)).execute()
    *_, waited, shown, listed, framed = (cell.outputs for cell in notebook.cells)
    [live] = waited
    assert "SUCCEEDED" in live.data["text/html"]
    assert "<polyline" in shown[0].data["text/html"]
    assert "test_accuracy 0.35" in listed[0].data["text/html"]
    assert "metrics.test_accuracy" in framed[0].data["text/html"]


def test_polars_frames_are_dropped_too(project: Project):
    by_polars = project.drop(train=pl.from_pandas(TRAIN), test=pl.from_pandas(TEST))
    assert project.drop(train=TRAIN, test=TEST).id == by_polars.id
