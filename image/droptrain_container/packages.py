"""The packages that the code names: installed by uv once, and kept in the bucket for the runs after.

What is installed is a virtual environment that also sees the image's packages: TensorFlow stays the image's.
`pipenv run` uses the same environment.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from droptrain_container.exit_codes import EndError
from droptrain_container.requirement_files import PIPENV, UV, Requirements
from droptrain_container.s3 import Bucket, MissingError

# Of the installer's words at each end: it begins with what it did, and ends with the reason.
_SHOWN_CHARACTERS = 150
# An environment is often larger than the memory that the entrypoint may take: it is never held whole.
_LARGE_BYTES = 1 << 30
# What an environment depends on beside the code's files; printed by the Python that the code gets.
_ABOUT = (
    "import json, platform, sys; from importlib.metadata import distributions; "
    "print(json.dumps({'python': [sys.version, sys.prefix, platform.machine()], "
    "'installed': [(d.name, d.version, str(getattr(d, '_path', ''))) for d in distributions() if d.name], "
    "'paths': [p for p in sys.path if p.endswith(('site-packages', 'dist-packages'))]}))"
)
# What decides where packages come from, in pip's words and in uv's, which reads no other.
_OF_PIP = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_TRUSTED_HOST": "UV_INSECURE_HOST",
    "PIP_CONSTRAINT": "UV_CONSTRAINT",
    "PIP_CERT": "SSL_CERT_FILE",
}
# Beside the entrypoint's Python, and isolated from the code's settings of Python.
_UV = (sys.executable, "-I", "-m", "uv")
_PIPENV = (sys.executable, "-I", "-m", "pipenv")
_DECIDES = re.compile(r"UV_|PIP_|PIPENV_")
_QUIETLY = {
    "UV_NO_CACHE": "1",
    "UV_LINK_MODE": "copy",
    "UV_NO_PROGRESS": "1",
    "UV_PYTHON_DOWNLOADS": "never",
}
_DRAWN = re.compile(r"[^\x20-\x7e]+")


class Packages:
    """The virtual environment in `folder`; copies of it lie below `prefix`, named by what they depend on."""

    def __init__(self, bucket: Bucket, prefix: str, folder: Path, say: Callable[[str], None]) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._folder = folder
        self._say = say

    def install(self, wanted: Requirements | None, python: str, environment: Mapping[str, str]) -> None:
        """Make the environment, without packages of its own if none are `wanted`.

        EndError (packages_not_installed) with the words of uv or pipenv.
        """
        about = json.loads(_run([python, "-c", _ABOUT], environment, "The image's Python"))
        given = _for_uv(environment)
        if wanted is None:
            self._make(python, about, given)
            return
        decides = {name: value for name, value in given.items() if _DECIDES.match(name)}
        try:
            depends_on = [wanted.depends_on(), about, decides]
        except FileNotFoundError as error:
            raise EndError(
                "bad_data", f"{wanted.kind} names a file that isn't there: {error.filename}"
            ) from None
        digest = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()
        key = f"{self._prefix}{digest}.tar.gz"
        if not self._restore(key, wanted.kind):
            self._say(f"Installing {wanted.kind}.")
            self._make(python, about, given)
            self._fill(wanted, given)
            self._keep(key)

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """What makes the code, and pipenv in it, use the environment."""
        path = environment.get("PATH", os.defpath)
        return {
            "PATH": f"{self._folder / 'bin'}{os.pathsep}{path}",
            "VIRTUAL_ENV": str(self._folder),
            "PIPENV_VERBOSITY": "-1",  # else pipenv says at each call that it found an environment
        }

    def _make(self, python: str, about: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        """An environment that sees the packages of `python`.

        uv looks for what is installed in the environment alone, so it gets the metadata of all of these: what
        fits isn't installed again. It can move, as its programs find their Python beside them.
        """
        words = [*_UV, "venv", "--quiet", "--no-project", "--relocatable", "--python", python]
        _run([*words, str(self._folder)], environment, "The environment")
        own = next(self._folder.glob("lib/python*/site-packages"))
        (own / "image.pth").write_text("\n".join(about["paths"]) + "\n", "utf-8")
        named: set[str] = set()
        for name, _, found in about["installed"]:
            metadata = Path(found)
            if name.lower() in named or metadata.suffix != ".dist-info":
                continue
            named.add(name.lower())
            _copy_metadata(metadata, own / metadata.name)
        if "pip" in named:
            for program in ("pip", "pip3"):
                _write_program(self._folder / "bin" / program, "pip")

    def _fill(self, wanted: Requirements, environment: Mapping[str, str]) -> None:
        program = str(self._folder / "bin" / "python")
        words = [*_UV, "pip", "install", "--quiet", "--python", program, *_no_index(environment), "-r"]
        if wanted.kind in (UV, PIPENV):
            listed = self._listed(wanted, environment)
            _run([*words, "-"], environment, wanted.kind, wanted.code, listed)
        else:
            _run([*words, wanted.kind], environment, wanted.kind, wanted.code)

    def _listed(self, wanted: Requirements, environment: Mapping[str, str]) -> str:
        """What a lock file names, as a requirements file; a Pipfile without a lock that fits is locked."""
        if wanted.kind == UV:
            words = ["export", "--frozen", "--no-emit-project", "--no-dev", "--no-header", "--quiet"]
            python = ["--python", str(self._folder / "bin" / "python")]
            return _run([*_UV, *words, *python], environment, wanted.kind, wanted.code)
        given = {**environment, **self.variables(environment), "PIPENV_NOSPIN": "1"}
        with tempfile.TemporaryDirectory(dir=self._folder.parent) as cache:
            given["PIPENV_CACHE_DIR"] = cache
            if (wanted.code / "Pipfile").is_file() and not _is_locked(given, wanted.code):
                _run([*_PIPENV, "lock"], given, wanted.kind, wanted.code)
            return _run([*_PIPENV, "requirements"], given, wanted.kind, wanted.code)

    def _restore(self, key: str, kind: str) -> bool:
        with tempfile.NamedTemporaryFile(dir=self._folder.parent, suffix=".tar.gz") as archive:
            try:
                self._bucket.download(key, Path(archive.name), _LARGE_BYTES)
            except MissingError:
                return False
            with tarfile.open(archive.name, mode="r:gz") as packed:
                packed.extractall(self._folder, filter="tar")
        self._say(f"Took the packages of {kind} from an earlier run.")
        return True

    def _keep(self, key: str) -> None:
        with tempfile.NamedTemporaryFile(dir=self._folder.parent, suffix=".tar.gz") as archive:
            with tarfile.open(fileobj=archive, mode="w:gz", compresslevel=1) as packed:
                packed.add(self._folder, arcname=".")
            archive.flush()
            try:
                self._bucket.upload(Path(archive.name), key)
            except EndError as error:  # the next run installs them again
                self._say(f"The packages could not be kept: {error}")


def _is_locked(environment: Mapping[str, str], code: Path) -> bool:
    """Whether Pipfile.lock is of this Pipfile."""
    if not (code / "Pipfile.lock").is_file():
        return False
    checked = subprocess.run(
        [*_PIPENV, "verify"], env=dict(environment), cwd=code, capture_output=True, check=False
    )
    return checked.returncode == 0


def _for_uv(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which uv does as pip would: pip's settings, and the best version of all indexes."""
    given = {"UV_INDEX_STRATEGY": "unsafe-best-match", **environment, **_QUIETLY}
    for of_pip, of_uv in _OF_PIP.items():
        if of_pip in environment and of_uv not in environment:
            value = environment[of_pip]
            given[of_uv] = ",".join(value.split()) if of_uv == "UV_FIND_LINKS" else value
    return given


def _no_index(environment: Mapping[str, str]) -> list[str]:
    """uv has no variable for it."""
    is_off = environment.get("PIP_NO_INDEX", "").lower() in ("", "0", "false", "no", "off")
    return [] if is_off else ["--no-index"]


def _copy_metadata(source: Path, target: Path) -> None:
    """What says that a package is there, and that no file of it is here."""
    target.mkdir(exist_ok=True)
    names = [name for name in ("METADATA", "WHEEL", "direct_url.json") if (source / name).is_file()]
    for name in names:
        shutil.copyfile(source / name, target / name)
    lines = [f"{target.name}/{name},,\n" for name in (*names, "RECORD")]
    (target / "RECORD").write_text("".join(lines), "utf-8")


def _write_program(path: Path, module: str) -> None:
    path.write_text(f'#!/bin/sh\nexec "$(dirname "$0")/python" -m {module} "$@"\n', "utf-8")
    path.chmod(0o755)


def _run(
    words: list[str],
    environment: Mapping[str, str],
    what: str,
    folder: Path | None = None,
    given: str | None = None,
) -> str:
    done = subprocess.run(
        words,
        env=dict(environment),
        cwd=folder,
        input=given,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        output = " ".join(_DRAWN.sub(" ", done.stderr.strip() or done.stdout.strip()).split())
        raise EndError("packages_not_installed", f"{what} can't be installed: {_shown(output)}")
    return done.stdout


def _shown(output: str) -> str:
    if len(output) <= 2 * _SHOWN_CHARACTERS:
        return output
    return f"{output[:_SHOWN_CHARACTERS]} … {output[-_SHOWN_CHARACTERS:]}"
