"""What the page on the laptop cloud shows works as it stands there."""

import os
import re
import signal
import subprocess
from pathlib import Path

from support.local_parts import alive, children

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "laptop.md").read_text("utf-8")


def test_the_commands_of_the_page_train_and_show_a_run(start_up, tmp_path: Path) -> None:
    up = start_up()
    ready = up.ready()
    for key in ready:
        assert f"`{key}`" in PAGE, f"the page lacks the ready line's {key}"
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    script = "set -euo pipefail\n" + "".join(blocks)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "DROPTRAIN_STATE_DIR": str(up.state_folder),
            "AWS_EC2_METADATA_DISABLED": "true",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hello / first: SUCCEEDED" in done.stdout
    assert re.search(r"^hello-first-[0-9a-f]{12}\tSUCCEEDED$", done.stdout, re.MULTILINE)
    assert "training on s3://" in done.stdout
    assert "export/model.csv" in done.stdout
    pids = children(up.process.pid)
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(20) == 0, "Ctrl-C is how it ends"
    assert not [pid for pid in pids if alive(pid)]
