"""Plays a drop, and judges what became of it."""

from chaos.drops.cloud import Cloud
from chaos.drops.drop import Drop
from chaos.drops.verdict import Verdict
from hypothesis import note

LINES_SHOWN = 60


def play(drop: Drop) -> None:
    """AssertionError that names the promise that is broken; hypothesis shows what happened."""
    cloud = Cloud(drop)
    try:
        cloud.run()
        Verdict(cloud).check()
    except AssertionError:
        note(story(cloud))
        raise


def story(cloud: Cloud) -> str:
    """What happened, a line each: events with their answers, then runs and notices."""
    lines = [f"{event.at:9.1f} {event.name!a}: {event.answer}" for event in cloud.handled]
    lines += [
        f"run {run.run_id} of {run.created_at}: {run.status} {run.cause.message[:200] if run.cause else ''!a}"
        for run in cloud.table.runs.values()
    ]
    lines += [f"waits: {record}" for record in cloud.datasets.records.values() if record.since]
    lines += [f"notice: {notice.subject}" for notice in cloud.topic.published]
    if len(lines) > LINES_SHOWN:
        half = LINES_SHOWN // 2
        lines = [*lines[:half], f"and {len(lines) - LINES_SHOWN} lines", *lines[-half:]]
    return "\n".join(lines)
