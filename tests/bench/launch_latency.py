"""droptrain's own share from the second file's put to the training script's first line, on a laptop cloud.

The settle time is taken off. The result is also told as a ratio to a process that makes one boto3 client and
ends, measured in turn in the same run: seconds differ between machines, the ratio hardly does.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from typing import Any

from droptrain_local.cloud import LaptopCloud

SETTLE_SECONDS = 1
LIMIT_SECONDS = 3.0
SCRIPT = 'python -c "import time; print(time.time())" > started && aws s3 cp started "$EXPORT_PATH/started"\n'
CLIENT = "import boto3; boto3.client('s3', region_name='eu-west-1')"


def main() -> None:
    """Measure, and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often to measure (default: 5)")
    rounds = parser.parse_args().rounds
    shares, clients = list[float](), list[float]()
    with LaptopCloud(settle_seconds=SETTLE_SECONDS) as cloud:
        s3, bucket = cloud.client("s3"), cloud.ready.bucket
        s3.put_object(Bucket=bucket, Key="projects/bench/code/run.sh", Body=SCRIPT.encode())
        for number in range(rounds + 1):
            share = launch(s3, bucket, f"round-{number}")
            client = bare_client()
            shares.append(share)
            clients.append(client)
    # The first round starts what later ones find running; it is told apart.
    first, share, client = shares[0], statistics.median(shares[1:]), statistics.median(clients[1:])
    print(
        json.dumps(
            {
                "put_to_first_line_s": round(share, 2),
                "first_round_s": round(first, 2),
                "limit_s": LIMIT_SECONDS,
                "ours_by_limit": round(share / LIMIT_SECONDS, 2),
                "ours_by_bare_client": round(share / client, 1),
                "rounds": rounds,
            }
        )
    )


def launch(s3: Any, bucket: str, dataset: str) -> float:
    """Drop two files; the seconds until the script's first line, without the settle time."""
    for name in ("train.csv", "test.csv"):
        s3.put_object(Bucket=bucket, Key=f"projects/bench/data/{dataset}/{name}", Body=b"a\n1\n")
    dropped_at = time.time()
    prefix = f"runs/bench/bench-{dataset}-"
    while True:
        found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        for key in (item["Key"] for item in found if item["Key"].endswith("/export/started")):
            return float(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) - dropped_at - SETTLE_SECONDS
        time.sleep(0.1)


def bare_client() -> float:
    """The seconds of a process that makes one boto3 client."""
    started_at = time.monotonic()
    subprocess.run([sys.executable, "-c", CLIENT], check=True)
    return time.monotonic() - started_at


if __name__ == "__main__":
    main()
