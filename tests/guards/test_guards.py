"""The rules of the code hold: each import contract sees what breaks it; modules stay small."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYER = "layers/droptrain/python"
SOURCES = (LAYER, "src", "image", "functions")
MOST_LINES = 400


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code, without what is installed or built beside it."""
    folder = tmp_path_factory.mktemp("code")
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    places = [*(str(folder / name) for name in SOURCES if name != "functions"), str(folder)]
    one_line_each = {"COLUMNS": "400"}
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=folder, env={**os.environ, **one_line_each, "PYTHONPATH": os.pathsep.join(places)}, text=True,
        capture_output=True, check=False, timeout=100,
    )  # fmt: skip


# (module, a line that it must not have, the contract that sees it)
BREACHES = [
    (f"{LAYER}/droptrain_core/domain/times.py", "import boto3, os", "the domain is pure"),
    (f"{LAYER}/droptrain_core/launch/decide.py", "import droptrain_core.aws.bucket", "the decision of"),
    (f"{LAYER}/droptrain_core/domain/times.py", "import random", "the domain is pure"),
    (f"{LAYER}/droptrain_core/domain/times.py", "import droptrain_core.aws.bucket", "wiring -> use cases"),
    (f"{LAYER}/droptrain_core/aws/bucket.py", "import droptrain_core.cancel", "wiring -> use cases"),
    (f"{LAYER}/droptrain_core/a_new_module.py", "X = 1", "wiring -> use cases"),
    (f"{LAYER}/droptrain_core/launch/decide.py", "import droptrain_core.launch.gather", "launch:"),
    (f"{LAYER}/droptrain_core/domain/runs/run.py", "import droptrain_core.domain.diagnosis",
     "the domain's rooms"),
    (f"{LAYER}/droptrain_core/domain/runs/run.py", "import droptrain_core.domain.costs.cost",
     "the domain's rooms"),
    (f"{LAYER}/droptrain_core/domain/a_new_room.py", "X = 1", "the domain's rooms"),
    (f"{LAYER}/droptrain_core/domain/costs/a_new_module.py", "X = 1", "costs:"),
    (f"{LAYER}/droptrain_core/cancel.py", "import boto3", "only adapters"),
    ("functions/run_changed/app.py", "import droptrain_core.aws.bucket", "functions translate"),
    (f"{LAYER}/droptrain_core/cancel.py", "import droptrain_local.cloud", "nothing deployed"),
    ("src/droptrain/runs.py", "import droptrain_cli.main", "the client needs no command"),
    ("image/droptrain_container/s3.py", "import droptrain_core.domain.times", "the image knows"),
]  # fmt: skip


@pytest.fixture(scope="module")
def broken(copy: Path) -> dict[str, str]:
    """What the linter says of each broken contract, by its name, if every breach is in the code at once."""
    code = copy.with_name("broken")
    shutil.copytree(copy, code)
    for module, line, _ in BREACHES:
        with (code / module).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    found = lint(code)
    assert found.returncode == 1, found.stdout + found.stderr
    parts = re.split(r"^(.+)\n-+\n", found.stdout.partition("Broken contracts")[2], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize(("module", "line", "contract"), BREACHES)
def test_a_breach_is_seen_by_its_contract(
    broken: dict[str, str], module: str, line: str, contract: str
) -> None:
    (found,) = (text for name, text in broken.items() if name.startswith(contract))
    path = next(module.removeprefix(f"{name}/") for name in SOURCES if module.startswith(name))
    breaking = path.removesuffix(".py").replace("/", ".")
    for imported in line.removeprefix("import ").split(", "):
        assert (f"{breaking} -> {imported} " if "import" in line else f"- {breaking}\n") in found


def test_the_contracts_hold_as_the_code_is(copy: Path) -> None:
    found = lint(copy)
    assert found.returncode == 0, found.stdout


def test_no_module_is_longer_than_a_reader_holds_in_mind() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for name in SOURCES
        for path in (ROOT / name).rglob("*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


@pytest.mark.parametrize(("code", "rule"), [
    ("def f(a, b, c, d, e, f, g, h, i):\n    return a\n", "PLR0913"),
    ("def f(a):\n" + "".join(f"    if a == {n}:\n        a += 1\n" for n in range(11)), "C901"),
    ("def f(a):\n" + "    a += 1\n" * 51, "PLR0915"),
])  # fmt: skip
def test_a_function_that_is_too_large_is_seen(code: str, rule: str) -> None:
    found = subprocess.run(
        [str(Path(sys.executable).with_name("ruff")), "check", "--no-cache", "--select", rule,
         "--config", str(ROOT / "pyproject.toml"), "--stdin-filename", "layers/a.py", "-"],
        cwd=ROOT, input=code, text=True, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert rule in found.stdout
