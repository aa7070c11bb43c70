"""The examples of the page on the API work as they stand there."""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
SCRIPT = """
echo '{"test_accuracy": 0.9}' > "$METRICS_FILE"
echo model > model.txt
aws s3 cp --quiet model.txt "$EXPORT_PATH/model.txt"
"""


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_examples_drop_launch_and_fetch(user, tmp_path: Path) -> None:
    user.project = "penguins"
    user.publish(SCRIPT)
    settings = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **user.cloud.ready.shell_settings()}
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n", "utf-8")

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=tmp_path, env=settings, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    [python] = blocks("python")
    said = run(sys.executable, "-c", python).splitlines()
    assert said[0] == "SUCCEEDED {'test_accuracy': 0.9}"
    assert "fetched/export/model.txt" in said
    assert (tmp_path / "fetched" / "export" / "model.txt").read_text("utf-8") == "model\n"
    [shell] = blocks("sh")
    listing, repeated = run("bash", "-euc", shell).split("}{")
    found = json.loads(listing + "}")["runs"]
    assert [each["status"] for each in found] == ["SUCCEEDED"]
    assert json.loads("{" + repeated)["run_id"] == found[0]["run_id"]
