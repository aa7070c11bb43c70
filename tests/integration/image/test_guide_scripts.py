"""The scripts of the guides do what their page says: find data, prepare them, continue from a checkpoint."""

import io
import re
from collections.abc import Mapping
from pathlib import Path

import pyarrow
import pytest
from PIL import Image
from pyarrow import parquet
from support.command_line import CommandLine
from support.training_machine import CODE, REPOSITORY


def blocks(page: str, language: str) -> list[str]:
    text = (REPOSITORY / "docs" / page).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def sections(page: str) -> dict[str, dict[str, str]]:
    """The first block of each language below each heading of a page."""
    text = (REPOSITORY / "docs" / page).read_text("utf-8")
    return {
        heading: dict(reversed(re.findall(r"^```(\w+)\n(.*?)^```$", body, re.MULTILINE | re.DOTALL)))
        for heading, body in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    }


def picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 8)).save(content, "PNG")
    return content.getvalue()


def table() -> bytes:
    content = io.BytesIO()
    parquet.write_table(pyarrow.table({"a": [1, 2, 3]}), content)
    return content.getvalue()


CSV = b"a,b\n1,2\n3,4\n"
CLASSES = {f"{part}/{kind}/1.png": picture() for part in ("train", "test") for kind in ("cat", "dog")}


@pytest.mark.parametrize(("heading", "dropped", "says"), [
    ("Two CSVs", {"train.csv": CSV, "test.csv": CSV}, "2 rows to learn from"),
    ("Many files", {"train/part-1.csv": CSV, "train/part-2.csv": CSV, "test.csv": CSV},
     "4 rows to learn from, in 2 files"),
    ("Parquet", {"1.parquet": table(), "2.parquet": table()}, "6 rows to learn from"),
    pytest.param("Images and other files", CLASSES, "2 images of cat, dog", marks=pytest.mark.tensorflow),
])  # fmt: skip
def test_a_script_finds_the_data_of_its_recipe(
    tmp_path: Path, heading: str, dropped: Mapping[str, bytes], says: str
) -> None:
    shown = sections("data.md")[heading]
    files = {f"data/{name}": content for name, content in dropped.items()}
    files["code/train.py"] = shown["python"].encode()
    if heading != "Two CSVs":  # it needs no recipe
        files["train.yaml"] = shown["yaml"].encode()
    assert says in trained_here(tmp_path, files)


def test_prepared_data_reach_the_training(tmp_path: Path) -> None:
    prepare, train = blocks("prepare.md", "python")
    recipe = blocks("prepare.md", "yaml")[0]
    code = {"train.yaml": recipe, "code/prepare.py": prepare, "code/train.py": train}
    files = {name: text.encode() for name, text in code.items()}
    said = trained_here(tmp_path, files | {"data/train.csv": CSV, "data/test.csv": CSV})
    assert "prepared: train.parquet" in said


def test_a_script_of_aws_batch_copies_its_data_and_its_model(tmp_path: Path) -> None:
    [script] = blocks("dialects.md", "sh")
    train = "import os, shutil\nos.mkdir('export')\nshutil.copy('train.csv', 'export/model.csv')\n"
    code = {"train.yaml": "hyperparameters: {epochs: 2}\n", "code/run.sh": script, "code/train.py": train}
    files = {name: text.encode() for name, text in code.items()}
    trained_here(tmp_path, files | {"data/train.csv": CSV, "data/test.csv": CSV})
    assert (tmp_path / "p/local-run/export/model.csv").read_bytes() == CSV


def trained_here(folder: Path, files: Mapping[str, bytes]) -> str:
    """Train a project of these files by `droptrain local train`; what it printed."""
    for name, content in files.items():
        path = folder / "p" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    said = CommandLine(folder, folder / "state")("local", "train", "p")
    assert said.code == 0, said.out + said.err
    return said.out


@pytest.mark.parametrize(("number", "of_first_attempt"), [
    (1, "epoch 5"), pytest.param(0, "Epoch 5/5", marks=pytest.mark.tensorflow),
])  # fmt: skip
def test_a_second_attempt_continues_from_the_checkpoint(machine, number: int, of_first_attempt: str) -> None:
    script = blocks("checkpoints.md", "python")[number]
    machine.publish("", code=[machine.put(CODE + "train.py", script)], entrypoint="train.py")
    first, second = machine.run(attempt=1), machine.run(attempt=2)
    assert (first.code, second.code) == (0, 0), first.output + second.output
    assert of_first_attempt in first.output
    assert of_first_attempt not in second.output
    assert "Restored checkpoint generation" in second.output
