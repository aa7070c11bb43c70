"""What ships is the same, byte for byte, wherever and whenever it is built from the same files."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from template import ROOT, template

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
)


def digests(folder: Path) -> dict[str, str]:
    """Every file below a folder, with its sha256 and whether it can be run."""
    return {
        str(path.relative_to(folder)): f"{hashlib.sha256(path.read_bytes()).hexdigest()} "
        f"{path.stat().st_mode & 0o100}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def build(source: Path, requirements: str, target: Path, mount: str) -> dict[str, str]:
    subprocess.run(
        [ROOT / "functions/build.sh", requirements, target, mount],
        cwd=source, check=True, capture_output=True, timeout=100,
    )  # fmt: skip
    return digests(target)


@pytest.mark.parametrize(("logical_id", "requirements", "mount"), [
    (LAYER, "../requirements.txt", "/opt/python"),
    (API, "requirements.txt", "/var/task"),
])  # fmt: skip
def test_two_builds_in_different_folders_are_the_same(
    tmp_path: Path, logical_id, requirements, mount
) -> None:
    resource = template()["Resources"][logical_id]["Properties"]
    source = ROOT / (resource.get("ContentUri") or resource["CodeUri"])
    # The second from a copy of the code with other times, as of another checkout.
    copied = tmp_path / "elsewhere" / "source" / "python"
    copied.parent.mkdir(parents=True)
    shutil.copytree(source, copied, copy_function=shutil.copyfile)
    shutil.copyfile(source / requirements, copied / requirements)
    once = build(source, requirements, tmp_path / "once", mount)
    again = build(copied, requirements, tmp_path / "again" / "deeper", mount)
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
