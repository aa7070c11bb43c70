"""Which calls roles and callers make, as laptop clouds of tests recorded them, without names of one run.

`make calls` writes them down anew, in calls.csv; a test fails whose laptop cloud refuses a call.
"""

import csv
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from droptrain_local.permissions.policy import Need

FILE = Path(__file__).with_name("calls.csv")
_HEADINGS = ["principal", "operation", "action", "resource", "condition keys"]
_WRITES = "DROPTRAIN_CALLS"
_STACK = "droptrain-"
# Whose policies have a condition on an item's key.
_ASKED_FOR_KEYS = frozenset({"RefreshPricesRole"})
# Whom every test may let ask for what they may not do.
_MAY_BE_REFUSED = frozenset({"ReaderPolicy", "OperatorPolicy"})


@dataclass(frozen=True, order=True)
class Call:
    """A need of an operation that a principal asked for; condition keys are `name=value; name=value`."""

    principal: str
    operation: str
    action: str
    resource: str
    keys: str = ""

    @property
    def need(self) -> Need:
        """What policies are asked."""
        pairs = [pair.partition("=") for pair in self.keys.split("; ") if pair]
        context: dict[str, tuple[str, ...]] = {}
        for name, _, value in pairs:
            context[name] = (*context.get(name, ()), value)
        return Need(self.action, self.resource, context)


def recorded() -> list[Call]:
    """The calls that are kept."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return [Call(*row) for row in list(csv.reader(file))[1:]]


@contextmanager
def recording(folder: Path, outages: Iterable[str] = ()) -> Iterator[Path]:
    """Where a laptop cloud records its calls, none of which may be refused.

    But for roles that the test takes permissions from, `outages`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / "calls.jsonl"
    yield record
    lines = [json.loads(line) for line in record.read_text("utf-8").splitlines()]
    may_be = _MAY_BE_REFUSED.union(outages)
    refused = [line for line in lines if not line["allowed"] and _name(line) not in may_be]
    assert not refused, f"the template's policies refuse {refused[0]}"
    seen = {call for line in lines for call in calls_of(line)}
    if os.environ.get(_WRITES) == "write":
        _write(seen.union(recorded() if FILE.exists() else ()))


def calls_of(line: Any) -> Iterator[Call]:
    """What a line of a record needed, if it was allowed."""
    principal, operation = _name(line), line["operation"]
    for action, resource, context in line["needs"] if line["allowed"] else ():
        values = {
            f"{name}={_plain_value(name, value)}"
            for name, given in context.items()
            if name != "dynamodb:LeadingKeys" or principal in _ASKED_FOR_KEYS
            for value in given
        }
        yield Call(principal, operation, action, _plain(operation, resource), "; ".join(sorted(values)))


def _name(line: Any) -> str:
    return str(line["principal"].removeprefix(_STACK))


def _write(calls: set[Call]) -> None:
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_HEADINGS)
        writer.writerows(
            [it.principal, it.operation, it.action, it.resource, it.keys] for it in sorted(calls)
        )


def _plain(operation: str, resource: str) -> str:
    """A resource without the names of one run."""
    if resource.startswith("arn:aws:s3:::"):
        bucket, slash, key = resource.partition("/")
        return f"{bucket}{slash}{_plain_key(key)}"
    arn, _, name = resource.rpartition(":")
    service = resource.split(":")[2] if resource.startswith("arn:") else ""
    if service == "batch" and name.startswith("job/"):
        return f"{arn}:job/JOB"
    if service == "dynamodb" and "/stream/" in resource:
        return resource.partition("/stream/")[0] + "/stream/LABEL"
    if service == "logs":
        return resource.rpartition("/")[0] + "/TASK"
    if service == "scheduler":
        return resource.rpartition("/")[0] + "/PROJECT"
    if service == "secretsmanager":
        return f"{arn}:droptrain/NAME"
    if service == "execute-api":
        api, stage, method = name.split("/")[:3]
        route = operation.removeprefix("execute-api:").partition(" ")[2] or "/ELSE"
        return f"{arn}:{api}/{stage}/{method}{route}"
    return resource


def _plain_key(key: str) -> str:
    """Like projects/PROJECT/data/DATASET/FILE, runs/PROJECT/RUN/export/FILE; fixed names stay."""
    parts = key.split("/")
    if parts[0] == "runs":
        named = ["runs", "PROJECT", "RUN", *parts[3:4]]
        rest = parts[4:]
    elif parts[0] == "models" and parts[2:3] == ["current"]:
        named, rest = ["models", "PROJECT", "current", "RUN"], parts[4:]
    elif parts[0] == "models":
        named, rest = ["models", "PROJECT", *parts[2:]], []
    elif parts[0] == "prepared":
        named, rest = ["prepared", "PROJECT"], parts[2:]
    elif parts[0] == "sweeps":
        named, rest = ["sweeps", "PROJECT", "SWEEP"], parts[3:]
    elif parts[2:3] == ["data"]:
        named, rest = ["projects", "PROJECT", "data", "DATASET"], parts[4:]
    elif parts[2:3] == ["code"]:
        named, rest = ["projects", "PROJECT", "code"], parts[3:]
    else:
        named, rest = ["projects", "PROJECT", *parts[2:3]], parts[3:]
    if len(parts) <= len(named):
        named = [new if old else "" for new, old in zip(named, parts, strict=False)]
    return "/".join(named + (["FILE"] if any(rest) else rest[:1]))


def _plain_value(name: str, value: str) -> str:
    return _plain_key(value) if name == "s3:prefix" else value
