"""What ships is the same, byte for byte, wherever and whenever it is built from the same files."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.template import ROOT, template

LAYER, API = "DroptrainLayer", "RunsApiFunction"
# What `hatchling` puts into the wheel, and what it reads.
OF_THE_WHEEL = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    ".gitignore",
    "src",
    "layers",
    "console",
    "examples",
    "image",
)


def digests(folder: Path) -> dict[str, str]:
    """Every file below a folder, with its sha256 and whether it can be run."""
    return {
        str(path.relative_to(folder)): f"{hashlib.sha256(path.read_bytes()).hexdigest()} "
        f"{path.stat().st_mode & 0o100}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def build(checkout: Path, logical_id: str, target: Path) -> dict[str, str]:
    """What a checkout's build makes of one resource: the path below `target` and digest of every file."""
    resource = template()["Resources"][logical_id]["Properties"]
    is_layer = logical_id == LAYER
    command = [
        checkout / "functions" / "build.sh",
        "../requirements.txt" if is_layer else "requirements.txt",
        target,
        "/opt/python" if is_layer else "/var/task",
    ]
    source = checkout / resource["ContentUri" if is_layer else "CodeUri"]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=100)
    return digests(target)


@pytest.fixture
def another_checkout(tmp_path: Path) -> Path:
    """The same files elsewhere, younger, with their Python at another path."""
    checkout = tmp_path / "elsewhere"
    for name in ("functions", "layers"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, checkout / name, copy_function=shutil.copy, ignore=ignored)
    (checkout / ".venv").symlink_to(Path(sys.prefix))
    return checkout


@pytest.mark.parametrize("logical_id", [LAYER, API])
def test_two_builds_in_different_checkouts_are_the_same(another_checkout: Path, logical_id: str) -> None:
    once = build(ROOT, logical_id, another_checkout.parent / "once")
    again = build(another_checkout, logical_id, another_checkout.parent / "again" / "deeper")
    assert len(once) > 50
    assert {name: once.get(name) for name in again if once.get(name) != again[name]} == {}
    assert set(once) == set(again)


def test_the_wheel_is_the_same_from_another_checkout(tmp_path: Path) -> None:
    checkout = tmp_path / "elsewhere"
    checkout.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache")
    for name in OF_THE_WHEEL:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, checkout / name, copy_function=shutil.copy, ignore=ignored)
        else:
            shutil.copy(ROOT / name, checkout / name)
    wheels = []
    for folder in (ROOT, checkout):
        target = tmp_path / f"wheel-{len(wheels)}"
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=100)
        (wheel,) = target.iterdir()
        wheels.append(hashlib.sha256(wheel.read_bytes()).hexdigest())
    assert wheels[0] == wheels[1]


def test_everything_that_is_installed_is_pinned_by_its_hash() -> None:
    files = subprocess.run(
        ["git", "ls-files", "*requirements*.txt", "requirements/*.txt"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    assert len(files) >= 7
    for name in files:
        if name.startswith("examples/"):
            continue  # as users write it
        for requirement in (ROOT / name).read_text("utf-8").replace("\\\n", " ").splitlines():
            if requirement and not requirement.startswith("#"):
                assert "==" in requirement, f"{name}: {requirement[:60]}"
                assert "--hash=sha256:" in requirement, f"{name}: {requirement[:60]}"


@pytest.mark.parametrize("script", ["Makefile", "image/Dockerfile", "functions/build.sh"])
def test_every_install_asks_for_hashes(script: str) -> None:
    text = (ROOT / script).read_text("utf-8").replace("\\\n", " ")
    installs = [line for line in text.splitlines() if "pip install" in line or "/python3 install" in line]
    assert installs
    for line in installs:
        # The project's own code is there already.
        assert "--require-hashes" in line or line.rstrip().endswith("-e ."), line
