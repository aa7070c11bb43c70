"""Many runs at once: a real run's record, repeated under other names, times and values."""

import math
from datetime import datetime, timedelta
from typing import Any

from droptrain_local.cloud import LaptopCloud

_MINUTES_APART = 37


def crowd(cloud: LaptopCloud, run: dict[str, Any], count: int) -> None:
    """Put `count` copies of a run into the table, each older than the one before."""
    client = cloud.client("dynamodb")
    found = client.get_item(
        TableName=cloud.ready.table, Key={"pk": _key(client, cloud.ready.table, run["run_id"])}
    )["Item"]
    created = datetime.fromisoformat(run["created_at"])
    for number in range(1, count + 1):
        at = created - timedelta(minutes=_MINUTES_APART * number)
        client.put_item(TableName=cloud.ready.table, Item=_copy(found, run["run_id"], number, at))


def _key(client: Any, table: str, run_id: str) -> dict[str, str]:
    for page in client.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            if item.get("kind", {}).get("S") == "run" and item["run_id"]["S"] == run_id:
                key: dict[str, str] = item["pk"]
                return key
    raise AssertionError(f"the table has no {run_id}")


def _copy(found: dict[str, Any], run_id: str, number: int, at: datetime) -> dict[str, Any]:
    other = f"{run_id[:-12]}{number:012x}"
    text = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    item = {name: _renamed(value, run_id, other) for name, value in found.items()}
    for name in ("created_at", "started_at", "claimed_at", "updated_at", "stopped_at"):
        if "S" in item.get(name, {}):
            item[name] = {"S": text}
    item["stopped_at"] = {
        "S": (at + timedelta(seconds=40 + 7 * (number % 60))).strftime("%Y-%m-%dT%H:%M:%SZ")
    }
    item["created_order"] = {"S": f"{text[:-1]}.000Z#{other}"}
    for name, value in item.get("metrics", {}).get("M", {}).items():
        item["metrics"]["M"][name] = {"N": str(round(float(value["N"]) - 0.03 + 0.02 * math.sin(number), 4))}
    if "headline" in item:
        item["headline"] = item["metrics"]["M"][item["metric"]["S"]]
    return item


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(each, old, new) for name, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, old, new) for each in value]
    return value.replace(old, new) if isinstance(value, str) else value
