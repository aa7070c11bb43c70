"""Builds a release into dist/: the wheel, what SAM deploys, the image's folder, what is in them, checksums.

    python -m droptrain_release.build

The same commit gives the same bytes: their time is what SOURCE_DATE_EPOCH says, or else the commit's.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Mapping
from pathlib import Path

from droptrain_release import licences, sbom
from droptrain_release.archive import pack

ROOT = Path(__file__).parents[2]
WORK = ROOT / "build" / "release"
DIST = ROOT / "dist"
# Their environment has newer versions of what tests need in older ones.
TOOLS = ROOT / ".venv-release" / "bin"
HERE = Path(sys.executable).parent
# Of the base image; it decides which packages a condition leaves out.
IMAGE_PYTHON = "3.12"


def run(*command: object, environment: Mapping[str, str]) -> str:
    """What a command says; SystemExit with what it complains about if it fails."""
    words = [str(word) for word in command]
    answer = subprocess.run(words, cwd=ROOT, env={**environment}, capture_output=True, text=True, check=False)
    if answer.returncode:
        sys.exit(f"{' '.join(words[:3])} ... failed:\n{answer.stdout[-2000:]}{answer.stderr[-2000:]}")
    return answer.stdout


def epoch_of(environment: Mapping[str, str]) -> int:
    """The release's time, Unix seconds."""
    given = environment.get("SOURCE_DATE_EPOCH")
    return int(given or run("git", "log", "-1", "--format=%ct", environment=environment))


def look_at(tree: Path) -> Path:
    """A Python that sees the packages of a tree and nothing else, for tools that look at environments."""
    folder = WORK / "look" / tree.name
    venv.create(folder, with_pip=False, clear=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "tree.pth").write_text(f"{tree}\n", "utf-8")
    return folder / "bin" / "python"


def main() -> None:
    """Build everything anew, from a commit; SystemExit if that can't be done."""
    environment = dict(os.environ)
    if run("git", "status", "--porcelain", environment=environment):
        sys.exit("A release is built from a commit: commit or stash your changes first.")
    epoch = epoch_of(environment)
    environment |= {
        "SOURCE_DATE_EPOCH": str(epoch),
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": environment.get("AWS_DEFAULT_REGION", "eu-west-1"),
    }
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    for folder in (WORK, DIST):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    print("The wheel ...")
    run(HERE / "python", "-m", "hatchling", "build", "-t", "wheel", "-d", DIST, environment=environment)

    print("What SAM deploys ...")
    sam = WORK / "sam"
    run(HERE / "sam", "build", "--build-dir", sam, environment=environment)
    files = [path for path in sam.rglob("*") if path.is_file()]
    pack(sam, files, DIST / f"droptrain-{version}-sam.zip", epoch)

    print("The image's folder ...")
    tracked = run("git", "ls-files", "image", environment=environment).split()
    pack(ROOT / "image", [ROOT / name for name in tracked], DIST / f"droptrain-{version}-image.zip", epoch)

    print("What is in them ...")
    image = WORK / "image"
    run(
        HERE / "uv", "pip", "install", "--quiet", "--target", image, "--python", HERE / "python",
        "--python-platform", "x86_64-manylinux2014", "--python-version", IMAGE_PYTHON,
        "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", "image/requirements.txt",
        environment=environment,
    )  # fmt: skip
    trees = {
        "The functions' layer": sam / "DroptrainLayer" / "python",
        "The API's function": sam / "RunsApiFunction",
        "The function of sweeps": sam / "TrialEndedFunction",
        "The image's own environment": image,
    }
    names = {
        "python": "layer",
        "RunsApiFunction": "runs_api",
        "TrialEndedFunction": "trial_ended",
        "image": "image",
    }
    sets = {}
    for title, tree in trees.items():
        python = look_at(tree)
        bill = DIST / f"droptrain-{version}-{names[tree.name]}.cdx.json"
        run(
            TOOLS / "cyclonedx-py", "environment", "--output-reproducible", f"--sv={sbom.SPEC_VERSION}",
            "--pyproject=pyproject.toml", "--mc-type=application", f"--output-file={bill}", python,
            environment=environment,
        )  # fmt: skip
        answer = run(
            TOOLS / "pip-licenses", f"--python={python}", "--from=mixed", "--format=json", "--with-system",
            "--with-license-file", "--with-notice-file", "--no-license-path", environment=environment,
        )  # fmt: skip
        sets[title] = licences.of_pip_licenses(json.loads(answer))
    # Gigabytes that needn't be fetched to be listed.
    run(
        TOOLS / "cyclonedx-py", "requirements", "--output-reproducible", f"--sv={sbom.SPEC_VERSION}",
        f"--output-file={DIST / f'droptrain-{version}-image-tensorflow.cdx.json'}",
        "image/requirements-gpu.txt",
        environment=environment,
    )  # fmt: skip
    vendored = json.loads((ROOT / "console" / "vendor" / "VENDORED.json").read_text("utf-8"))
    bill = DIST / f"droptrain-{version}-console.cdx.json"
    bill.write_text(sbom.of_console(vendored, version, epoch), "utf-8")
    sets["The console's libraries"] = licences.of_vendored(vendored, ROOT)
    run(
        TOOLS / "python", "-m", "droptrain_release.check_sboms", *sorted(DIST.glob("*.cdx.json")),
        environment={**environment, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    try:
        licences.refuse(package for packages in sets.values() for package in packages)
    except licences.LicenceRefusedError as error:
        sys.exit(str(error))
    (DIST / "LICENSES").write_text(licences.page(sets), "utf-8")

    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in sorted(DIST.iterdir())
    ]
    (DIST / "SHA256SUMS").write_text("\n".join(sums) + "\n", "utf-8")
    print("\n".join(["", *sums]))


if __name__ == "__main__":
    main()
