"""The examples of the page on the API work as they stand there."""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from support.laptop_user import User
from support.waiting import wait_for

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
# Of the first dataset, it trains until another one has.
SCRIPT = """
dataset="$(basename "$(dirname "$TRAINING_DATA")")"
until [ "$dataset" != first ] || aws s3 cp --quiet "${SCRIPT_DIR%/code}/may-end" may-end; do sleep 0.2; done
echo '{"test_accuracy": 0.9}' > "$METRICS_FILE"
echo "model of $dataset" > model.txt
aws s3 cp --quiet model.txt "$EXPORT_PATH/model.txt"
"""


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def run_of(user: User, dataset: str, status: str) -> dict[str, Any]:
    """The newest run of a dataset, once it has this status."""

    def look() -> dict[str, Any] | None:
        found = user.call("GET", f"/runs?dataset={dataset}&project={user.project}")[1]["runs"]
        return next((run for run in found[:1] if run["status"] == status), None)

    return wait_for(f"run of {dataset} that is {status}", look)


def test_the_examples_drop_launch_and_fetch_while_another_drop_of_the_project_ends(
    user: User, tmp_path: Path
) -> None:
    user.project = "penguins"
    user.publish(SCRIPT)
    settings = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **user.cloud.ready.shell_settings()}
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n", "utf-8")

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=tmp_path, env=settings, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    [python] = blocks("python")
    with ThreadPoolExecutor() as pool:
        example = pool.submit(run, sys.executable, "-c", python)
        first = run_of(user, "first", "RUNNING")
        user.drop("another")
        another = run_of(user, "another", "SUCCEEDED")
        user.put("projects/penguins/may-end")
        said = example.result().splitlines()
    assert said[0] == f"{first['run_id']} SUCCEEDED {{'test_accuracy': 0.9}}"
    assert "fetched/export/model.txt" in said
    assert (tmp_path / "fetched" / "export" / "model.txt").read_text("utf-8") == "model of first\n"
    [shell] = blocks("sh")
    listing, repeated = run("bash", "-euc", shell).split("}{")
    found = json.loads(listing + "}")["runs"]
    assert [each["run_id"] for each in found] == [another["run_id"], first["run_id"]]
    assert json.loads("{" + repeated)["run_id"] == first["run_id"]
