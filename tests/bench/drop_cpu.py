"""The processor time of `droptrain drop`, as a ratio to a boto3 script that puts the same files.

Both run in turn against a laptop cloud, as processes of their own; what the cloud uses isn't counted. The
script puts objects one after another, and does nothing else.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from droptrain_local.cloud import LaptopCloud
from droptrain_local.state import STATE_VARIABLE, write_state

LIMIT = 1.5
MIB = 1 << 20
SCRIPT = """
import sys, boto3
s3 = boto3.client("s3")
for name in ("train.csv", "test.csv"):
    s3.upload_file(sys.argv[1] + "/" + name, sys.argv[2], "projects/other/" + sys.argv[3] + "/" + name)
"""
DROP = [sys.executable, "-c", "from droptrain_cli.main import main; main()", "drop", "bench"]


def main() -> None:
    """Measure, and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often to measure (default: 5)")
    parser.add_argument("--mib", type=int, default=1, help="size of each of the two files (default: 1)")
    given = parser.parse_args()
    ours, theirs = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as name, LaptopCloud(settle_seconds=1) as cloud:
        folder = Path(name)
        os.environ[STATE_VARIABLE] = str(folder / "state")
        write_state(cloud.ready)
        bucket = cloud.ready.bucket
        cloud.client("s3").put_object(Bucket=bucket, Key="projects/bench/code/run.sh", Body=b"exit 0\n")
        environment = {**os.environ, **cloud.ready.shell_settings()}
        for number in range(given.rounds + 1):
            for file in ("train.csv", "test.csv"):
                rows = b"%d,2\n" % number * (given.mib * MIB // 4)
                (folder / file).write_bytes(b"a,b\n" + rows)
            dataset = f"d{number}"
            paths = [str(folder / file) for file in ("train.csv", "test.csv")]
            ours.append(seconds_of([*DROP, *paths, "--dataset", dataset], os.environ))
            theirs.append(seconds_of([sys.executable, "-c", SCRIPT, name, bucket, dataset], environment))
    us, them = (statistics.median(times[1:]) for times in (ours, theirs))
    shown = {"drop_s": round(us, 3), "script_s": round(them, 3), "ratio": round(us / them, 2), "limit": LIMIT}
    print(json.dumps({**shown, "mib": given.mib, "rounds": given.rounds}))


def seconds_of(words: Sequence[str], environment: "os._Environ[str] | dict[str, str]") -> float:
    """The processor time of a process to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
