"""Fetches the console's libraries, and axe-core for its tests: pinned by the checksum of their npm package.

    python console/vendor.py          writes them anew and records what they are in vendor/VENDORED.json
    python console/vendor.py --check  tells, without a network, whether the files are as recorded

A browser takes no bare names in imports without an import map, which the page's policy forbids; so `preact`
in hooks.mjs becomes a path, and uPlot's script becomes a module. Nothing else is changed.
"""

import base64
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
RECORD = HERE / "vendor" / "VENDORED.json"


@dataclass(frozen=True)
class File:
    """A file of a package, where it goes to from the repository's root, and what is changed in it."""

    source: str
    target: str
    change: Callable[[str], str] = lambda text: text
    changed: str | None = None


@dataclass(frozen=True)
class Package:
    """An npm package; `sha512` is its tarball's, base64, as npm's `integrity` has it."""

    name: str
    version: str
    licence: str
    sha512: str
    files: tuple[File, ...]


def _without_bare_name(text: str) -> str:
    assert text.count('from"preact"') == 1
    return text.replace('from"preact"', 'from"./preact.mjs"')


PACKAGES = (
    Package("preact", "11.2.0", "MIT",
            "/HfHI/7N84e6GrWBJ3J280z3mLaRJiDcSvj/A+y/4AbL"
            "nND/1UlGHe1sR6oYuTGwId0nP7dqDU9OnLxMPZ7xBg==", (
        File("dist/preact.mjs", "console/vendor/preact.mjs"),
        File("hooks/dist/hooks.mjs", "console/vendor/hooks.mjs", _without_bare_name,
             'from"preact" is from"./preact.mjs"'),
        File("LICENSE", "console/vendor/preact.LICENSE.txt"),
    )),
    Package("htm", "3.1.1", "Apache-2.0",
            "983Vyg8NwUE7JkZ6NmOqpCZ+sh1bKv2iYTlUkzlWmA5J"
            "D2acKoxd4KVxbMmxX/85mtfdnDmTFoNKcg5DGAvxNQ==", (
        File("dist/htm.mjs", "console/vendor/htm.mjs"),
        File("LICENSE", "console/vendor/htm.LICENSE.txt"),
    )),
    Package("uplot", "1.6.32", "MIT",
            "KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXI"
            "mkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==", (
        File("dist/uPlot.iife.min.js", "console/vendor/uplot.mjs",
             lambda text: text.rstrip() + "\nexport default uPlot;\n", "a last line exports uPlot"),
        File("dist/uPlot.min.css", "console/vendor/uplot.css"),
        File("LICENSE", "console/vendor/uplot.LICENSE.txt"),
    )),
    Package("diff", "9.0.0", "BSD-3-Clause",
            "svtcdpS8CgJyqAjEQIXdb3OjhFVVYjzGAPO8WGCmRbrm"
            "l64SPw/jJD4GoE98aR7r25A0XcgrK3F02yw9R/vhQw==", (
        File("libesm/diff/base.js", "console/vendor/diff/base.js"),
        File("libesm/diff/array.js", "console/vendor/diff/array.js"),
        File("LICENSE", "console/vendor/diff.LICENSE.txt"),
    )),
    Package("axe-core", "4.14.1", "MPL-2.0",
            "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NP"
            "jCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==", (
        File("axe.min.js", "tests/browser/vendor/axe.min.js"),
        File("LICENSE", "tests/browser/vendor/axe.LICENSE.txt"),
    )),
)  # fmt: skip


def fetch(package: Package) -> dict[str, str]:
    """The files of a package by their place in it; SystemExit if it isn't the one that is pinned."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--ignore-scripts", f"{package.name}@{package.version}"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        [tarball] = Path(folder).glob("*.tgz")
        content = tarball.read_bytes()
    found = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != package.sha512:
        sys.exit(f"{package.name} {package.version} isn't the pinned one: its sha512 is {found}")
    texts = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for file in package.files:
            member = archive.extractfile(f"package/{file.source}")
            assert member, file.source
            texts[file.source] = member.read().decode()
    return texts


def write() -> None:
    """Write every file, and the record of them."""
    record = []
    for package in PACKAGES:
        texts = fetch(package)
        files = []
        for file in package.files:
            target = ROOT / file.target
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(file.change(texts[file.source]), "utf-8")
            files.append(
                {"file": file.target, "from": file.source, "sha256": digest(target), "changed": file.changed}
            )
        record.append({
            "name": package.name, "version": package.version, "licence": package.licence,
            "package_sha512": package.sha512, "files": files,
        })  # fmt: skip
    RECORD.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def differences() -> Iterator[str]:
    """What isn't as recorded."""
    record = json.loads(RECORD.read_text("utf-8"))
    pinned = [(package.name, package.version, package.sha512) for package in PACKAGES]
    if [(each["name"], each["version"], each["package_sha512"]) for each in record] != pinned:
        yield "VENDORED.json names other packages than vendor.py"
    for file in (file for each in record for file in each["files"]):
        if digest(ROOT / file["file"]) != file["sha256"]:
            yield f"{file['file']} isn't as recorded"


def digest(path: Path) -> str:
    """A file's sha256, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit("\n".join(differences()) or 0)
    write()
