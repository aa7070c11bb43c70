"""The model of a cold start, and the page that shows what came of it."""

import re

import pytest
from bench.cold_run import Measured, lacking, table
from support.template import ROOT

MEASURED = Measured(
    gzip_seconds=0.0125, zstd_seconds=0.0025, gzip_packed=0.5, zstd_packed=0.4, import_seconds=10,
    first_step_seconds=5, import_megabytes=900,
)  # fmt: skip


# MB: unpacked, and packed as 0.4 of all but CUDA's libraries.
WRITTEN = 4571 + 0.4 * 1363 + 1887


def test_each_change_shortens_the_start() -> None:
    sums = [seconds for part, seconds in table(MEASURED, 262, 300) if part.startswith("Sum")]
    assert sums == sorted(sums, reverse=True)
    assert len(set(sums)) == len(sums)


def test_a_disk_that_is_slower_than_the_unpacking_is_what_is_waited_for() -> None:
    before, now = (dict(table(MEASURED, disk, 300)) for disk in (131, 262))
    part = "Image: droptrain's, zstd, as deployed"
    assert before[part] == pytest.approx(WRITTEN / 131)
    assert now[part] == pytest.approx(WRITTEN / 262)


def test_what_the_import_reads_of_a_baked_image_comes_from_the_disk() -> None:
    assert dict(table(MEASURED, 300, 300))["Image: in the AMI"] == pytest.approx(1 + 3)


def test_the_page_on_costs_has_the_parts_that_are_computed() -> None:
    page = (ROOT / "docs" / "cost.md").read_text("utf-8")
    shown = re.findall(
        r"^\| ((?:Instance|Image|Code|TensorFlow|First|Sum)\b[^|]*) \| (\d+) \|", page, re.MULTILINE
    )
    assert [part for part, _ in shown] == [part for part, _ in table(MEASURED, 262, 300)]
    assert all(int(seconds) > 0 for _, seconds in shown)


def test_a_machine_without_a_tool_is_named_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert lacking() == "There is no podman: apt-get install podman"
