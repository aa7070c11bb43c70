"""The cause of an ended Batch job: the first rule that finds its evidence; unknown is an answer."""

from typing import TYPE_CHECKING

from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.diagnosis import kinds
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.runs.batch_job import JobState
from droptrain_core.domain.runs.outcome import Outcome
from droptrain_core.domain.text import plain

if TYPE_CHECKING:
    from droptrain_core.domain.diagnosis.evidence import Evidence

_MAX_EVIDENCE_LINES = 5
_MAX_EVIDENCE_LINE = 300


def explain(
    job: JobState,
    outcome: Outcome | None,
    lifecycle: str | None = None,
    findings: tuple[Finding, ...] = (),
) -> Cause | None:
    """The cause of an ended Batch job; None if it SUCCEEDED, whatever its log says.

    `outcome` is the last attempt's own account, if it left one; `lifecycle`, how that attempt's instance was
    bought ("spot", "on-demand"), if that is known; `findings`, what preflight warned of at the launch.
    """
    if job.state == "SUCCEEDED":
        return None
    from droptrain_core.domain.diagnosis.evidence import Evidence
    from droptrain_core.domain.diagnosis.table import RULES

    facts = Evidence(job, outcome, lifecycle, findings)
    for rule in RULES:
        if found := rule.find(facts):
            return rule.kind.cause(_plain(found.said, 900), _bounded(found.evidence))
    return _unknown(facts)


def _unknown(facts: "Evidence") -> Cause:
    job, outcome, said_by_batch = facts.job, facts.outcome, facts.said_by_batch
    if outcome and outcome.cause_code:
        said = outcome.cause_message or outcome.cause_code
        lines = facts.telling
        if outcome.cause_code == kinds.SCRIPT_FAILED.code and lines and lines[-1].strip() not in said:
            said += f" Its last line: {lines[-1].strip()}"
        kind = kinds.SCRIPT_FAILED if outcome.cause_code == kinds.SCRIPT_FAILED.code else kinds.UNKNOWN
        said = said if kind is kinds.SCRIPT_FAILED else said.rstrip(".")
        return kind.cause(_plain(said, 900), _bounded(lines[-_MAX_EVIDENCE_LINES:]))
    said = "; ".join(said_by_batch)
    code = "" if job.exit_code is None else f" with exit code {job.exit_code}"
    words = f"The Batch job ended{code}{': ' + said if said else ''}"
    shown = (*said_by_batch, *([code.strip()] if code else []))
    return kinds.UNKNOWN.cause(_plain(words, 900).rstrip("."), _bounded(shown))


def unknown_to_batch(job_id: str) -> Cause:
    """The cause of a run whose Batch job AWS Batch doesn't know any more."""
    said = f"AWS Batch knows no job {job_id}; it forgets ended jobs after some days."
    return kinds.UNKNOWN_TO_BATCH.cause(said, ())


def _bounded(lines: tuple[str, ...]) -> tuple[str, ...]:
    plain = (_plain(line, _MAX_EVIDENCE_LINE) for line in lines)
    return tuple(line for line in plain if line)[:_MAX_EVIDENCE_LINES]


def _plain(text: str, limit: int) -> str:
    return plain(text).strip()[:limit]
