"""examples/many-rows trains with TensorFlow from parts and from one file."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.template import ROOT

SCRIPT = ROOT / "examples/many-rows/code/train.py"
VALUES = np.random.default_rng(1).normal(size=(3000, 4)) * 1000


def csv(values: np.ndarray) -> bytes:
    lines = ["a,b,c,d", *(",".join(f"{value:.5f}" for value in row) for row in values)]
    return ("\n".join(lines) + "\n").encode()


@pytest.mark.tensorflow
def test_it_trains_from_gzip_parts_of_which_one_is_empty_and_from_one_file(tmp_path: Path) -> None:
    parts, one = tmp_path / "parts", tmp_path / "one"
    for folder in (parts, one):
        folder.mkdir()
    for number in range(20):
        (parts / f"part-{number:05}.csv.gz").write_bytes(gzip.compress(csv(VALUES[number::20])))
    (parts / "part-00000.csv.gz").write_bytes(b"")
    (one / "train.csv").write_bytes(csv(VALUES))
    for folder in (parts, one):
        environment = {
            **os.environ,
            "SM_CHANNEL_TRAINING": str(folder),
            "SM_MODEL_DIR": str(folder / "model"),
        }
        ended = subprocess.run(
            [sys.executable, SCRIPT, "--epochs", "1"],
            env=environment, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr[-2000:]
        assert (folder / "model/1/saved_model.pb").is_file()
