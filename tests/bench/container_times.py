"""The container's own times: from its start to the script's first line, and from the script's end to a saved
GiB of checkpoints over a line of 50 MB/s.

Reply in seconds, beside a process that makes one boto3 client, measured in turn in the same run.
"""

import argparse
import compileall
import json
import py_compile
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from support.training_machine import REPOSITORY, Machine, s3_server, versioned_bucket

CLIENT = "import boto3; boto3.client('s3', region_name='eu-west-1')"
LINE_MB = 50
FILES = 8
CHECKPOINTS = f"""
for i in $(seq {FILES}); do head -c {(1 << 30) // FILES} /dev/urandom > "$CHECKPOINT_DIR/$i"; done
date +%s.%N
"""


def main() -> None:
    """Measure, and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often to measure the start (default: 5)")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, s3_server() as endpoint:
        machine = Machine(endpoint, *versioned_bucket(endpoint), Path(folder))
        machine.variables["PYTHONPATH"] = str(compiled(Path(folder, "lib")))
        pairs = [(first_line(machine), bare_client()) for _ in range(rounds)]
        start, client = (statistics.median(column) for column in zip(*pairs, strict=True))
        with slow_line(urlsplit(endpoint).port or 0) as url:
            machine.variables["AWS_ENDPOINT_URL"] = url
            saved = save_a_gib(machine)
    times = {
        "start_to_first_line_s": round(start, 2),
        "bare_client_s": round(client, 2),
        "gib_saved_s": round(saved, 1),
        "gib_limit_s": round((1 << 30) / LINE_MB / 1e6, 1),
        "rounds": rounds,
    }
    print(json.dumps(times))


def compiled(folder: Path) -> Path:
    """The folder with the container's package and its bytecode, as the image has it."""
    package = folder / "droptrain_container"
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "image" / "droptrain_container", package, ignore=without)
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    assert compileall.compile_dir(package, quiet=1, invalidation_mode=mode)
    return folder


def first_line(machine: Machine) -> float:
    """Seconds from the container's start to its script's first line."""
    machine.run_id = f"penguins-first-{time.time_ns():012x}"[:27]
    machine.publish("date +%s.%N\n")
    started_at = time.time()
    return script_s_clock(machine.run().output) - started_at


def save_a_gib(machine: Machine) -> float:
    """Seconds from the end of a script that wrote 1 GiB of checkpoints to the container's end."""
    machine.run_id = f"penguins-first-{time.time_ns():012x}"[:27]
    machine.publish(CHECKPOINTS, checkpoints={"interval_seconds": 3600, "keep": 3})
    process = machine.start()
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return time.time() - script_s_clock(output)


def script_s_clock(output: str) -> float:
    """What `date` printed in the script."""
    return next(float(line) for line in output.splitlines() if line.startswith("17") and "." in line)


def bare_client() -> float:
    """Seconds of a process that makes a client and ends."""
    started_at = time.monotonic()
    subprocess.run([sys.executable, "-c", CLIENT], check=True)
    return time.monotonic() - started_at


@contextmanager
def slow_line(port: int) -> Iterator[str]:
    """The URL of the server behind a line of LINE_MB."""
    proxy = Path(__file__).with_name("slow_proxy.py")
    command = [sys.executable, str(proxy), str(port), "--up-mb-per-second", str(LINE_MB)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


if __name__ == "__main__":
    main()
