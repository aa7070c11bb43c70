"""Time that passes for the runs in the table at once, for those who can't wait until claims are old."""

import time
from datetime import UTC, datetime, timedelta

from chaos.soak import observations
from chaos.soak.outages import kill
from chaos.soak.sweeps import sweeps
from droptrain_core.aws.sweep_writes import sweep_pk

from droptrain_local.cloud import LaptopCloud

# Longer than a claim has to be left alone, and than a run has to be quiet for the reconciler.
_PASSED = timedelta(minutes=3)
# A request that a killed function sent last is carried out within this.
_LAST_WORDS_SECONDS = 0.5


def pass_time(cloud: LaptopCloud, left: set[str]) -> set[str]:
    """Make every run and every sweep that has not ended minutes older.

    A claim is made older only with its holder dead: whoever takes it over relies on that. So every function's
    process is killed if there are claims that were `left` at the last call. New ones are left to their
    holders. Returns the claims that there are now.
    """
    active = [run for run in observations.runs(cloud) if not run.ended]
    claims = {run.run_id for run in active if run.is_claim}
    if claims & left:
        kill(cloud.function_pids())
        time.sleep(_LAST_WORDS_SECONDS)
    runs = [run for run in active if run.run_id not in claims - left]
    at = (datetime.now(UTC) - _PASSED).strftime("%Y-%m-%dT%H:%M:%SZ")
    dynamodb = cloud.client("dynamodb")
    for each in sweeps(cloud):
        dynamodb.update_item(
            TableName=cloud.ready.table,
            Key={"pk": {"S": sweep_pk(each.sweep.sweep_id)}},
            UpdateExpression="SET updated_at = :at",
            ExpressionAttributeValues={":at": {"S": at}},
        )
    for run in runs:
        try:
            dynamodb.update_item(
                TableName=cloud.ready.table,
                Key={"pk": {"S": f"RUN#{run.run_id}"}},
                UpdateExpression="SET claimed_at = :at, updated_at = :at",
                ConditionExpression="claimed_at = :seen AND #status = :status",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":at": {"S": at},
                    ":seen": {"S": run.claimed_at},
                    ":status": {"S": run.status},
                },
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            continue  # it has moved on
    return claims
