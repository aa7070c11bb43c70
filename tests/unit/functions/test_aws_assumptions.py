"""docs/aws-assumptions.md has a row for each operation of AWS and each event's field that the code uses."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from droptrain_core import partial_batch
from droptrain_core.refresh import Done
from support.golden import golden, names_of, queued, streamed
from support.template import properties
from unit.functions import aws_calls
from unit.functions.core_in_memory import Core
from unit.functions.recorded import recorded

TESTS = Path(__file__).parents[2]
PAGE = (TESTS.parent / "docs/aws-assumptions.md").read_text("utf-8")
# What each section's test hands to which function.
QUEUED = {"Object Created": ("dataset_uploaded", "s3"), "Batch's events": ("batch_job_changed", "batch")}
NOTHING = "nothing"
CODE = re.compile(r"`([^`]+)`")


def tables() -> dict[str, list[dict[str, str]]]:
    """The rows of the page's tables by their section, each by the table's head."""
    found: dict[str, list[dict[str, str]]] = {}
    for section in re.split(r"^##+ ", PAGE, flags=re.MULTILINE)[1:]:
        title, _, text = section.partition("\n")
        lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("|")]
        if lines:
            head, _, *rows = ([cell.strip() for cell in line] for line in lines)
            found[title.strip()] = [dict(zip(head, row, strict=True)) for row in rows]
    return found


TABLES = tables()
OPERATIONS = {
    f"{title.rpartition('`')[0].rpartition('`')[2]}.{row['operation'].strip('`')}": row
    for title, rows in TABLES.items() if rows and "operation" in rows[0] for row in rows
}  # fmt: skip
ROWS = [row for rows in TABLES.values() for row in rows if "pinned by" in row]


def test_every_operation_that_the_code_calls_has_a_row_and_no_row_is_left_over() -> None:
    found = aws_calls.find()
    assert found.unknown == []
    assert set(found.operations) == set(OPERATIONS)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_a_row_says_what_is_sent_and_read_and_botocore_s_model_knows_all_of_it(name: str) -> None:
    used = aws_calls.find().operations[name]
    service, _, operation = name.partition(".")
    model = aws_calls.model(service).operation_model(operation)
    taken, given = (
        set(shape.members) if shape else set() for shape in (model.input_shape, model.output_shape)
    )
    assert used.sends <= taken, f"{name} doesn't take {used.sends - taken}: {used.places}"
    assert used.reads <= given, f"{name} doesn't answer {used.reads - given}: {used.places}"
    required = set(model.input_shape.required_members if model.input_shape else ())
    assert required <= used.sends or used.by_transfer, f"{name} needs {required - used.sends}"
    sent, _, read = OPERATIONS[name]["sends → reads"].partition("→")
    assert set(CODE.findall(sent)) == used.sends, f"{name} sends {sorted(used.sends)}"
    assert set(CODE.findall(read)) == used.reads, f"{name} reads {sorted(used.reads)}"


def test_every_exception_that_is_caught_by_its_name_is_in_its_service_s_model() -> None:
    for service, name in aws_calls.find().exceptions:
        assert name in {shape.name for shape in aws_calls.model(service).error_shapes}, f"{service}: {name}"


def test_what_a_transfer_of_boto3_calls_is_what_its_code_calls() -> None:
    import s3transfer

    code = "".join(path.read_text("utf-8") for path in Path(s3transfer.__file__).parent.glob("*.py"))
    called = {
        name for method, name in aws_calls.methods("s3").items() if re.search(rf"client\.{method}\b", code)
    }
    # Tags and annotations are copied by who asks for it, which `copy` in image/ doesn't.
    asked_for = {
        "DeleteObject",
        *(name for name in called if name.endswith(("Tagging", "Annotation", "Annotations"))),
    }
    assert set().union(*aws_calls.TRANSFERS.values()) == called - asked_for


@pytest.fixture
def noted(load: Any, context: Any, monkeypatch: Any, capsys: Any) -> dict[str, set[str]]:
    """The fields that functions read of all golden events, by the section of the page."""
    found: dict[str, set[str]] = {title: set() for title in QUEUED}
    envelope = found["Messages of a queue"] = set()
    for title, (function, folder) in QUEUED.items():
        app = load(function)
        fields = found[title]
        monkeypatch.setattr(
            partial_batch,
            "json",
            SimpleNamespace(loads=lambda text, fields=fields: recorded(json.loads(text), fields)),
        )
        for name in names_of(folder):
            core = Core()
            app.launch, app.track = core.launch, core.track
            app.wiring = SimpleNamespace(report_stuck_queue=lambda core=core: core.report_stuck_queue)
            app.handler(recorded(queued(golden(name), "[]"), envelope), context)
    app = load("run_changed")
    records = [golden(name) for name in names_of("stream")]
    records.append(golden("stream/insert"))
    del records[-1]["dynamodb"]["NewImage"]["run_id"]
    core = Core()
    app.notify, app.wiring = core.notify, core.wiring
    in_stream = found["Records of the table's stream"] = set()
    app.handler(recorded(streamed(*records), in_stream), context)
    app = load("trial_ended")
    app.advance = core.wiring.advance_sweep()
    app.handler(recorded(streamed(*records), in_stream), context)
    app = load("runs_api")
    requests = found["Requests to the API"] = set()
    for name in names_of("http"):
        Core().serve(app)
        app.handler(recorded(golden(name), requests), context)
    scheduled = found["Schedules"] = set()
    for function, name in (("reconcile_runs", "reconcile"), ("refresh_prices", "refresh")):
        app = load(function)
        setattr(app, name, SimpleNamespace(all=_done(function)))
        app.handler(recorded(golden(f"scheduler/{function}"), scheduled), context)
    capsys.readouterr()
    return found


def _done(function: str) -> Any:
    done: Any = Counter(active=1) if function == "reconcile_runs" else Done(1, 1, 1, True, (), ())
    return lambda *_: done


def matched() -> dict[str, set[str]]:
    """The fields by which the template's rules and filter let events through, by the section of the page."""
    filters = [
        json.loads(each["Pattern"])
        for name in ("RunChangedFunction", "TrialEndedFunction")
        for each in properties(name)["Events"]["Changes"]["Properties"]["FilterCriteria"]["Filters"]
    ]
    return {
        "Object Created": set(leaves(properties("UploadsRule")["EventPattern"])),
        "Batch's events": set(leaves(properties("ChangesRule")["EventPattern"])),
        "Records of the table's stream": {field for each in filters for field in leaves(each)},
    }


def leaves(pattern: Any, path: str = "") -> Iterator[str]:
    for name, value in pattern.items():
        at = f"{path}.{name}".lstrip(".")
        if isinstance(value, dict):
            yield from leaves(value, at)
        else:
            yield at


def last_only(fields: set[str]) -> set[str]:
    """Without what only leads to another field, and without the names in a mapping that is read whole."""
    whole = {field.removesuffix(".*") for field in fields if field.endswith(".*")}
    rest = {field for field in fields if not any(field.startswith(f"{each}.") for each in whole)}
    return {
        field for field in rest if not any(other.startswith((f"{field}.", f"{field}[")) for other in rest)
    }


def test_every_field_of_an_event_that_is_read_or_matched_has_a_row_and_no_row_is_left_over(
    noted: dict[str, set[str]],
) -> None:
    assert noted.pop("Schedules") == set()
    used = {title: last_only(fields) | matched().get(title, set()) for title, fields in noted.items()}
    rows = {
        title: {field for row in TABLES.get(title, []) for field in CODE.findall(row["field"])}
        for title in used
    }
    assert rows == used


def test_every_row_has_a_source_and_says_what_happens_if_it_is_wrong() -> None:
    for row in ROWS:
        assert row["source"] and row["if it is wrong"], row


def test_every_test_that_a_row_names_exists() -> None:
    for row in ROWS:
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", row["pinned by"])
        assert named or row["pinned by"].startswith(NOTHING), f"name a test, or say {NOTHING} and why: {row}"
        if row["pinned by"].startswith(NOTHING):
            continue
        assert len(named) == row["pinned by"].count("`") // 2, f"a test is FILE::NAME: {row['pinned by']}"
        for file, name in named:
            there = [path.read_text("utf-8") for path in TESTS.rglob(file)]
            assert any(f"def {name}(" in text for text in there), f"{file} has no {name}"
