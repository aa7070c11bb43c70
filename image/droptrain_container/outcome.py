"""outcome.json: the container's own account of how an attempt ended; timing.json: how far it is."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from droptrain_container.exit_codes import Ending
from droptrain_container.findings import Findings
from droptrain_container.settings import Settings

SCHEMA = 1
# They have to show why a script ended: a TensorFlow traceback with its graph has over a hundred lines.
TAIL_LINES = 200
_TAIL_BYTES = 64 << 10


def write(
    settings: Settings,
    ending: Ending,
    found: Findings,
    *,
    metrics: Mapping[str, float],
    log_tail: Sequence[str],
    started_at: datetime,
    ended_at: datetime,
    earlier: Sequence[Mapping[str, Any]] = (),
) -> bytes:
    """The document for one attempt; `cause` is null if the script succeeded."""
    cause = {"code": ending.cause, "message": ending.message, "log_tail": _bounded(log_tail)}
    stopped_early = None if ending.cause else found.stopped_early
    document = {
        **_attempt("ended", settings),
        "exit_code": ending.exit_code,
        "script_exit_code": ending.script_exit_code,
        "cause": cause if ending.cause else None,
        "metrics": dict(metrics),
        "started_at": _text(started_at),
        "ended_at": _text(ended_at),
        **_machine(found),
        "timing": found.timing,
        "gpu": asdict(found.gpu) if found.gpu else None,
        "advice": found.advice,
        "warnings": [asdict(each) for each in found.warnings],
        "left_checkpoint": found.left_checkpoint,
        **({"prepared": asdict(found.prepared)} if found.prepared else {}),
        **({"stopped_early": asdict(stopped_early)} if stopped_early else {}),
        "attempts": list(earlier),
    }
    return json.dumps(document, indent=1, allow_nan=False).encode()


def begin(
    settings: Settings, started_at: datetime, found: Findings, earlier: Sequence[Mapping[str, Any]]
) -> bytes:
    """The document while an attempt runs, and for good if it is killed."""
    document = {
        **_attempt("running", settings),
        "started_at": _text(started_at),
        **_machine(found),
        "attempts": list(earlier),
    }
    return json.dumps(document, indent=1).encode()


def progress(settings: Settings, started_at: datetime, found: Findings) -> bytes:
    """timing.json: the parts of an attempt that are over so far."""
    document = {
        **_attempt("running", settings),
        "started_at": _text(started_at),
        "instance": asdict(found.instance) if found.instance else None,
        "timing": found.timing,
    }
    return json.dumps(document, indent=1).encode()


def _attempt(status: str, settings: Settings) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "status": status,
        "batch_job_id": settings.job_id,
        "attempt": settings.attempt,
    }


def _machine(found: Findings) -> dict[str, Any]:
    return {
        "instance": asdict(found.instance) if found.instance else None,
        "image": asdict(found.image) if found.image else None,
    }


def _bounded(lines: Sequence[str]) -> list[str]:
    """The last lines, as many as take no more than 64 KiB as JSON: who reads the document takes 256 KiB."""
    kept: list[str] = []
    room = _TAIL_BYTES
    for line in reversed(lines):
        room -= len(json.dumps(line)) + 1
        if room < 0:
            break
        kept.append(line)
    return kept[::-1]


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
