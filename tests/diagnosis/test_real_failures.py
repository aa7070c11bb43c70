"""The rules against what the installed libraries really print when they fail."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from diagnosis import corpus

FAILURES = Path(__file__).with_name("failures.py")


@pytest.mark.parametrize("library", ["plain", "tensorflow"])
def test_the_cause_of_a_real_failure_is_found(library: str) -> None:
    said = subprocess.run(
        [sys.executable, str(FAILURES), library], capture_output=True, check=True, text=True
    )
    printed = json.loads(said.stdout.splitlines()[-1])
    found = {name: corpus.diagnose({"tail": log, "exit": 1}) for name, log in printed.items()}
    assert {name: cause.code for name, cause in found.items() if cause} == {
        name: name.partition(" ")[0] for name in printed
    }
