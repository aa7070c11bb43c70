"""What the image's build asks of its base, run as the build runs it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.template import ROOT

# A Python as it was before its release: what a module lacks is taken from it first.
OLD = """#!/bin/sh
exec {python} -c "import tarfile; del tarfile.tar_filter; $2"
"""


def steps() -> list[str]:
    """The shell of each RUN, in order."""
    text = (ROOT / "image" / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    return re.findall(r"^RUN (.+)$", text, re.MULTILINE)


def first_step(path: Path) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": f"{path}:/usr/bin:/bin"}
    return subprocess.run(
        ["sh", "-c", steps()[0]], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("python", "code"), [('#!/bin/sh\nexec {python} "$@"\n', 0), (OLD, 1)])
def test_a_base_whose_tarfile_has_no_filter_fails_the_build_and_no_later_run(
    tmp_path: Path, python: str, code: int
) -> None:
    command = tmp_path / "python3"
    command.write_text(python.format(python=sys.executable), "utf-8")
    command.chmod(0o755)
    ended = first_step(tmp_path)
    assert ended.returncode == code, ended.stderr
    assert ("take a base with a released Python" in ended.stderr) == bool(code)
