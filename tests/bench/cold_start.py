"""The cold start of every function as it is built, from the interpreter's start to the imported handler.

Reply as ratios to a process that makes one boto3 client, with the least that can call AWS beside it. Counted
in instructions where valgrind is, else in seconds: medians of rounds in which all take turns.
"""

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

from support.built import FUNCTIONS, build, environment_of, runtime_python

CLIENT, LIMIT = 'import boto3; boto3.client("batch")', "the standard library alone"
STANDARD_LIBRARY = """
import datetime, hashlib, hmac, http.client, json, os, ssl, urllib.parse
key = b"AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"].encode()
for part in (datetime.datetime.now(datetime.UTC).strftime("%Y%m%d"), "eu-west-1", "batch", "aws4_request"):
    key = hmac.new(key, part.encode(), hashlib.sha256).digest()
http.client.HTTPSConnection("batch.eu-west-1.amazonaws.com", context=ssl.create_default_context())
"""
TARGETS = dict.fromkeys(FUNCTIONS, 1.2) | {"RunsApiFunction": 1.5, "TrialEndedFunction": 2.0}


def main() -> None:
    """Build, measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=15, help="of seconds; instructions take one (default: 15)"
    )
    parser.add_argument("--seconds", action="store_true", help="even where there is valgrind")
    options = parser.parse_args()
    python, counts = runtime_python(), shutil.which("valgrind") and not options.seconds
    if python is None:
        sys.exit("Lambda's Python 3.13 isn't here: name one in PYTHON_RUNTIME.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        runtime = runtime_packages(folder / "runtime", python)
        starts = {CLIENT: (CLIENT, environment_of(folder, "none") | {"PYTHONPATH": str(runtime)})}
        starts[LIMIT] = (STANDARD_LIBRARY, starts[CLIENT][1])
        for function in FUNCTIONS:
            environment = environment_of(folder, function)
            environment["PYTHONPATH"] += f":{runtime}"
            starts[function] = ("import app; app.handler", environment)
        found: dict[str, list[float]] = {start: [] for start in starts}
        for _ in range(1 if counts else options.rounds):
            for start, (code, environment) in starts.items():
                measure = instructions if counts else seconds
                found[start].append(measure([python, "-c", code], environment))
    bare, unit = statistics.median(found[CLIENT]), "million instructions" if counts else "ms"
    print(f"{'':36}{unit:>24}  ratio  target")
    for start, values in found.items():
        value = statistics.median(values)
        amount = value / 1e6 if counts else value * 1e3
        print(f"{start:36}{amount:24,.0f}  {value / bare:5.2f}  {TARGETS.get(start, '')}")


def runtime_packages(folder: Path, python: str) -> Path:
    """boto3 and what it needs, compiled, as the Lambda runtime has them; from this environment."""
    folder.mkdir()
    for package in ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "urllib3", "six"):
        root = Path(str(metadata.distribution(package).locate_file("")))
        for name in {path.parts[0] for path in metadata.files(package) or () if path.suffix == ".py"} - {
            ".."
        }:
            source = root / name
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, folder / name, ignore=ignored)
            else:
                shutil.copy(source, folder)
    subprocess.run([python, "-m", "compileall", "-q", str(folder)], check=True)
    return folder


def instructions(command: list[str], environment: dict[str, str]) -> float:
    """How many instructions a process takes."""
    tool = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    environment = environment | {"PYTHONHASHSEED": "0"}
    done = subprocess.run([*tool, *command], env=environment, check=True, capture_output=True, text=True)
    refs = re.search(r"I +refs: +([\d,]+)", done.stderr)
    assert refs, done.stderr
    return float(refs[1].replace(",", ""))


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """How long a process takes."""
    started_at = time.monotonic()
    subprocess.run(command, env=environment, check=True)
    return time.monotonic() - started_at


if __name__ == "__main__":
    main()
