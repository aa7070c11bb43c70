"""docs/operations.md explains every metric that the functions count, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
NAME = r"[A-Z][a-z]+[A-Z][a-z]+"


def test_every_metric_is_explained() -> None:
    shared = ROOT / "layers/droptrain/python/droptrain/partial_batch.py"
    files = [*(ROOT / "functions").glob("*/app.py"), shared]
    sources = "".join(path.read_text("utf-8") for path in files)
    counted = set(
        re.findall(
            r'"((?:Runs|Datasets|Uploads|Changes|Notices?|Claims|Jobs|Reconcile|Records)[A-Z][a-z]+)"',
            sources,
        )
    )
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    section = page.split("## Metrics")[1].split("## Alarms")[0]
    assert counted == set(re.findall(rf"`({NAME})`", section))
