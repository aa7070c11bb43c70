"""A run as a DynamoDB item and back. Readers ignore what they don't know and default what is absent.

So a release may add attributes and fields. What an older one would misread raises SCHEMA.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from droptrain_core.domain.costs.estimate import Offer, Ticket
from droptrain_core.domain.datasets.dataset import Input, ObjectVersion
from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.errors import Cause, NewerRecordError
from droptrain_core.domain.runs import canary
from droptrain_core.domain.runs.run import (
    Attempt,
    AttemptCost,
    Code,
    Cost,
    GpuUse,
    Hold,
    JobRequest,
    Run,
    Rung,
    Step,
)
from droptrain_core.domain.text import encodable

KIND = "run"
SCHEMA = 1

Kind = TypeVar("Kind")


def run_pk(run_id: str) -> str:
    """The partition key of a run."""
    return f"RUN#{run_id}"


def to_item(run: Run) -> dict[str, Any]:
    """The item of a new record; it stays in the index of active runs until it is announced."""
    values = {name: value for name, value in asdict(run).items() if value not in (None, (), {})}
    if expires_at := canary.expires_at(run):
        values["expires_at"] = expires_at
    return to_attributes({"pk": run_pk(run.run_id), "kind": KIND, "schema": SCHEMA, "active": KIND, **values})


def to_attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values as DynamoDB's attribute values."""
    return {encodable(name): _attribute(value) for name, value in values.items()}


def to_values(item: Mapping[str, Any]) -> dict[str, Any]:
    """DynamoDB's attribute values as plain values."""
    return {name: _value(value) for name, value in item.items()}


def check_schema(item: Mapping[str, Any]) -> None:
    """NewerRecordError if this code would misread the item: a later release wrote it.

    What an index holds says no schema; whoever reads a run from there reads it again before it moves it.
    """
    schema = int(item.get("schema", {"N": "1"})["N"])
    if schema > SCHEMA:
        raise NewerRecordError(
            f"{item.get('run_id', {}).get('S')} was written by a later release (schema {schema}); this one "
            f"reads {SCHEMA}. Deploy that release again."
        )


def from_item(item: Mapping[str, Any]) -> Run:
    """The run in an item, of a read or of the table's stream; NewerRecordError."""
    check_schema(item)
    values = to_values(item)
    return Run(
        run_id=values["run_id"],
        project=values["project"],
        dataset=values["dataset"],
        status=values["status"],
        created_at=values["created_at"],
        updated_at=values["updated_at"],
        claimed_at=values["claimed_at"],
        launched_by=values["launched_by"],
        created_order=values["created_order"],
        job=_made(JobRequest, values["job"]) if "job" in values else None,
        inputs=tuple(
            Input(each["channel"], _made(ObjectVersion, each["object"])) for each in values.get("inputs", ())
        ),
        input_count=values.get("input_count", 0),
        recipe=_made(ObjectVersion, values["recipe"]) if "recipe" in values else None,
        code=_made(Code, values["code"]) if "code" in values else None,
        cause=_cause(values["cause"]) if "cause" in values else None,
        metric=values.get("metric"),
        metric_goal=values.get("metric_goal"),
        inputs_digest=values.get("inputs_digest"),
        notify=tuple(values.get("notify", ())),
        batch_job_id=values.get("batch_job_id"),
        cancelled_by=values.get("cancelled_by"),
        log_stream=values.get("log_stream"),
        started_at=values.get("started_at"),
        stopped_at=values.get("stopped_at"),
        attempts=tuple(_made(Attempt, each) for each in values.get("attempts", ())),
        metrics=values.get("metrics", {}),
        ticket=_ticket(values["ticket"]) if "ticket" in values else None,
        cost=_cost(values["cost"]) if "cost" in values else None,
        gpu=_made(GpuUse, values["gpu"]) if "gpu" in values else None,
        warnings=tuple(_made(Finding, each) for each in values.get("warnings", ())),
        advice=tuple(values.get("advice", ())),
        history=tuple(_made(Step, each) for each in values.get("history", ())),
        progress=values.get("progress", ""),
        announced_at=values.get("announced_at"),
        reruns=values.get("reruns", 0),
        rerun_of=values.get("rerun_of"),
        holds=tuple(_made(Hold, each) for each in values.get("holds", ())),
        rung=_rung(values["rung"]) if "rung" in values else None,
        plan_sha256=values.get("plan_sha256"),
    )


def _made(kind: type[Kind], values: Mapping[str, Any]) -> Kind:
    """One of a dataclass, from those of the values that it knows."""
    known: Any = kind
    made: Kind = known(**{name: values[name] for name in known.__dataclass_fields__ if name in values})
    return made


def _rung(values: Mapping[str, Any]) -> Rung:
    earlier = tuple(_made(Attempt, each) for each in values["earlier_attempts"])
    return _made(Rung, {**values, "earlier_attempts": earlier})


def _ticket(values: Mapping[str, Any]) -> Ticket:
    return _made(Ticket, {**values, "offers": tuple(_made(Offer, each) for each in values["offers"])})


def _cost(values: Mapping[str, Any]) -> Cost:
    attempts = tuple(_made(AttemptCost, each) for each in values.get("attempts", ()))
    return _made(Cost, {**values, "attempts": attempts})


def _cause(values: Mapping[str, Any]) -> Cause:
    return _made(Cause, {**values, "evidence": tuple(values.get("evidence", ()))})


# boto3 has these two, for more types; but importing it costs a function a tenth of its cold start.
def _attribute(value: Any) -> dict[str, Any]:
    """A plain value as DynamoDB's attribute value; TypeError if it has no form there."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            # Text is made clean where it enters. DynamoDB refuses the whole write for half a character, and a
            # write that is refused each time leaves a drop without an answer: so nothing of it gets this far.
            return {"S": encodable(value)}
        case int() | float():
            return {"N": repr(value)}
        case Mapping():
            return {"M": to_attributes(value)}
        case list() | tuple():
            return {"L": [_attribute(each) for each in value]}
    raise TypeError(f"A record can't hold {value!r}")


def _value(attribute: Mapping[str, Any]) -> Any:
    """The plain value in an attribute value."""
    ((kind, value),) = attribute.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return int(value) if value.removeprefix("-").isdigit() else float(value)
        case "M":
            return {name: _value(each) for name, each in value.items()}
        case "L":
            return [_value(each) for each in value]
        case "S" | "BOOL":
            return value
    raise TypeError(f"No record has attributes of DynamoDB's type {kind}")
