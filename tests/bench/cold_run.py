"""The parts of a cold start, from the job to the first training step, and what shortens them.

    PYTHONPATH=tests python -m bench.cold_run [--disk MIB] [--network MB]

Measured, for gzip and zstd: how fast the tools unpack TensorFlow's library, and how fast podman brings its
layers from an OCI layout into its storage, in one layer and in four, less what it takes for an empty image.
Both are seconds of processor time, because other work on the machine changes elapsed time. Measured too:
TensorFlow's import and first step, and what the import reads from a disk when its files are not in memory.
Assumed: what EC2 and AWS Batch take, network and disk; CUDA's libraries are unpacked as fast as TensorFlow's
and packed as in NVIDIA's wheels; a pulled image is still in memory, a baked one isn't.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

# MB, unpacked: what decision 221 counted, the largest layer among them, and CUDA's libraries.
IMAGES = {
    "TensorFlow's image": (5700, 1900, 2900), "with CUDA": (4571, 876, 3208), "without CUDA": (1363, 583, 0),
}  # fmt: skip
# CUDA's libraries hardly shrink: their eleven wheels, which are packed as gzip packs, have 1,887 MB on PyPI.
CUDA_PACKED = 1887 / 3208
INSTANCE_SECONDS = (
    150  # AWS Batch asks for an instance, EC2 starts it, its agent joins: a report, not measured
)
FETCH_SECONDS = 3
COMPRESSIONS = ("gzip", "zstd")
IMPORT = """
import tensorflow
print(open("/proc/self/io").read().split("\\nread_bytes: ")[1].split()[0])
"""
FIRST_STEP = """
import time; started_at = time.monotonic()
import tensorflow as tf
imported_at = time.monotonic()
model = tf.keras.Sequential([tf.keras.layers.Input((8,)), tf.keras.layers.Dense(8), tf.keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(tf.zeros((32, 8)), tf.zeros((32, 1)), batch_size=32, verbose=0)
print(imported_at - started_at, time.monotonic() - imported_at)
"""


@dataclass(frozen=True)
class Measured:
    """Seconds for each MB that is unpacked, packed bytes for each unpacked one, and what TensorFlow takes."""

    gzip_seconds: float
    zstd_seconds: float
    gzip_packed: float
    zstd_packed: float
    import_seconds: float
    first_step_seconds: float
    import_megabytes: float


def pull_seconds(image: str, seconds: float, packed: float, disk: float, network: float) -> float:
    """How long an image is pulled: Docker unpacks a layer while it downloads the next ones.

    The disk writes the layers packed and unpacked. `disk` and `network` are MB a second.
    """
    unpacked, largest, cuda = IMAGES[image]
    whole = (unpacked - cuda) * packed + cuda * CUDA_PACKED
    first = largest * packed / network
    download, unpack = whole / network, unpacked * seconds
    return max(download + largest * seconds, first + unpack, (unpacked + whole) / disk)


def table(measured: Measured, disk: float, network: float) -> list[tuple[str, float]]:
    """Each part in seconds, the sum before, and the sum after each change; the changes add up."""
    gzip, zstd = (
        (measured.gzip_seconds, measured.gzip_packed), (measured.zstd_seconds, measured.zstd_packed),
    )  # fmt: skip
    rest = INSTANCE_SECONDS + FETCH_SECONDS + measured.import_seconds + measured.first_step_seconds
    before = pull_seconds("TensorFlow's image", *gzip, 131, network)
    smaller = pull_seconds("with CUDA", *gzip, 131, network)
    quicker = pull_seconds("with CUDA", *zstd, 131, network)
    now = pull_seconds("with CUDA", *zstd, disk, network)
    baked = 1 + measured.import_megabytes / disk
    return [
        ("Instance (assumed)", INSTANCE_SECONDS),
        ("Image: TensorFlow's, gzip, 125 MiB/s", before),
        ("Image: droptrain's, gzip, 125 MiB/s", smaller),
        ("Image: droptrain's, zstd, 125 MiB/s", quicker),
        ("Image: droptrain's, zstd, as deployed", now),
        ("Image: without CUDA, as deployed", pull_seconds("without CUDA", *zstd, disk, network)),
        ("Image: in the AMI", baked),
        ("Code and inputs (assumed)", FETCH_SECONDS),
        ("TensorFlow's import", measured.import_seconds),
        ("First step, on a CPU", measured.first_step_seconds),
        ("Sum: TensorFlow's, gzip, 125 MiB/s", rest + before),
        ("Sum: droptrain's, gzip, 125 MiB/s", rest + smaller),
        ("Sum: droptrain's, zstd, 125 MiB/s", rest + quicker),
        ("Sum: droptrain's, zstd, as deployed", rest + now),
        ("Sum: image in the AMI", rest + baked),
    ]


@contextmanager
def processor_time(spent: list[float]) -> Iterator[None]:
    """Add the seconds of processor time that the child processes of the block took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    yield
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def podman(*words: str, storage: Path | None = None) -> None:
    """Run podman, on a storage of its own where one is named."""
    place = [f"--root={storage}/root", f"--runroot={storage}/run"] if storage else []
    subprocess.run(["podman", *place, *words], check=True, capture_output=True)


def pulled(compression: str, layers: list[bytes], folder: Path) -> tuple[float, float]:
    """Seconds of CPU time and packed bytes of an image of these layers, pulled into an empty storage."""
    context = folder / f"{compression}-{len(layers)}-{sum(map(len, layers))}"
    context.mkdir()
    for number, content in enumerate(layers):
        (context / str(number)).write_bytes(content)
    copies = "".join(f"COPY {number} /{number}\n" for number in range(len(layers)))
    (context / "Dockerfile").write_text(f"FROM scratch\n{copies}", "utf-8")
    name, layout = f"localhost/cold-run-{context.name}", f"oci:{context}/layout:sample"
    spent: list[float] = []
    try:
        podman("build", "--isolation", "chroot", "--layers", "--tag", name, str(context))
        podman("push", "--compression-format", compression, name, layout)
        with processor_time(spent):
            podman("pull", layout, storage=context / "storage")
    finally:
        podman("image", "rm", "--force", "--ignore", name)
        podman("image", "rm", "--all", "--force", storage=context / "storage")
    packed = sum(file.stat().st_size for file in (context / "layout" / "blobs" / "sha256").iterdir())
    shutil.rmtree(context, ignore_errors=True)
    return spent[0], packed


def unpacked_alone(tool: str, sample: bytes, folder: Path) -> float:
    """Seconds of processor time in which the tool unpacks the sample and throws it away."""
    packed = folder / f"sample.{tool}"
    packed.write_bytes(subprocess.run([tool, "-c"], input=sample, capture_output=True, check=True).stdout)
    spent: list[float] = []
    with processor_time(spent):
        subprocess.run([tool, "-dc", str(packed)], check=True, stdout=subprocess.DEVNULL)
    packed.unlink()
    return spent[0]


def lacking() -> str:
    """What this machine lacks for a measurement; empty if it has all."""
    for tool in ("podman", *COMPRESSIONS):
        if not shutil.which(tool):
            return f"There is no {tool}: apt-get install {tool}"
    if find_spec("tensorflow") is None:
        return "This Python has no TensorFlow: make setup"
    return ""


def measure(megabytes: int) -> Measured:
    """Measure all, and print it."""
    spec = find_spec("tensorflow")
    assert spec is not None and spec.origin is not None
    with (Path(spec.origin).parent / "libtensorflow_cc.so.2").open("rb") as library:
        library.seek(256 << 20)
        sample = library.read(megabytes * 1_000_000)
    quarter = len(sample) // 4
    quarters = [sample[number * quarter : (number + 1) * quarter] for number in range(4)]
    cuts = {"one layer": [sample], "four layers": quarters}
    found: dict[str, tuple[float, float]] = {}
    alone: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        for compression in COMPRESSIONS:
            alone[compression] = unpacked_alone(compression, sample, Path(name))
            print(
                f"{compression}: the tool alone {megabytes / alone[compression]:.0f} MB/s of processor time"
            )
            nothing, _ = pulled(compression, [b"0"], Path(name))
            for title, layers in cuts.items():
                seconds, packed = pulled(compression, layers, Path(name))
                found.setdefault(compression, ((seconds - nothing) / megabytes, packed / len(sample)))
                speed = f"{megabytes / (seconds - nothing):.0f} MB/s of processor time"
                print(f"{compression}: into the storage, {title}: {speed}, {packed / len(sample):.2f} packed")
    gzip, zstd = (found[compression] for compression in COMPRESSIONS)
    print(f"zstd: {alone['gzip'] / alone['zstd']:.1f} times as fast alone, {gzip[0] / zstd[0]:.1f} in all")
    answer = subprocess.run(
        [sys.executable, "-c", FIRST_STEP], check=True, capture_output=True, text=True
    ).stdout
    imported, stepped = (float(word) for word in answer.split()[-2:])
    read = read_by_import(Path(spec.origin).parents[1])
    print(
        f"TensorFlow: import {imported:.1f} s, first step {stepped:.1f} s, {read:.0f} MB read by the import"
    )
    return Measured(gzip[0], zstd[0], gzip[1], zstd[1], imported, stepped, read)


def read_by_import(packages: Path) -> float:
    """MB that TensorFlow's import reads from a disk, without files that other processes have mapped."""
    for path in packages.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    command = [sys.executable, "-c", IMPORT]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(answer.split()[-1]) / 1e6


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--disk", type=float, default=250, help="of the instance, MiB a second (default: 250)"
    )
    parser.add_argument(
        "--network", type=float, default=300, help="to the registry, MB a second (default: 300)"
    )
    parser.add_argument(
        "--sample", type=int, default=64, help="MB that are packed and unpacked (default: 64)"
    )
    parser.add_argument("--json", action="store_true", help="print what was measured as JSON too")
    options = parser.parse_args()
    if missing := lacking():
        sys.exit(missing)
    measured = measure(options.sample)
    if options.json:
        print(json.dumps(measured.__dict__))
    print(f"\nDisk {options.disk:.0f} MiB/s, network {options.network:.0f} MB/s\n")
    print("| part | seconds |\n| --- | --- |")
    for part, seconds in table(measured, options.disk * 1.048576, options.network):
        print(f"| {part} | {seconds:.0f} |")


if __name__ == "__main__":
    main()
