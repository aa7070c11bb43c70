"""docs/container.md against the code: variables, exit codes, fields and numbers."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from droptrain_container import exit_codes, log, outcome, records, script, settings, variables
from droptrain_container.early_stop import StoppedEarly
from droptrain_container.findings import Findings
from droptrain_container.layout import Layout
from droptrain_container.plan import Plan

PAGE = (Path(__file__).parents[3] / "docs" / "container.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
JOB = {"DROPTRAIN_RUN": "s3://data/runs/penguins/first/", "AWS_BATCH_JOB_ID": "job-1"}


def names_in(section: str) -> list[str]:
    """The names in the first column of the section's table."""
    rows = re.findall(r"^\| (`.+?) \|", SECTIONS[section], re.MULTILINE)
    return re.findall(r"`(.+?)`", " ".join(rows))


def test_the_page_lists_every_variable_that_the_script_gets() -> None:
    plan = Plan("projects/p/code/", "run.sh", (), {}, {"name": "1"}, {}, 30, 3, 0)
    given = variables.of_script(
        {}, plan, run_uri="s3://b/", code_uri="s3://b/c", layout=Layout(Path("ml")), gpus=0, words=[],
        input_uris={"training": "s3://b/train.csv", "testing": "s3://b/test.csv", "other": "s3://b/x"},
        # Never all at once.
            of_step={"PREPARED_DIR": "ml", "PREPARED_DATA": "s3://b/p", "WARM_START_DIR": "ml"},
    )  # fmt: skip
    of_other_dialects = re.compile(
        r"(SM|SAGEMAKER|AIP|CLOUD_ML)_|CLUSTER_SPEC|TF_CONFIG|TRAINING_JOB_NAME|CURRENT_HOST"
    )
    plain = [name for name in given if not of_other_dialects.match(name)]
    assert sorted(names_in("What your code sees")) == sorted(plain)


def test_the_page_lists_every_variable_that_the_container_reads() -> None:
    asked: set[str] = set()

    class Recording(Mapping[str, str]):
        def __getitem__(self, name: str) -> str:
            asked.add(name)
            return JOB[name]

        def __iter__(self) -> Iterator[str]:
            return iter(JOB)

        def __len__(self) -> int:
            return len(JOB)

    settings.read(Recording())
    assert sorted(names_in("What the container reads")) == sorted(asked)


def test_the_page_lists_every_exit_code() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", SECTIONS["Exit codes"], re.MULTILINE)
    assert {cause: int(code) for code, cause in rows} == dict(exit_codes.EXIT_CODES)


def test_the_page_lists_every_field_of_the_outcome() -> None:
    now = datetime.now(UTC)
    document = outcome.write(
        settings.read(JOB), exit_codes.of_script(0), Findings(stopped_early=StoppedEarly(10, 9, 4)),
        metrics={}, log_tail=[], started_at=now, ended_at=now,
    )  # fmt: skip
    assert names_in("outcome.json") == list(json.loads(document))


def test_the_page_names_the_numbers_of_the_code() -> None:
    assert f"every {records.UPLOAD_SECONDS:.0f} seconds" in SECTIONS["The log"]
    assert (
        f"the first {log.HEAD_BYTES >> 20} MiB and the last {log.TAIL_BYTES >> 20} MiB" in SECTIONS["The log"]
    )
    stops = SECTIONS["When the container has to end"]
    assert f"after {script.GRACE_SECONDS:.0f} seconds, or {script.RECLAIM_GRACE_SECONDS:.0f} seconds" in stops
    assert f"the last {outcome.TAIL_LINES} lines" in SECTIONS["outcome.json"]


def test_the_page_and_the_dockerfile_name_the_same_base() -> None:
    dockerfile = (Path(__file__).parents[3] / "image" / "Dockerfile").read_text("utf-8")
    base = re.search(r"^ARG BASE_IMAGE=(\S+)$", dockerfile, re.MULTILINE)
    assert base is not None
    assert f"`{base[1]}`" in SECTIONS["The image"]
