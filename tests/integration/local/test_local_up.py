"""`droptrain local up` as a process: what it prints, where others find it, and that it leaves nothing."""

import json
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.console_browser import Browser
from support.local_parts import alive, children
from support.waiting import wait_for

from droptrain_local.clients import Clients
from droptrain_local.cloud import LaptopCloud
from droptrain_local.errors import AlreadyRunningError, PortTakenError
from droptrain_local.state import Ready, read_state, write_state
from droptrain_local.up import up as run_up

KEYS = {
    "endpoint_url", "batch_endpoint_url", "api_url", "console_url", "bucket", "table", "topic_arn",
    "job_queue_arn", "region", "pid", "notices_queue_url",
}  # fmt: skip


def start_a_job(ready: dict[str, object]) -> None:
    """Submit a job that runs until it is ended; it makes a process of its own."""
    clients = Clients(str(ready["batch_endpoint_url"]))
    batch = clients.client("batch")
    (definition, *_) = batch.describe_job_definitions()["jobDefinitions"]
    job = batch.submit_job(
        jobName="sleeper", jobQueue=str(ready["job_queue_arn"]),
        jobDefinition=definition["jobDefinitionName"],
        containerOverrides={"command": ["/bin/sleep", "600"]},
        shareIdentifier="sleeper", schedulingPriorityOverride=0,
    )["jobId"]  # fmt: skip
    assert wait_for("change", lambda: batch.describe_jobs(jobs=[job])["jobs"][0]["status"] == "RUNNING")
    clients.close()


def test_it_says_where_it_is_and_a_signal_ends_it_with_every_child(start_up, monkeypatch) -> None:
    up = start_up()
    ready = up.ready()
    assert ready.keys() == KEYS
    assert ready["pid"] == up.process.pid
    monkeypatch.setenv("DROPTRAIN_STATE_DIR", str(up.state_folder))
    assert read_state() == Ready(**ready)
    with pytest.raises(AlreadyRunningError, match=f"process {up.process.pid}, {ready['endpoint_url']}"):
        run_up()
    browser = Browser(urlsplit(ready["console_url"]).port)
    browser.follow(ready["console_url"])
    assert browser.ask("GET", "/local/info").document["stack"] == "laptop cloud"
    assert browser.ask("GET", "/api/runs").document["runs"] == []
    start_a_job(ready)
    pids = children(up.process.pid)
    assert len(pids) >= 3
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(20) == 0, up.process.stderr.read()
    assert not [pid for pid in pids if alive(pid)]
    with pytest.raises(ConnectionRefusedError):
        browser.ask("GET", "/")
    assert read_state() is None
    assert not (up.state_folder / "laptop.json").exists()


def test_its_children_end_when_it_is_killed(start_up, monkeypatch) -> None:
    up = start_up()
    start_a_job(up.ready())
    pids = children(up.process.pid)
    up.process.kill()
    up.process.wait(5)
    assert wait_for("change", lambda: not [pid for pid in pids if alive(pid)])
    monkeypatch.setenv("DROPTRAIN_STATE_DIR", str(up.state_folder))
    assert read_state() is None, "what a killed one leaves behind is stale"


def test_a_start_that_fails_leaves_no_thread_and_no_folder(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    threads = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortTakenError):
        LaptopCloud(other.getsockname()[1]).__enter__()
    assert set(threading.enumerate()) <= threads
    assert not list(tmp_path.iterdir())


def test_a_state_file_of_a_process_that_is_gone_is_stale(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("DROPTRAIN_STATE_DIR", str(tmp_path))
    assert read_state() is None
    (tmp_path / "laptop.json").write_text("half a li")
    assert read_state() is None
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        ready = Ready(url, url, url, None, "b", "t", "a", "q", "eu-west-1", os.getpid(), url)
        write_state(ready)
        assert read_state() == ready
        assert json.loads((tmp_path / "laptop.json").read_text())["pid"] == os.getpid()
    assert read_state() is None, "nobody listens there any more"
    with subprocess.Popen(["/bin/true"]) as ended:
        ended.wait()
    write_state(Ready(url, url, url, None, "b", "t", "a", "q", "eu-west-1", ended.pid, url))
    assert read_state() is None
