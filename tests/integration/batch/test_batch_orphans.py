"""An engine that is killed leaves no child behind."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from support.waiting import wait_for

from droptrain_local.batch.orphans import OrphanGuard

ENGINE = """
import sys
from pathlib import Path
from droptrain_local.batch import BatchEngine

engine = BatchEngine(
    region="eu-west-1", account="123456789012", work_dir=Path(sys.argv[1]), command=["true"],
    environment={"PATH": sys.argv[2]}, publish=lambda detail: print(detail["status"], flush=True),
)
engine.create_compute_environment(
    computeEnvironmentName="gpus", type="MANAGED",
    computeResources={"type": "SPOT", "maxvCpus": 8, "subnets": ["s"]},
)
engine.create_job_queue(
    jobQueueName="q", priority=1, computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "gpus"}]
)
engine.register_job_definition(
    jobDefinitionName="d", type="container", containerProperties={"image": "x", "vcpus": 1, "memory": 64}
)
import boto3
client = boto3.client(
    "batch", endpoint_url=engine.serve(), region_name="eu-west-1",
    aws_access_key_id="test", aws_secret_access_key="test",
)
command = ["sh", "-c", "while :; do date +%s.%N > beat; sleep 0.05; done"]
client.submit_job(jobName="j", jobQueue="q", jobDefinition="d", containerOverrides={"command": command})
input()
"""


def test_the_children_of_a_killed_engine_end(tmp_path):
    engine = subprocess.Popen(
        [sys.executable, "-c", ENGINE, str(tmp_path), "/usr/bin:/bin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert engine.stdout is not None
        while (line := engine.stdout.readline()) != "RUNNING\n":
            assert line, "the engine ended before its job ran"
        beat = _wait_for_beat(tmp_path)
    finally:
        engine.send_signal(signal.SIGKILL)
        engine.communicate()
    assert _stops(beat)


def test_a_guard_that_was_told_of_an_end_leaves_the_process_alone():
    guard = OrphanGuard(kill_after=1)
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as bystander:
        guard.watch(bystander.pid)
        guard.forget(bystander.pid)
        guard.close()
        assert bystander.poll() is None
        bystander.kill()


def test_a_watched_child_that_passes_over_term_is_killed():
    guard = OrphanGuard(kill_after=0.2)
    deaf = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); signal.pause()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", deaf], start_new_session=True, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        guard.watch(child.pid)
        guard.close()
        assert child.wait(5) == -signal.SIGKILL


def _wait_for_beat(folder: Path) -> Path:
    return wait_for("beat of the job's child", lambda: next(folder.glob("*/1/beat"), None))


def _stops(beat: Path) -> bool:
    for _ in range(50):
        before = beat.stat().st_mtime_ns
        time.sleep(0.3)
        if beat.stat().st_mtime_ns == before:
            return True
    return False
