"""outcome.json: the container's own account of how an attempt ended."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from droptrain_container.early_stop import StoppedEarly
from droptrain_container.end_warnings import EndWarning
from droptrain_container.exit_codes import Ending
from droptrain_container.gpu_use import Use
from droptrain_container.image import Image
from droptrain_container.prepared import Report
from droptrain_container.reclaim import Instance
from droptrain_container.settings import Settings

SCHEMA = 1
# They have to show why a script ended: a TensorFlow traceback with its graph has over a hundred lines.
TAIL_LINES = 200
_TAIL_BYTES = 64 << 10


def write(  # noqa: PLR0913  one parameter for each fact of an attempt
    settings: Settings,
    ending: Ending,
    *,
    metrics: Mapping[str, float],
    log_tail: Sequence[str],
    started_at: datetime,
    ended_at: datetime,
    instance: Instance | None,
    image: Image | None = None,
    gpu: Use | None = None,
    advice: Sequence[str] = (),
    warnings: Sequence[EndWarning] = (),
    left_checkpoint: bool = False,
    prepared: Report | None = None,
    stopped_early: StoppedEarly | None = None,
    earlier: Sequence[Mapping[str, Any]] = (),
) -> bytes:
    """The document for one attempt; `cause` is null if the script succeeded."""
    cause = {"code": ending.cause, "message": ending.message, "log_tail": _bounded(log_tail)}
    document = {
        "schema": SCHEMA,
        "status": "ended",
        "batch_job_id": settings.job_id,
        "attempt": settings.attempt,
        "exit_code": ending.exit_code,
        "script_exit_code": ending.script_exit_code,
        "cause": cause if ending.cause else None,
        "metrics": dict(metrics),
        "started_at": _text(started_at),
        "ended_at": _text(ended_at),
        "instance": asdict(instance) if instance else None,
        "image": asdict(image) if image else None,
        "gpu": asdict(gpu) if gpu else None,
        "advice": list(advice),
        "warnings": [asdict(each) for each in warnings],
        "left_checkpoint": left_checkpoint,
        **({"prepared": asdict(prepared)} if prepared else {}),
        **({"stopped_early": asdict(stopped_early)} if stopped_early and not ending.cause else {}),
        "attempts": list(earlier),
    }
    return json.dumps(document, indent=1, allow_nan=False).encode()


def begin(
    settings: Settings,
    started_at: datetime,
    instance: Instance | None,
    image: Image | None,
    earlier: Sequence[Mapping[str, Any]],
) -> bytes:
    """The document while an attempt runs, and for good if it is killed."""
    document = {
        "schema": SCHEMA,
        "status": "running",
        "batch_job_id": settings.job_id,
        "attempt": settings.attempt,
        "started_at": _text(started_at),
        "instance": asdict(instance) if instance else None,
        "image": asdict(image) if image else None,
        "attempts": list(earlier),
    }
    return json.dumps(document, indent=1).encode()


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
