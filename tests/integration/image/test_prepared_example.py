"""examples/prepared: its recipe, what the step writes, and that the training reads it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from droptrain_core import recipe_yaml
from droptrain_core.domain.recipes.recipe import parse

EXAMPLE = Path(__file__).parents[3] / "examples/prepared"


def write_raw(folder: Path, orders: int) -> None:
    """Two CSVs of orders and one of their customers; one order's customer is unknown."""
    lines = [
        f"{n},{n % 20},2026-11-{n % 28 + 1:02},{n % 7 + 1},{n % 50}.5,{(n % 7 + 1) * (n % 50 + 0.5)}"
        for n in range(orders)
    ]
    for number, half in enumerate((lines[::2], lines[1::2])):
        path = folder / "orders" / f"orders-{number}.csv"
        path.parent.mkdir(exist_ok=True)
        rows = [
            "order,customer,day,quantity,price,amount",
            *half,
            f"{orders + number},99,2026-11-01,1,1.5,1.5",
        ]
        path.write_text("\n".join(rows) + "\n")
    people = [f"{n},{20 + n},{'business' if n % 2 else 'private'}" for n in range(20)]
    (folder / "customers").mkdir()
    (folder / "customers" / "customers.csv").write_text("\n".join(["customer,age,kind", *people]) + "\n")


def run(script: str, folder: Path, *words: str) -> str:
    environment = os.environ | {
        "SM_CHANNEL_ORDERS": str(folder / "orders"), "SM_CHANNEL_CUSTOMERS": str(folder / "customers"),
        "PREPARED_DIR": str(folder / "prepared"), "SM_CHANNEL_PREPARED": str(folder / "prepared"),
        "SM_MODEL_DIR": str(folder / "model"), "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(EXAMPLE / "code" / script), *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_recipe_is_one_and_the_step_gets_its_own_files() -> None:
    recipe = parse(recipe_yaml.parse((EXAMPLE / "train.yaml").read_bytes()))
    assert recipe.prepare
    assert {"prepare.py", "requirements.txt"} == set(recipe.prepare.code)
    assert all((EXAMPLE / "code" / name).exists() for name in recipe.prepare.code)


@pytest.mark.tensorflow
def test_the_training_reads_what_the_step_has_written(tmp_path: Path) -> None:
    write_raw(tmp_path, 2000)
    output = run("prepare.py", tmp_path)
    counts = [int(line.partition("=")[2]) for line in output.splitlines() if "_rows" in line]
    assert sum(counts) == 2000
    assert 100 < counts[1] < 300
    assert {path.parent.name for path in tmp_path.rglob("*.tfrecord")} == {"train", "test"}
    assert "test_loss = " in run("train.py", tmp_path, "--epochs", "1")
    assert (tmp_path / "model" / "1" / "saved_model.pb").exists()
