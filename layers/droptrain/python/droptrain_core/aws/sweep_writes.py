"""A sweep as a DynamoDB item and back, and the part of it in the claim of a trial's run."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from droptrain_core.aws.run_record import SCHEMA, check_schema, made, to_attributes, to_values
from droptrain_core.aws.transition_writes import update_at
from droptrain_core.domain.sweeps import transitions
from droptrain_core.domain.sweeps.sweep import Sweep

KIND = "sweep"
_PREFIX = "SWEEP#"
# The index by project lists sweeps apart from runs: no project has such a name.
_OF_PROJECT = "sweeps of "


def sweep_pk(sweep_id: str) -> str:
    """The partition key of a sweep."""
    return f"{_PREFIX}{sweep_id}"


def sweep_id_of(pk: str) -> str | None:
    """The sweep with this partition key; None for another item's."""
    return pk.removeprefix(_PREFIX) if pk.startswith(_PREFIX) else None


def index_of(project: str | None) -> tuple[str, str, str]:
    """(index, key, value) of a list of one project's sweeps, or of all sweeps."""
    return ("by_project", "project", list_of(project)) if project else ("by_time", "kind", KIND)


def list_of(project: str) -> str:
    """The key in the index by project under which its sweeps are."""
    return f"{_OF_PROJECT}{project}"


def to_item(sweep: Sweep) -> dict[str, Any]:
    """The item of a new record; it stays in the index of active sweeps until its notice is out."""
    values = {name: value for name, value in asdict(sweep).items() if value not in (None, (), {})}
    keys = {"pk": sweep_pk(sweep.sweep_id), "kind": KIND, "schema": SCHEMA, "active": KIND}
    return to_attributes({**values, **keys, "project": list_of(sweep.project)})


def from_item(item: Mapping[str, Any]) -> Sweep:
    """The sweep in an item; NewerRecordError."""
    check_schema(item)
    values = to_values(item)
    return made(Sweep, {**values, "project": values["project"].removeprefix(_OF_PROJECT)})


def launch_of(table: str, sweep_id: str, number: int, at: str) -> dict[str, Any]:
    """The part of a trial's claim: its sweep still starts trials, and this is the next one."""
    return update_at(table, sweep_pk(sweep_id), transitions.launched(sweep_id, number, at))
