"""Asks a vulnerability service about everything that is pinned.

    python -m droptrain_release.audit requirements/*.txt

pip-audit says "no known vulnerabilities" of packages that its service doesn't know, and ends with 0; also
where a mirror or a proxy answers in the service's place. So an answer counts only if it covers every package,
and if the same service knows a vulnerability that it has to know.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

# https://nvd.nist.gov/vuln/detail/CVE-2020-1747: a service that knows nothing of it has no data for us.
CONTROL = "pyyaml==5.3"
TIMEOUT_SECONDS = 900


class AuditNotMadeError(Exception):
    """The service can't be reached, or doesn't know what it is asked about."""


@dataclass
class Findings:
    """Packages that were asked about, and the ids of what is known of each that has something."""

    asked: set[str] = field(default_factory=set)
    known: dict[str, list[str]] = field(default_factory=dict)


def audit(files: Sequence[Path], pip_audit: Path) -> Findings:
    """Ask about every package of some requirements with hashes; AuditNotMadeError."""
    with tempfile.TemporaryDirectory() as folder:
        control = Path(folder) / "control.txt"
        control.write_text(CONTROL + "\n", "utf-8")
        if not _ask(pip_audit, control, "--no-deps").known:
            raise AuditNotMadeError(f"the service knows of no vulnerability of {CONTROL}, which has some")
    findings = Findings()
    for file in files:
        found = _ask(pip_audit, file, "--require-hashes")
        findings.asked |= found.asked
        findings.known |= found.known
    return findings


def _ask(pip_audit: Path, file: Path, *options: str) -> Findings:
    command = [str(pip_audit), "--disable-pip", "--progress-spinner=off", "--format=json", *options]
    try:
        answer = subprocess.run(
            [*command, "--requirement", str(file)],
            capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise AuditNotMadeError(f"no answer for {file.name} within {TIMEOUT_SECONDS} s") from None
    try:
        packages = json.loads(answer.stdout)["dependencies"]
    except ValueError:
        last = answer.stderr.strip().splitlines()[-1:] or ["nothing"]
        raise AuditNotMadeError(f"pip-audit says of {file.name}: {last[0][:300]}") from None
    skipped = [package["skip_reason"] for package in packages if "skip_reason" in package]
    if skipped:
        raise AuditNotMadeError(
            f"{len(skipped)} of {len(packages)} packages of {file.name} are unknown to the service, such as: "
            f"{skipped[0]}"
        )
    findings = Findings()
    for package in packages:
        name = f"{package['name']}=={package['version']}"
        findings.asked.add(name)
        if package["vulns"]:
            findings.known[name] = [vulnerability["id"] for vulnerability in package["vulns"]]
    return findings


def main(arguments: Sequence[str]) -> str | None:
    """Audit the requirements that are named; what is wrong, None if nothing is."""
    try:
        findings = audit([Path(name) for name in arguments], Path(sys.executable).with_name("pip-audit"))
    except AuditNotMadeError as error:
        return (
            f"THE AUDIT COULD NOT BE MADE: {error}.\nNobody has looked for known vulnerabilities. Run it "
            "where pip-audit reaches the package index itself, or say AUDIT=no to go on without."
        )
    print(f"{len(findings.asked)} pinned packages; something is known of {len(findings.known)}.")
    return "\n".join(f"{name}: {', '.join(ids)}" for name, ids in sorted(findings.known.items())) or None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
