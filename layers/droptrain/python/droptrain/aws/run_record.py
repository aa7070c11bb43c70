"""A run as a DynamoDB item and back. Readers ignore unknown attributes and default absent ones."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from droptrain.domain.dataset import Input, ObjectVersion
from droptrain.domain.errors import Cause
from droptrain.domain.finding import Finding
from droptrain.domain.run import Attempt, AttemptCost, Code, Cost, GpuUse, Hold, JobRequest, Run, Rung, Step
from droptrain.domain.ticket import Offer, Ticket

KIND = "run"
SCHEMA = 1


def run_pk(run_id: str) -> str:
    """The partition key of a run."""
    return f"RUN#{run_id}"


def to_item(run: Run) -> dict[str, Any]:
    """The item of a new record; it stays in the index of active runs until it is announced."""
    values = {name: value for name, value in asdict(run).items() if value not in (None, (), {})}
    return to_attributes({"pk": run_pk(run.run_id), "kind": KIND, "schema": SCHEMA, "active": KIND, **values})


def to_attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values as DynamoDB's attribute values."""
    return {name: _attribute(value) for name, value in values.items()}


def to_values(item: Mapping[str, Any]) -> dict[str, Any]:
    """DynamoDB's attribute values as plain values."""
    return {name: _value(value) for name, value in item.items()}


def from_item(item: Mapping[str, Any]) -> Run:
    """The run in an item, of a read or of the table's stream."""
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
        job=JobRequest(**values["job"]) if "job" in values else None,
        inputs=tuple(
            Input(each["channel"], ObjectVersion(**each["object"])) for each in values.get("inputs", ())
        ),
        input_count=values.get("input_count", 0),
        recipe=ObjectVersion(**values["recipe"]) if "recipe" in values else None,
        code=Code(**values["code"]) if "code" in values else None,
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
        attempts=tuple(Attempt(**each) for each in values.get("attempts", ())),
        metrics=values.get("metrics", {}),
        ticket=_ticket(values["ticket"]) if "ticket" in values else None,
        cost=_cost(values["cost"]) if "cost" in values else None,
        gpu=GpuUse(**values["gpu"]) if "gpu" in values else None,
        warnings=tuple(Finding(**each) for each in values.get("warnings", ())),
        advice=tuple(values.get("advice", ())),
        history=tuple(Step(**each) for each in values.get("history", ())),
        progress=values.get("progress", ""),
        announced_at=values.get("announced_at"),
        told=tuple(values.get("told", ())),
        reruns=values.get("reruns", 0),
        rerun_of=values.get("rerun_of"),
        holds=tuple(Hold(**each) for each in values.get("holds", ())),
        rung=_rung(values["rung"]) if "rung" in values else None,
    )


def _rung(values: Mapping[str, Any]) -> Rung:
    earlier = tuple(Attempt(**each) for each in values["earlier_attempts"])
    return Rung(**{**values, "earlier_attempts": earlier})


def _ticket(values: Mapping[str, Any]) -> Ticket:
    return Ticket(**{**values, "offers": tuple(Offer(**each) for each in values["offers"])})


def _cost(values: Mapping[str, Any]) -> Cost:
    attempts = tuple(AttemptCost(**each) for each in values.get("attempts", ()))
    return Cost(**{**values, "attempts": attempts})


def _cause(values: Mapping[str, Any]) -> Cause:
    return Cause(**{**values, "evidence": tuple(values.get("evidence", ()))})


# boto3 has these two, for more types; but importing it costs a function a tenth of its cold start.
def _attribute(value: Any) -> dict[str, Any]:
    """A plain value as DynamoDB's attribute value; TypeError if it has no form there."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
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
