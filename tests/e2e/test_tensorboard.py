"""`droptrain tensorboard` on the laptop cloud: what the real TensorBoard then answers of runs."""

import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest
from support.command_line import CommandLine
from support.laptop_user import User
from support.waiting import wait_for

from droptrain.scalars_file import ScalarsFile

pytestmark = pytest.mark.timeout(180)

SCRIPT = """
echo '{"step": 1, "loss": 0.5}' >> "$METRICS_FILE"
while [ ! -e "$GO" ]; do sleep 0.1; done
echo '{"step": 2, "loss": 0.25}' >> "$METRICS_FILE"
aws s3 cp --only-show-errors "$SCRIPT_DIR/events" "$MODEL_DIR/logs/events.out.tfevents.1.host"
"""


def of_tensorboard(url: str, path: str, **query: str) -> Any:
    with urlopen(f"{url}data/{path}?{urlencode(query)}", timeout=20) as answer:
        return json.load(answer)


def steps(url: str, run: str, tag: str = "loss") -> list[tuple[int, float]]:
    if tag not in of_tensorboard(url, "plugin/scalars/tags").get(run, {}):
        return []
    points = of_tensorboard(url, "plugin/scalars/scalars", run=run, tag=tag)
    return [(step, value) for _, step, value in points]


def test_a_run_is_followed_and_a_project_s_next_run_comes_by_itself(
    droptrain: CommandLine, user: User, tmp_path: Path
):
    go = tmp_path / "go"
    user.publish(SCRIPT, f"environment: {{GO: {go}}}\n")
    ScalarsFile(tmp_path, 0).add([{"name": "epoch_loss", "points": [{"step": 7, "value": 2.0}]}])
    [events] = tmp_path.glob("events.*")
    user.put(f"projects/{user.project}/code/events", events.read_bytes())
    user.drop()
    run = user.run_with("RUNNING")
    started = droptrain.start("tensorboard", user.project, "--json")
    started.wait_for('"url"')
    ready = json.loads(started.out)
    wait_for("the first step", lambda: steps(ready["url"], run["run_id"]) == [(1, 0.5)])
    go.touch()
    wait_for("the second step", lambda: steps(ready["url"], run["run_id"]) == [(1, 0.5), (2, 0.25)])
    user.run_with("SUCCEEDED")
    user.drop("second")
    wait_for("the second run", lambda: len(user.runs()) == 2)
    second = user.run_with("SUCCEEDED")
    wait_for("its curve", lambda: len(steps(ready["url"], second["run_id"])) == 2)
    own = f"{second['run_id']}/model/logs"
    wait_for("event files of the run", lambda: steps(ready["url"], own, "epoch_loss") == [(7, 2.0)])
    started.press_ctrl_c()
    said = started.wait()
    assert (said.code, said.err) == (0, "")
    assert not Path(ready["folder"]).exists()
    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection(("127.0.0.1", urlsplit(ready["url"]).port or 0)),
    ):
        pass
