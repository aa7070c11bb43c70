"""The container's report of its end, `outcome.json`. It isn't trusted, because user code can write it."""

import re
from collections.abc import Mapping
from dataclasses import field
from itertools import islice
from typing import Any

from droptrain_core.domain.datasets.finding import OF_AN_END, Finding
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs import container_times
from droptrain_core.domain.runs.container_times import ContainerTimes
from droptrain_core.domain.runs.run import GpuUse
from droptrain_core.domain.runs.stopped_early import StoppedEarly
from droptrain_core.domain.text import TERMINAL_SEQUENCE, encodable, plain

_MAX_METRICS = 50
_MAX_TEXT = 1024
_MAX_NAME = 100
_MAX_REPORTS = 20
_RUNNING = "running"
_MAX_LINES = 200
_MAX_ADVICE = 5
_MAX_ADVICE_TEXT = 300
_MAX_WARNING_TEXT = 400
_MAX_STEP = 1 << 53
# What DynamoDB can hold as a number, with room to spare: 1E-130 to 9.9E+125.
_SMALLEST, _LARGEST = 1e-120, 1e120


_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONTROL = rf"{TERMINAL_SEQUENCE}|[\x00-\x1f\x7f-\x9f]"


@frozen
class Report:
    """A container's report of its own attempt; fields that it did not report are None."""

    job_id: str
    attempt: int
    instance_type: str | None = None
    zone: str | None = None


@frozen
class Manifest:
    """The container's report of the data that it prepared: the digest of their manifest, and their number and
    size in bytes.
    """

    sha256: str
    files: int
    bytes: int


@frozen
class Outcome:
    """The container's own report of one attempt; `attempt` counts from 1, 0 if it is missing.

    A report without `ended` was written when the attempt began: the container died before its end.
    `log_tail` is the end of the script's own output.
    """

    job_id: str
    attempt: int
    cause_code: str | None = None
    cause_message: str = ""
    script_exit_code: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    instance_type: str | None = None
    log_tail: tuple[str, ...] = ()
    gpu: GpuUse | None = None
    advice: tuple[str, ...] = ()
    warnings: tuple[Finding, ...] = ()
    left_checkpoint: bool | None = None
    ended: bool = True
    manifest: Manifest | None = None
    stopped_early: StoppedEarly | None = None
    timing: ContainerTimes | None = None


def read(document: object) -> Outcome | None:
    """The report in a parsed `outcome.json`; None if it isn't one. Wrong parts are left out."""
    if not isinstance(document, Mapping) or not isinstance(document.get("batch_job_id"), str):
        return None
    cause, instance = _mapping(document.get("cause")), _mapping(document.get("instance"))
    code, saved = document.get("script_exit_code"), document.get("left_checkpoint")
    return Outcome(
        job_id=document["batch_job_id"],
        attempt=attempt if isinstance(attempt := document.get("attempt"), int) else 0,
        cause_code=_text(cause.get("code")) or None,
        cause_message=_text(cause.get("message")),
        script_exit_code=code if isinstance(code, int) and not isinstance(code, bool) else None,
        metrics=_metrics(_mapping(document.get("metrics"))),
        instance_type=_name(instance.get("type")),
        ended=document.get("status") != _RUNNING,
        log_tail=_log_tail(cause.get("log_tail")),
        gpu=_gpu(_mapping(document.get("gpu"))),
        advice=_advice(document.get("advice")),
        warnings=_warnings(document.get("warnings")),
        left_checkpoint=saved if isinstance(saved, bool) else None,
        manifest=_manifest(_mapping(document.get("prepared"))),
        stopped_early=_stopped_early(_mapping(document.get("stopped_early"))),
        timing=container_times.read(document),
    )


def reports(document: object, job_id: str) -> dict[int, Report]:
    """The reports in a parsed `outcome.json` on the attempts of one Batch job, by their number."""
    account = _mapping(document)
    earlier = account.get("attempts")
    accounts = [*(earlier[-_MAX_REPORTS:] if isinstance(earlier, list) else []), account]
    reports = (_report(_mapping(each)) for each in accounts)
    return {report.attempt: report for report in reports if report.job_id == job_id}


def _report(document: Mapping[str, Any]) -> Report:
    """The part of a report about the attempt's instance."""
    instance = _mapping(document.get("instance"))
    attempt = document.get("attempt")
    return Report(
        job_id=_text(document.get("batch_job_id")),
        attempt=attempt if isinstance(attempt, int) else 0,
        instance_type=_name(instance.get("type")),
        zone=_name(instance.get("zone")),
    )


def _metrics(values: Mapping[str, Any]) -> dict[str, float]:
    good = {
        name[:_MAX_NAME]: float(value)
        for name, value in values.items()
        if name and name.isprintable() and _is_metric(value)
    }
    return dict(islice(good.items(), _MAX_METRICS))


def _gpu(values: Mapping[str, Any]) -> GpuUse | None:
    count = values.get("count")
    if isinstance(count, bool) or not isinstance(count, int) or not 0 < count <= 1000:
        return None
    good = _metrics(values)
    names = ("busy_percent", "peak_memory_gib", "waiting_seconds", "seconds")
    return GpuUse(count=count, **{name: good.get(name) for name in names})


def _manifest(values: Mapping[str, Any]) -> Manifest | None:
    sha256, files, size = (values.get(name) for name in ("manifest_sha256", "files", "bytes"))
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        return None
    if (
        not isinstance(files, int)
        or not isinstance(size, int)
        or not (0 < files < 1 << 30 and 0 <= size < 1 << 60)
    ):
        return None
    return Manifest(sha256, files, size)


def _stopped_early(values: Mapping[str, Any]) -> StoppedEarly | None:
    numbers: list[Any] = [values.get(name) for name in ("step", "level", "compared_with")]
    if not all(_is_metric(number) and 0 <= number < _MAX_STEP for number in numbers):
        return None
    return StoppedEarly(*map(int, numbers))


def _advice(lines: object) -> tuple[str, ...]:
    sentences = map(_sentence, lines[:_MAX_ADVICE]) if isinstance(lines, list) else ()
    return tuple(line[:_MAX_ADVICE_TEXT] for line in sentences if line)


def _warnings(items: object) -> tuple[Finding, ...]:
    """The warnings of an end, each rule once; unknown rules in the file are ignored."""
    given = {
        str(each.get("rule")): each
        for each in (items[:_MAX_ADVICE] if isinstance(items, list) else ())
        if isinstance(each, Mapping)
    }
    return tuple(
        Finding(
            rule=rule,
            level="warning",
            file=_sentence(given[rule].get("file"))[:_MAX_NAME],
            row=None,
            column=None,
            message=message[:_MAX_WARNING_TEXT],
            fix=_sentence(given[rule].get("fix"))[:_MAX_ADVICE_TEXT],
        )
        for rule in OF_AN_END
        if rule in given and (message := _sentence(given[rule].get("message")))
    )


def _sentence(value: object) -> str:
    """A text in one line."""
    return " ".join(plain(_text(value)).split())


def _is_metric(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value == 0 or _SMALLEST < abs(value) < _LARGEST


def _log_tail(lines: object) -> tuple[str, ...]:
    """The script's own last lines that aren't empty, without terminal sequences."""
    texts = [_text(line) for line in lines[-_MAX_LINES:]] if isinstance(lines, list) else []
    plain = [re.sub(_CONTROL, "", line.replace("\t", "    ")).rstrip() for line in texts]
    own = [line for line in plain if not line.startswith("[droptrain]")]
    while own and not own[-1].strip():
        own.pop()
    return tuple(own)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _name(value: object) -> str | None:
    return plain(_text(value)[:_MAX_NAME]) or None


def _text(value: object) -> str:
    return encodable(value[:_MAX_TEXT]) if isinstance(value, str) else ""
