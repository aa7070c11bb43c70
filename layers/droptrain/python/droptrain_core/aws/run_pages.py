"""Pages of runs: the index that a list follows, where its pages end, and its query."""

from collections.abc import Mapping
from typing import Any

from droptrain_core.aws.run_record import KIND, run_pk, to_attributes
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.run import Run

Position = dict[str, Any]


@frozen
class Ranked:
    """The ranking that a list follows, and whether the lowest value is the best."""

    ranking: str
    lowest_first: bool


@frozen
class Page:
    """Some runs, newest first, and where the next page starts; None after the last one."""

    runs: tuple[Run, ...]
    position: Position | None


def query_of(
    table: str,
    project: str | None,
    where: Mapping[str, str],
    limit: int,
    position: Position | None,
    ranked: Ranked | None,
) -> dict[str, Any]:
    """The arguments of DynamoDB's Query for a page of a project's runs, of all runs, or of a ranking."""
    index, name, value = ("by_project", "project", project) if project else ("by_time", "kind", KIND)
    if ranked:
        index, name, value = "by_headline", "ranking", ranked.ranking
    query: dict[str, Any] = {
        "TableName": table,
        "IndexName": index,
        "KeyConditionExpression": "#owner = :owner",
        "ExpressionAttributeNames": {"#owner": name, **{f"#{each}": each for each in where}},
        "ExpressionAttributeValues": to_attributes(
            {":owner": value, **{f":{each}": wanted for each, wanted in where.items()}}
        ),
        "ScanIndexForward": ranked is not None and ranked.lowest_first,
        "Limit": limit,
    }
    if where:
        query["FilterExpression"] = " AND ".join(f"#{each} = :{each}" for each in where)
    if position:
        query["ExclusiveStartKey"] = position
    return query


def position_of(run: Run, project: str | None, ranked: Ranked | None = None) -> Position:
    """The position behind a run in the list of one project's runs, of all, or of a ranking."""
    if ranked:
        return to_attributes({
            "pk": run_pk(run.run_id), "headline": run.headline, "ranking": ranked.ranking,
        })  # fmt: skip
    owner = {"project": run.project} if project else {"kind": KIND}
    return to_attributes({"pk": run_pk(run.run_id), "created_order": run.created_order, **owner})
