"""The cause of an ended Batch job: the first rule that finds its evidence; unknown is an answer."""

from dataclasses import replace
from typing import TYPE_CHECKING

from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.diagnosis import kinds
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.runs.batch_job import JobState
from droptrain_core.domain.runs.outcome import Outcome
from droptrain_core.domain.runs.preparation import JobStep
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
    """The cause of an ended Batch job; None if it SUCCEEDED, for any content of its log.

    `outcome` is the last attempt's own report, if there is one; `lifecycle`, how that attempt's instance was
    bought ("spot", "on-demand"), if that is known; `findings`, preflight's warnings at the launch.
    """
    if job.state == "SUCCEEDED":
        return None
    from droptrain_core.domain.diagnosis.evidence import Evidence
    from droptrain_core.domain.diagnosis.table import RULES

    facts = Evidence(job, outcome, lifecycle, findings)
    for rule in RULES:
        if found := rule.find(facts):
            return rule.kind.cause(_plain(found.detail, 900), _bounded(found.evidence))
    return _unknown(facts)


def _unknown(facts: "Evidence") -> Cause:
    job, outcome, batch_reasons = facts.job, facts.outcome, facts.batch_reasons
    if outcome and outcome.cause_code:
        detail = outcome.cause_message or outcome.cause_code
        lines = facts.telling
        if outcome.cause_code == kinds.SCRIPT_FAILED.code and lines and lines[-1].strip() not in detail:
            detail += f" Its last line: {lines[-1].strip()}"
        kind = kinds.SCRIPT_FAILED if outcome.cause_code == kinds.SCRIPT_FAILED.code else kinds.UNKNOWN
        detail = detail if kind is kinds.SCRIPT_FAILED else detail.rstrip(".")
        return kind.cause(_plain(detail, 900), _bounded(lines[-_MAX_EVIDENCE_LINES:]))
    detail = "; ".join(batch_reasons)
    code = "" if job.exit_code is None else f" with exit code {job.exit_code}"
    words = f"The Batch job ended{code}{': ' + detail if detail else ''}"
    shown = (*batch_reasons, *([code.strip()] if code else []))
    return kinds.UNKNOWN.cause(_plain(words, 900).rstrip("."), _bounded(shown))


def of_step(cause: Cause, step: JobStep) -> Cause:
    """The cause of a run that ended in this step; the preparation step is named."""
    if step == "train":
        return cause
    fix = cause.fix.replace("`timeout`", "`prepare.timeout`").replace("`resources", "`prepare.resources")
    return replace(cause, message=f"In the preparation step: {cause.message}", fix=fix)


def unknown_to_batch(job_id: str) -> Cause:
    """The cause of a run whose Batch job AWS Batch no longer knows."""
    detail = f"AWS Batch knows no job {job_id}; it forgets ended jobs after some days."
    return kinds.UNKNOWN_TO_BATCH.cause(detail, ())


def _bounded(lines: tuple[str, ...]) -> tuple[str, ...]:
    plain = (_plain(line, _MAX_EVIDENCE_LINE) for line in lines)
    return tuple(line for line in plain if line)[:_MAX_EVIDENCE_LINES]


def _plain(text: str, limit: int) -> str:
    return plain(text).strip()[:limit]
