"""What preflight and a launch cost, in instructions: by columns, by hostile shape, and by objects.

PYTHONPATH=tests python tests/bench/launch_cost.py; needs valgrind. Each figure is that of a process of its
own, less one that makes the same data and looks at nothing.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from itertools import islice, product
from string import ascii_letters
from typing import Any

from cold_start import instructions
from droptrain_core.domain import preflight
from droptrain_core.domain.datasets.dataset import Input, ObjectVersion
from droptrain_core.domain.preflight.facts import RANGE_BYTES, Piece

BYTES = 3 * RANGE_BYTES  # of a file that a launch reads whole
COLUMNS = (10, 1000, 10_000)
OBJECTS = (2, 1000, 10_000)
TEXTS = ["".join(letters) for letters in islice(product(ascii_letters, repeat=3), BYTES // 4)]
# As much as a launch reads of one file, of what costs most for its bytes.
SHAPES: Mapping[str, Callable[[], bytes]] = {
    "an ordinary table": lambda: filled(b"12.25,cat,2026-01-01,7\n"),
    "one number a row": lambda: filled(b"1\n"),
    "two texts a row": lambda: "".join(f"{text},x\n" for text in TEXTS).encode()[:BYTES],
    "hundred texts a row": lambda: texts_in_rows(100),
    "two thousand texts a row": lambda: texts_in_rows(2000),
    "one row of names": lambda: ",".join(TEXTS).encode(),
    "delimiters alone": lambda: filled(b"," * 1999 + b"\n"),
    "blank lines": lambda: b"1\n" + b"\n" * (BYTES - 2),
    "a quote over all lines": lambda: b'a\n"' + b"\n" * (BYTES - 3),
    "fifty widths, eight symbols": lambda: b"!#$%&()*\n" + filled(
        b"a,b\n" * 40 + b"".join(b"1,2" + b",!#$%&()*" * width + b"\n" for width in range(1, 50))
    )[9:],
}  # fmt: skip


def filled(piece: bytes) -> bytes:
    """As many pieces as a launch reads of one file."""
    return piece * (BYTES // len(piece))


def texts_in_rows(width: int) -> bytes:
    """No text comes twice."""
    rows = (",".join(TEXTS[start : start + width]) for start in range(0, len(TEXTS) - width, width))
    return "\n".join(rows).encode()


def table(columns: int) -> bytes:
    """A header and rows in which every other column is empty, cut at the bytes that all tables have."""
    header = ",".join(f"c{number}" for number in range(columns)) + "\n"
    row = "1,," * (columns // 2)
    return (header + f"{row[:-1]}\n" * (BYTES // len(row)))[:BYTES].encode()


def main() -> None:
    """Measure, and print tables; or, as a child, do one thing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=3, metavar=("WHAT", "WHICH", "LOOK"), help=argparse.SUPPRESS)
    parser.add_argument("--only", choices=CHILDREN, help="one of the tables")
    options = parser.parse_args()
    if options.child:
        what, which, look = options.child
        CHILDREN[what](which, look == "look")
        return
    if not shutil.which("valgrind"):
        sys.exit("valgrind isn't here: apt-get install valgrind.")
    for what in [options.only] if options.only else CHILDREN:
        compare(what, *TABLES[what])


def compare(what: str, cases: tuple[Any, ...], title: str) -> None:
    """Print the instructions of each case, and how they compare with the first."""
    print(f"\n{title}\n{'':30}{'million instructions':>22}  ratio")
    first = None
    for case in cases:
        bare, whole = (measure(what, case, look) for look in ("make", "look"))
        first = first or whole - bare
        print(f"{case!s:30}{(whole - bare) / 1e6:22,.0f}  {(whole - bare) / first:5.2f}", flush=True)


def measure(what: str, which: object, look: str) -> float:
    """The instructions of one child."""
    command = [sys.executable, __file__, "--child", what, str(which), look]
    return instructions(command, {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})


def look_at_columns(which: str, look: bool) -> None:
    """Preflight of a training and a test file."""
    look_at([table(int(which))] * 2, look)


def look_at_shape(which: str, look: bool) -> None:
    """Preflight of a tenth of the files that a launch looks into, with a tenth of its steps."""
    preflight.STEPS //= 10
    look_at([SHAPES[which]()] * (preflight.FILES_SAMPLED // 10), look)


def look_at(bodies: list[bytes], look: bool) -> None:
    """Read and judge files as a launch does."""
    files = {f"{number:02}.csv": body for number, body in enumerate(bodies)}
    inputs = [Input("training", ObjectVersion(name, "v", len(body), "e")) for name, body in files.items()]
    if look:
        preflight.judge(preflight.read(inputs, lambda item: [Piece(0, files[item.key])], {}), {})


def look_at_objects(which: str, look: bool) -> None:
    """One event of a dataset of so many objects: a launch from listing to submission."""
    from chaos.model.machine import Launching

    stack = Launching()
    stack.bucket.put("projects/p/train.yaml", {"inputs": {"training": "*.csv"}, "trigger": "files"})
    objects = [stack.bucket.put(f"projects/p/data/d/{number:05}.csv") for number in range(int(which))]
    if look:
        assert stack.launch.upload(objects[-1].key, objects[-1].version_id).answer == "launched"


TABLES: Mapping[str, tuple[tuple[Any, ...], str]] = {
    "columns": (
        COLUMNS,
        f"preflight of two files of {BYTES // 1024} KiB, by columns (goal: ratios of at most 3)",
    ),
    "shapes": (tuple(SHAPES), "a tenth of the largest preflight: its files, its steps; by shape"),
    "objects": (OBJECTS, "one upload's event over adapters in memory, by objects of its dataset"),
}
CHILDREN: Mapping[str, Callable[[str, bool], None]] = {
    "columns": look_at_columns,
    "shapes": look_at_shape,
    "objects": look_at_objects,
}

if __name__ == "__main__":
    main()
