"""An audit counts only if somebody has looked. pip-audit is a stand-in that prints what the real one does."""

import json
from pathlib import Path

import pytest

from droptrain_release import audit

SAFE = [{"name": "six", "version": "1.17.0", "vulns": []}]
UNSAFE = [{"name": "pyyaml", "version": "5.3", "vulns": [{"id": "PYSEC-2020-96", "fix_versions": ["5.3.1"]}]}]
UNKNOWN = [
    {"name": "pyyaml", "skip_reason": "Dependency not found on PyPI and could not be audited: pyyaml (5.3)"}
]


@pytest.fixture
def pinned(tmp_path: Path) -> Path:
    file = tmp_path / "requirements.txt"
    file.write_text("six==1.17.0 --hash=sha256:0\n")
    return file


def stand_in(folder: Path, control: object, answer: object) -> Path:
    """A pip-audit that answers the control and anything else; text goes to standard error."""
    lines = []
    for name, said in (("control.txt", control), ("", answer)):
        said_json = json.dumps({"dependencies": said, "fixes": []})
        does = f"echo '{said}' >&2; exit 1" if isinstance(said, str) else f"echo '{said_json}'; exit 0"
        lines.append(f'case "$*" in *{name}*) {does};; esac')
    script = folder / "pip-audit"
    script.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
    script.chmod(0o755)
    return script


def test_packages_without_known_vulnerabilities_pass(tmp_path: Path, pinned: Path) -> None:
    findings = audit.audit([pinned], stand_in(tmp_path, UNSAFE, SAFE))
    assert (findings.asked, findings.known) == ({"six==1.17.0"}, {})


def test_known_vulnerabilities_are_named(tmp_path: Path, pinned: Path) -> None:
    findings = audit.audit([pinned], stand_in(tmp_path, UNSAFE, UNSAFE + SAFE))
    assert findings.known == {"pyyaml==5.3": ["PYSEC-2020-96"]}


@pytest.mark.parametrize(("control", "answer", "reason"), [
    # A mirror that knows no package at all: pip-audit itself says that nothing is known, and ends with 0.
    (UNKNOWN, UNKNOWN, "1 of 1 packages of control.txt are unknown"),
    # One that knows packages and nothing of their vulnerabilities.
    ([{"name": "pyyaml", "version": "5.3", "vulns": []}], SAFE, "knows of no vulnerability of pyyaml==5.3"),
    (UNSAFE, [*SAFE, *UNKNOWN], "1 of 2 packages of requirements.txt are unknown"),
    ("ConnectionError: no such service", SAFE, "pip-audit says of control.txt: ConnectionError"),
])  # fmt: skip
def test_an_audit_that_nobody_answered_is_none(tmp_path: Path, pinned: Path, control, answer, reason) -> None:
    with pytest.raises(audit.AuditNotMadeError, match=reason):
        audit.audit([pinned], stand_in(tmp_path, control, answer))


def test_the_command_says_that_nobody_has_looked_and_what_to_do(
    tmp_path: Path, pinned: Path, monkeypatch
) -> None:
    stand_in(tmp_path, UNKNOWN, UNKNOWN)
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    said = audit.main([str(pinned)])
    assert said is not None
    assert said.startswith("THE AUDIT COULD NOT BE MADE")
    assert "AUDIT=no" in said


def test_the_command_fails_by_what_is_known(tmp_path: Path, pinned: Path, monkeypatch) -> None:
    stand_in(tmp_path, UNSAFE, UNSAFE)
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    assert audit.main([str(pinned)]) == "pyyaml==5.3: PYSEC-2020-96"
