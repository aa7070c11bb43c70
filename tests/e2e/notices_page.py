"""docs/notices.md: one notice of each kind, as the laptop cloud sent it."""

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from permissions.calls import recording
from support.command_line import CommandLine
from support.laptop_user import User
from support.missing_model import promote_without_files
from support.waiting import wait_for

from droptrain_local.cloud import LaptopCloud
from droptrain_local.state import remove_state, write_state

PAGE = Path(__file__).parents[2] / "docs" / "notices.md"
_TITLE = "## One of each kind\n"
# Room for one job at a time, and for one day of training.
_PARAMETERS = {"MonthlyBudgetUsd": "15", "MaxvCpus": "4"}
_RECIPE = "timeout: 1h\nmetric: {name: test_accuracy}\n"
_TRAINS = """sleep 2; echo '{"step": 1, "test_accuracy": 0.91}' >> "$METRICS_FILE"
echo model > model.txt; aws s3 cp --only-show-errors model.txt "$EXPORT_PATH/model.txt"
"""
_TRAINS_BETTER = _TRAINS.replace("0.91", "0.97")
_TRAINS_WORSE = _TRAINS.replace("0.91", "0.88")
_ROWS = "species,bill_mm\ngentoo,47.6\nadelie,39.5\n"
_WAITS = "trap 'exit 143' TERM; sleep 600 & wait\n"
_FAILS = """cat > train.py <<'END'
row = {"species": "gentoo"}
print(row["island"])
END
exec python train.py
"""
_NEXT = "Next: [when a run fails](debugging.md), or [which model is current](models.md).\n"


def text() -> str:
    """The page: what people wrote above the mark, then the notices."""
    written = PAGE.read_text("utf-8").partition(_TITLE)[0]
    parts = [_TITLE, "As the laptop cloud sent them, where Spot's prices are unknown.\n"]
    with tempfile.TemporaryDirectory() as folder:
        for about, notice in _notices(Path(folder)):
            # A job's folders are the machine's here, and a container's on AWS.
            message = re.sub(r"[^\s\"]+(?=/opt/ml/)", "", notice["Message"].rstrip())
            parts.append(f"**{about}**\n\n```\nSubject: {notice['Subject']}\n\n{message}\n```\n")
    return written + "\n".join([*parts, _NEXT])


def shape(page: str) -> str:
    """The page without what differs from one run to the next: ids, times, amounts."""
    page = re.sub(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "VERSION", page)
    page = re.sub(r"-[0-9a-f]{12}\b", "-ID", page)
    page = re.sub(r"\d+(?:[.,:]\d+)*", "#", page)
    return re.sub(r"# (?:s|min|h)(?: # (?:s|min))?\b", "DURATION", page)


def _notices(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with _laptop(folder) as (user, droptrain):
        user.publish(_TRAINS, _RECIPE)
        user.drop("monday")
        _notice(user, "SUCCEEDED penguins/monday")
        user.publish(_TRAINS_BETTER)
        user.drop("tuesday")
        yield "A run succeeded", _notice(user, "SUCCEEDED penguins/tuesday")

        user.publish(_TRAINS_WORSE)
        user.drop("other")
        _notice(user, "SUCCEEDED penguins/other")
        promote_without_files(user, user.run_with("SUCCEEDED")["run_id"])
        yield "A promoted run's files were deleted", _notice(user, "MISSING model")

        user.publish(_FAILS)
        user.drop("wednesday")
        yield "The script failed", _notice(user, "FAILED penguins/wednesday")

        user.drop("thursday", train=_ROWS, test=_ROWS + "adelie,38.1,\n")
        yield "The files can't train", _notice(user, "REJECTED penguins/thursday")

        user.put("projects/penguins/train.yaml", _RECIPE + "resources: {vcpus: 8}\n")
        user.drop("friday")
        waiting = user.run_with("RUNNABLE")
        user.age(f"RUN#{waiting['run_id']}", "updated_at", timedelta(minutes=11))
        queue = user.cloud.ready.job_queue_arn.rpartition("/")[2]
        user.age(f"QUEUE#{queue}", "moved_at", timedelta(minutes=11))
        user.cloud.invoke("ReconcileRunsFunction", {})
        yield "Runs wait, and nothing starts", _notice(user, "WAITING 1 run")

        user.call("POST", f"/runs/{waiting['run_id']}/cancel")
        user.publish(_WAITS, _RECIPE)
        user.drop("saturday")
        running = user.run_with("RUNNING")
        user.call("POST", f"/runs/{running['run_id']}/cancel")
        yield "A run was cancelled", _notice(user, "CANCELLED penguins/saturday")

        user.drop("sunday", train=_ROWS)
        user.age("DATASET#penguins/sunday", "created_order", timedelta(minutes=61))
        user.cloud.invoke("ReconcileRunsFunction", {})
        yield "A dataset lacks a file", _notice(user, "WAITING penguins/sunday")

        user.publish(_TRAINS, "timeout: 3d\n")
        user.drop("monday-again")
        yield "A run doesn't fit the budget", _notice(user, "REJECTED penguins/monday-again")
        user.cloud.invoke("ReconcileRunsFunction", {})
        yield "The budget has no room, once a month", _notice(user, "BUDGET")

        droptrain("doctor", "--send-test-notice")
        yield "Somebody asked for a test", _notice(user, "TEST")


def _notice(user: User, subject: str) -> dict[str, Any]:
    """The notice whose subject begins so; those before it are let go."""
    sqs, queue = user.cloud.client("sqs"), user.cloud.ready.notices_queue_url

    def look() -> dict[str, Any] | None:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=1).get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            notice: dict[str, Any] = json.loads(message["Body"])
            if notice["Subject"].startswith(subject):
                return notice
        return None

    return wait_for(f"notice {subject}", look)


@contextmanager
def _laptop(folder: Path) -> Iterator[tuple[User, CommandLine]]:
    with (
        recording(folder / "calls") as record,
        LaptopCloud(
            settle_seconds=1, work_dir=folder / "laptop", parameters=_PARAMETERS, record=record
        ) as cloud,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("DROPTRAIN_STATE_DIR", str(folder))
        write_state(cloud.ready)
        try:
            yield User(cloud, "penguins", []), CommandLine(folder, folder)
        finally:
            remove_state(cloud.ready.pid)


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
