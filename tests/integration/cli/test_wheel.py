"""The wheel's command works with what the wheel asks for, and nothing of a checkout."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NEEDED = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]


def with_what_they_need(names: list[str]) -> set[str]:
    """The packages and all that they need in turn, by their normal names."""
    found: set[str] = set()
    left = [re.sub("_", "-", name.lower()) for name in names]
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        for line in distribution(name).requires or []:
            if "extra ==" not in line and "python_version <" not in line and "sys_platform" not in line:
                left.append(re.sub("_", "-", re.split(r"[^A-Za-z0-9._-]", line)[0].lower()))
    return found


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unpacked wheel, and links to its dependencies alone."""
    folder = tmp_path_factory.mktemp("wheel")
    made = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    [wheel] = folder.glob("droptrain-*.whl")
    site = folder / "site"
    with zipfile.ZipFile(wheel) as content:
        content.extractall(site)
    for name in with_what_they_need(NEEDED):
        for file in distribution(name).files or []:
            top = file.parts[0]
            if top != ".." and not (site / top).exists():
                (site / top).symlink_to(Path(str(distribution(name).locate_file(top))))
    return site


def droptrain(installed: Path, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    start = f"import sys; sys.path.insert(0, {str(installed)!r}); from droptrain_cli.main import main; main()"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DROPTRAIN_STATE_DIR": str(tmp_path)}
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", start, *arguments],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_help_and_version_are_there(installed: Path, tmp_path: Path) -> None:
    result = droptrain(installed, tmp_path, "--help")
    assert result.returncode == 0, result.stderr
    assert "doctor" in result.stdout
    assert "0.1.0" in droptrain(installed, tmp_path, "--version").stdout


def test_a_command_finds_no_stack_and_says_so(installed: Path, tmp_path: Path) -> None:
    result = droptrain(installed, tmp_path, "runs")
    assert (result.returncode, result.stdout) == (1, "")
    assert "Name a stack (--stack NAME, or DROPTRAIN_STACK)" in result.stderr


def test_the_client_needs_no_more_than_the_command(installed: Path, tmp_path: Path) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(installed)!r}); import droptrain; droptrain.project('penguins')"
    )
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DROPTRAIN_STATE_DIR": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.stderr.splitlines()[-1].startswith("droptrain.errors.StackError: No stack is named")


@pytest.mark.parametrize("command", ["up", "demo"])
def test_the_laptop_cloud_says_that_it_needs_a_checkout(
    installed: Path, tmp_path: Path, command: str
) -> None:
    result = droptrain(installed, tmp_path, "local", command)
    assert result.returncode == 1
    assert "it runs from a checkout of droptrain" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_new_project_is_made_and_checked(installed: Path, tmp_path: Path) -> None:
    result = droptrain(installed, tmp_path, "init", "mine", "--dialect", "vertex")
    assert result.returncode == 0, result.stderr
    checked = droptrain(installed, tmp_path, "validate", "mine")
    assert (checked.returncode, checked.stdout[:12]) == (0, "All is well:"), checked.stderr


def test_the_console_s_page_is_in_it(installed: Path, tmp_path: Path) -> None:
    result = droptrain(installed, tmp_path, "console", "--no-open")
    assert "Name a stack" in result.stderr
    start = (
        f"import sys; sys.path.insert(0, {str(installed)!r}); from droptrain_cli.console.page import Page; "
    )
    asked = "print(Page().get('/runs/r', {}).body.decode())"
    page = subprocess.run(
        [sys.executable, "-I", "-S", "-c", start + asked], capture_output=True, text=True, check=False
    )
    assert page.stdout.strip() == (ROOT / "console" / "index.html").read_text("utf-8").strip(), page.stderr


def test_the_wheel_needs_mlflow_s_client_only_for_its_extra(installed: Path):
    [metadata] = installed.glob("droptrain-*.dist-info/METADATA")
    assert "Requires-Dist: mlflow-skinny; extra == 'mlflow'" in metadata.read_text("utf-8")
    assert not (installed / "mlflow").exists()
