"""What the site needs beyond the pages of docs/: what these link to outside of it, and two scripts.

A link from a page of docs/ to a file elsewhere in the repository leads to a copy of that file in the site, at
`repository/`; Markdown there is a page. A link to a folder leads to its README.
"""

import base64
import hashlib
import io
import posixpath
import re
import subprocess
import tarfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
REPOSITORY = "repository"
# README.md is the site's first page, and CHANGELOG.md and CONTRIBUTING.md are in its navigation.
INDEX = "README.md"
LINKED = ("CHANGELOG.md", "CONTRIBUTING.md")


@dataclass(frozen=True)
class Script:
    """A script of an npm package, and where it is in the site; `sha512` is the package's, as npm has it."""

    package: str
    version: str
    sha512: str
    member: str
    uri: str


SCRIPTS = (
    # It draws the diagrams.
    Script(
        "mermaid",
        "11.12.0",
        "ZudVx73BwrMJfCFmSSJT84y6u5brEoV8DOItdHomNLz32uBjNrelm7mg95X7g+C6UoQH/W6mBLGDEDv73JdxBg==",
        "dist/mermaid.min.js",
        "javascripts/mermaid.min.js",
    ),
    # It lets the search work in pages that are opened as files.
    Script(
        "iframe-worker",
        "1.0.4",
        "roeaaI+Lg1LJNfgpCjoRe/+WzEjy9+Z08LoEvu85MCPbBjwm+qXz8Ag5U05lHa6V1CysZyGzE0SOkAtSUA5q7Q==",
        "shim/index.js",
        "javascripts/iframe-worker.js",
    ),
)

_LINK = re.compile(r"(?<=\]\()(?P<path>[^)#:\s]+)(?P<anchor>#[^)\s]*)?(?=\))")
_ELSEWHERE = re.compile(r"""<(?:script|link|img)\b[^>]*\s(?:src|href)=["']?https?:[^>]*>""")


def on_files(files: Files, config: Any) -> Files:
    """Add what the pages link to outside of docs/, and the scripts."""
    files.append(_copy(config, "index.md", ROOT / INDEX))
    waiting = [file for file in files if file.src_uri.endswith(".md")]
    waiting += [_copy(config, _uri_of(ROOT / name), ROOT / name) for name in LINKED]
    for file in waiting[-len(LINKED) :]:
        files.append(file)
    while waiting:
        page = waiting.pop()
        source = _source_of(page.src_uri)
        for match in _LINK.finditer(source.read_text("utf-8")):
            target = _target(source, match["path"])
            if target is None or files.get_file_from_path(_uri_of(target)):
                continue
            file = _copy(config, _uri_of(target), target)
            files.append(file)
            if target.suffix == ".md":
                waiting.append(file)
    for script in SCRIPTS:
        files.append(File.generated(config, script.uri, content=_fetch(script)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links lead to where their targets are in the site."""
    source = _source_of(page.file.src_uri)

    def moved(match: re.Match[str]) -> str:
        target = _target(source, match["path"])
        if target is None:
            return match[0]
        uri = posixpath.relpath(_uri_of(target), posixpath.dirname(page.file.src_uri) or ".")
        return uri + (match["anchor"] or "")

    return _LINK.sub(moved, markdown)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """The page as it is; an error if it would load something from another server."""
    if found := _ELSEWHERE.search(output):
        raise PluginError(f"{page.file.src_uri} loads from another server: {found[0]}")
    return output


def _copy(config: Any, uri: str, source: Path) -> File:
    return File.generated(config, uri, abs_src_path=str(source))


def _target(page: Path, link: str) -> Path | None:
    """The file that a link of the page means; None if it isn't one of the repository's."""
    target = (page.parent / link).resolve()
    if target.is_dir():
        target = target / "README.md"
    return target if target.is_relative_to(ROOT) and target.is_file() else None


def _uri_of(path: Path) -> str:
    """Where a file of the repository is in the site."""
    relative = path.relative_to(ROOT).as_posix()
    if relative == INDEX:
        return "index.md"
    return relative.removeprefix("docs/") if relative.startswith("docs/") else f"{REPOSITORY}/{relative}"


def _source_of(uri: str) -> Path:
    """The file of the repository that is at `uri` in the site."""
    if uri == "index.md":
        return ROOT / INDEX
    if uri.startswith(f"{REPOSITORY}/"):
        return ROOT / uri.removeprefix(f"{REPOSITORY}/")
    return ROOT / "docs" / uri


@cache
def _fetch(script: Script) -> bytes:
    """A script from its npm package, which is fetched once, and whose checksum is compared."""
    kept = ROOT / "build" / "npm" / f"{script.package}-{script.version}.tgz"
    kept.parent.mkdir(parents=True, exist_ok=True)
    if not kept.exists():
        command = [
            "npm",
            "pack",
            f"{script.package}@{script.version}",
            "--pack-destination",
            str(kept.parent),
        ]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise PluginError(f"npm (Node 20) could not fetch {script.package}: {error}") from error
    packed = kept.read_bytes()
    if base64.b64encode(hashlib.sha512(packed).digest()).decode() != script.sha512:
        raise PluginError(f"{kept} isn't the package that is pinned in {__file__}; delete it")
    with tarfile.open(fileobj=io.BytesIO(packed)) as package:
        content = package.extractfile(f"package/{script.member}")
        assert content is not None
        return content.read()
