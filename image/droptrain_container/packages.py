"""requirements.txt beside the code: installed once, and kept in the bucket for the runs after.

What is installed is a virtual environment that also sees the image's packages: TensorFlow stays the image's.
"""

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from droptrain_container.exit_codes import EndError
from droptrain_container.s3 import Bucket, MissingError

FILE = "requirements.txt"
_SHOWN_CHARACTERS = 300
# An environment is often larger than the memory that the entrypoint may take: it is never held whole.
_LARGE_BYTES = 1 << 30
# What an environment depends on beside requirements.txt; printed by the Python that the code gets.
_ABOUT = (
    "import json, platform, sys; from importlib.metadata import distributions; "
    "print(json.dumps({'python': sys.version, 'machine': platform.machine(), "
    "'installed': sorted({f'{d.name}=={d.version}' for d in distributions() if d.name}), "
    "'paths': [p for p in sys.path if p.endswith(('site-packages', 'dist-packages'))]}))"
)


class Packages:
    """The virtual environment in `folder`; copies of it lie below `prefix`, named by what they depend on."""

    def __init__(self, bucket: Bucket, prefix: str, folder: Path, say: Callable[[str], None]) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._folder = folder
        self._say = say

    def install(self, requirements: Path, python: str, environment: Mapping[str, str]) -> Path:
        """Make the environment; the folder of its programs. EndError (bad_data) with pip's own words."""
        about = json.loads(_run([python, "-c", _ABOUT], environment))
        depends_on = [requirements.read_text("utf-8", "replace"), json.dumps(about), str(self._folder)]
        key = f"{self._prefix}{hashlib.sha256(json.dumps(depends_on).encode()).hexdigest()}.tar.gz"
        if not self._restore(key):
            self._make(requirements, python, environment, about["paths"])
            self._keep(key)
        return self._folder / "bin"

    def _make(
        self, requirements: Path, python: str, environment: Mapping[str, str], paths: list[str]
    ) -> None:
        self._say(f"Installing {FILE}.")
        _run([python, "-m", "venv", "--without-pip", str(self._folder)], environment)
        own = next(self._folder.glob("lib/python*/site-packages"))
        (own / "image.pth").write_text("\n".join(paths) + "\n", "utf-8")
        program = str(self._folder / "bin" / "python")
        pip = ["-m", "pip", "--disable-pip-version-check", "--no-input", "--python", program, "install"]
        _run([python, *pip, "--quiet", "--no-cache-dir", "-r", str(requirements)], environment)

    def _restore(self, key: str) -> bool:
        with tempfile.NamedTemporaryFile(dir=self._folder.parent, suffix=".tar.gz") as archive:
            try:
                self._bucket.download(key, Path(archive.name), _LARGE_BYTES)
            except MissingError:
                return False
            with tarfile.open(archive.name, mode="r:gz") as packed:
                packed.extractall(self._folder, filter="tar")
        self._say(f"Took the packages of {FILE} from an earlier run.")
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


def _run(words: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        words, env=dict(environment), capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip()
        errors = re.findall(r"ERROR: (.+)", said)
        what = errors[0] if errors else said
        raise EndError("bad_data", f"{FILE} can't be installed: {what[:_SHOWN_CHARACTERS]}")
    return done.stdout
