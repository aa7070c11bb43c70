"""The scripts of docs/data.md find the data of their recipes, and those of docs/checkpoints.md continue."""

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
    for name, content in files.items():
        path = tmp_path / "p" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    said = CommandLine(tmp_path, tmp_path / "state")("local", "train", "p")
    assert said.code == 0, said.out + said.err
    assert says in said.out


@pytest.mark.parametrize(("number", "of_first_attempt"), [
    (1, "epoch 5"), pytest.param(0, "Epoch 5/5", marks=pytest.mark.tensorflow),
])  # fmt: skip
def test_a_second_attempt_continues_from_the_checkpoint(machine, number: int, of_first_attempt: str) -> None:
    text = (REPOSITORY / "docs" / "checkpoints.md").read_text("utf-8")
    script = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[number]
    machine.publish("", code=[machine.put(CODE + "train.py", script)], entrypoint="train.py")
    first, second = machine.run(attempt=1), machine.run(attempt=2)
    assert (first.code, second.code) == (0, 0), first.output + second.output
    assert of_first_attempt in first.output
    assert of_first_attempt not in second.output
    assert "Restored checkpoint generation" in second.output
