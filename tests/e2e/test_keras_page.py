"""The page for people with a Keras script, followed word for word."""

import re
from pathlib import Path

import pytest
from e2e.terminal import blocks_of, shell
from support.template import ROOT

from droptrain_local.cloud import LaptopCloud
from droptrain_local.state import STATE_VARIABLE, write_state

pytestmark = pytest.mark.timeout(300)
PAGE = "docs/keras.md"
MAKE_DATA, TRAIN_HERE, DROP, BREAK, REPAIR = range(5)


def files_of(page: str) -> list[tuple[str, str]]:
    """The files that the page shows, each with its name before it."""
    text = (ROOT / page).read_text("utf-8")
    return re.findall(r"file `([\w./]+)`:\n\n```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_a_reader_trains_a_script_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    for name, content in files_of(PAGE):
        path = tmp_path / "houses" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    with LaptopCloud(port=0, settle_seconds=1, work_dir=tmp_path / "laptop") as cloud:
        write_state(cloud.ready)
        with shell(cloud.ready, tmp_path / "state") as sh:
            sh(f"cd {tmp_path}")
            blocks = blocks_of(PAGE)
            sh(blocks[MAKE_DATA])
            here = sh(blocks[TRAIN_HERE])
            assert re.search(r"^test_mae: 0\.\d+$", here, re.MULTILINE)
            assert "SUCCEEDED. houses/local-run has the model" in here
            sh(blocks[DROP])
            assert (tmp_path / "model" / "export" / "houses.keras").exists()
            broken = sh(blocks[BREAK])
            again = sh(blocks[REPAIR])
    text = (ROOT / PAGE).read_text("utf-8")
    what_happened, *_ = re.findall(r"^What happened: .*$", text, re.MULTILINE)
    assert what_happened in broken
    assert "SUCCEEDED" in again
