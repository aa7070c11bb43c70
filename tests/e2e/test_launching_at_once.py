"""A whole drop has its run at once: the settle time is for files that come one by one."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from permissions.calls import recording
from support.command_line import CommandLine
from support.console_browser import Browser
from support.laptop_user import User
from support.waiting import wait_for

import droptrain as client
from droptrain.stack import find_stack
from droptrain_cli.console.server import ConsoleServer
from droptrain_local.cloud import LaptopCloud

pytestmark = pytest.mark.timeout(180)

SETTLE_SECONDS = 10
SOON_SECONDS = 8
ROWS = b"a,b\n1,2\n"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaptopCloud]:
    """A laptop cloud in which uploads settle for some time, as on AWS."""
    work_dir = tmp_path_factory.mktemp("laptop")
    with (
        recording(tmp_path_factory.mktemp("calls")) as record,
        LaptopCloud(settle_seconds=SETTLE_SECONDS, work_dir=work_dir, record=record) as running,
    ):
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_bytes(ROWS)
    return tmp_path


def unsettled(cloud: LaptopCloud) -> int:
    """How many uploads are still in their queue."""
    sqs = cloud.client("sqs")
    [queue] = [url for url in sqs.list_queues()["QueueUrls"] if url.endswith("-UploadsQueue")]
    counts = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    return sum(int(count) for name, count in counts.items() if name.startswith("ApproximateNumber"))


def test_a_whole_drop_launches_at_once_and_once_and_a_part_waits_for_the_rest(
    droptrain: CommandLine, user: User, folder: Path, cloud: LaptopCloud
):
    """A part can't launch: of two files that replace old ones, the first would train with an old second."""
    user.publish("echo trains\n")
    for name in ("train.csv", "test.csv"):
        part = droptrain("drop", user.project, str(folder / name), "--dataset", "parts")
        assert (part.code, "Launched" in part.out) == (0, False)
    began = time.monotonic()
    dropped = droptrain("drop", user.project, str(folder), "--dataset", "whole")
    assert time.monotonic() - began < SOON_SECONDS
    [run] = user.runs()
    assert dropped.out.splitlines()[1:3] == [
        f"Dropped 2 files, 16 B, as {user.project}/whole", f"Launched {run['run_id']}",
    ]  # fmt: skip
    assert (run["dataset"], run["launched_by"] != "upload") == ("whole", True)
    wait_for("uploads that have settled", lambda: not unsettled(cloud))
    assert {each["dataset"]: each["launched_by"] for each in user.runs()} == {
        "whole": run["launched_by"], "parts": "upload",
    }  # fmt: skip
    assert len(user.runs()) == 2


def test_drops_by_the_client_and_by_the_page_launch_at_once(
    droptrain: CommandLine, user: User, folder: Path, tmp_path: Path
):
    user.publish("echo trains\n", "trigger: marker\n")
    began = time.monotonic()
    by_client = client.project(user.project).drop(folder, dataset="by-client")
    console = ConsoleServer(find_stack(None))
    try:
        page = Browser(console.port)
        page.follow(console.session_auth.link)
        for name in ("train.csv", "test.csv"):
            page.ask("PUT", f"/local/uploads?project={user.project}&dataset=by-page&file={name}", ROWS)
        body = {"project": user.project, "dataset": "by-page", "files": ["train.csv", "test.csv"]}
        by_page = page.ask("POST", "/local/drops", body).document["run_id"]
    finally:
        console.close()
    assert time.monotonic() - began < SOON_SECONDS
    assert {each["run_id"]: each["dataset"] for each in user.runs()} == {
        by_client.id: "by-client", by_page: "by-page",
    }  # fmt: skip
