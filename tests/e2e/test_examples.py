"""A new project in each of the other dialects, by the command from init to the model: as good a result."""

from pathlib import Path

import pytest
from support.command_line import CommandLine

pytestmark = pytest.mark.timeout(110)


@pytest.mark.tensorflow
@pytest.mark.parametrize("dialect", ["sagemaker", "vertex"])
def test_a_new_project_trains_as_it_is(droptrain: CommandLine, user, dialect: str) -> None:
    project = user.project
    for words in (("init", project, "--dialect", dialect), ("validate", project), ("push", project, project)):
        said = droptrain(*words)
        assert said.code == 0, said.err
    said = droptrain.start("drop", project, f"{project}/data", "--dataset", "first", "--watch").wait(100)
    assert said.code == 0, said.out + said.err
    assert "\x1b" not in said.out + said.err
    assert "test accuracy 0.9" in said.out
    (run,) = user.runs()
    prefix = f"runs/{project}/{run['run_id']}/"
    listed = user.cloud.client("s3").list_objects_v2(Bucket=user.cloud.ready.bucket, Prefix=prefix)
    kept = {item["Key"].removeprefix(prefix) for item in listed["Contents"]}
    assert {"export/1/saved_model.pb", "export/keras/penguins.keras"} <= kept


def test_a_drop_exits_as_its_run_ends(droptrain: CommandLine, user, work: Path) -> None:
    code = work / "failing" / "code"
    code.mkdir(parents=True)
    (code / "run.sh").write_text('echo "no column species" >&2; exit 3\n')
    for name in ("train", "test"):
        (work / f"{name}.csv").write_text("a\n1\n")
    assert droptrain("push", user.project, "failing").code == 0
    failed = droptrain("drop", user.project, "train.csv", "test.csv", "--watch")
    assert failed.code == 3, failed.err
    assert "no column species" in failed.out
    assert "What to do: " in failed.out
    (code / "run.sh").write_text("trap 'exit 143' TERM; echo waits; sleep 600 & wait\n")
    pushed = droptrain("push", user.project, "failing", "--json").document
    assert pushed["uploaded"] == [f"projects/{user.project}/code/run.sh"]
    watching = droptrain.start("drop", user.project, "train.csv", "test.csv", "--watch")
    watching.wait_for("waits")
    watching.press_ctrl_c()
    stopped = watching.wait()
    assert (stopped.code, "Traceback" in stopped.err) == (130, False)
    assert droptrain("cancel", user.project).code == 0
    assert len(user.runs()) == 2, "pushes launch nothing"
