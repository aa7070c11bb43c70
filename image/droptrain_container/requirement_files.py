"""Which file of the code says what packages it needs, and everything that the installation depends on."""

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

UV, PIPENV, PIP = "uv.lock", "Pipfile", "requirements.txt"
_BESIDE = {
    UV: ("uv.lock", "pyproject.toml"),
    PIPENV: ("Pipfile", "Pipfile.lock"),
}  # fmt: skip
_INCLUDES = re.compile(r"^\s*(?:-[rc]\s+|--(?:requirement|constraint)(?:=|\s+))(\S+)", re.MULTILINE)
# A path of this machine, in a requirements file, a Pipfile or a lock file.
_LOCAL = re.compile(
    r"""^\s*(?:-e|--editable|-f|--find-links)\b"""
    r"""|(?:^|[\s=@"'])(?:\.{0,2}/|file:)"""
    r"""|^[^:@\s]+\.(?:whl|zip|tar\.gz)\b"""
    r"""|\b(?:path|file|directory)"?\s*[=:]""",
    re.MULTILINE,
)
_EDITABLE = re.compile(r"""^\s*(?:-e|--editable)\b|\beditable"?\s*[=:]""", re.MULTILINE)


@dataclass(frozen=True)
class Requirements:
    """The file or files that name the packages; `kind` is UV, PIPENV or PIP."""

    kind: str
    code: Path

    def depends_on(self) -> list[tuple[str, str]]:
        """(path, SHA-256) of every file that decides what is installed; FileNotFoundError.

        Files that requirements.txt names with -r and -c are among them. If one of them names a path, so is
        all of the code, and also its place if a package is installed editable.
        """
        files = self._files()
        text = "\n".join(path.read_text("utf-8", "replace") for path in files)
        if _LOCAL.search(text):
            files |= {path for path in self.code.rglob("*") if path.is_file()}
        digests = sorted(
            (os.path.relpath(path, self.code), hashlib.sha256(path.read_bytes()).hexdigest())
            for path in files
        )
        return [*digests, *([(str(self.code), "")] if _EDITABLE.search(text) else [])]

    def _files(self) -> set[Path]:
        if self.kind in _BESIDE:
            return {path for name in _BESIDE[self.kind] if (path := self.code / name).is_file()}
        found: set[Path] = set()
        waiting = [self.code / PIP]
        while waiting:
            path = waiting.pop()
            if path not in found:
                found.add(path)
                named = _INCLUDES.findall(path.read_text("utf-8", "replace"))
                waiting += [path.parent / name for name in named if "://" not in name]
        return found


def find(code: Path) -> Requirements | None:
    """What names the packages of the code: a lock of uv, a Pipfile or its lock, else requirements.txt."""
    if all((code / name).is_file() for name in _BESIDE[UV]):
        return Requirements(UV, code)
    if any((code / name).is_file() for name in _BESIDE[PIPENV]):
        return Requirements(PIPENV, code)
    return Requirements(PIP, code) if (code / PIP).is_file() else None


def calls_pipenv(code: Iterable[Path]) -> bool:
    """Whether any file of the code calls pipenv, which then needs an environment."""
    return any(b"pipenv" in path.read_bytes() for path in code if path.suffix in {".sh", ".py"})
