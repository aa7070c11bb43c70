"""The changes of a laptop cloud's table, in their order, as its stream has them."""

from collections.abc import Iterator
from typing import Any

from droptrain_core.aws.run_record import to_values

from droptrain_local.cloud import LaptopCloud


def table_changes(cloud: LaptopCloud) -> Iterator[tuple[float, dict[str, Any]]]:
    """Each change since the cloud's start: its time in seconds since the epoch, and the item after it."""
    streams = cloud.client("dynamodbstreams")
    [stream] = streams.list_streams(TableName=cloud.ready.table)["Streams"]
    [shard] = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    while (page := streams.get_records(ShardIterator=iterator))["Records"]:
        for record in page["Records"]:
            change = record["dynamodb"]
            yield change["ApproximateCreationDateTime"].timestamp(), to_values(change.get("NewImage", {}))
        iterator = page["NextShardIterator"]
