"""Time that passes for the runs in the table at once, for those who can't wait until claims are old."""

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from chaos.soak import observations, retraining
from chaos.soak.observations import SeenRun
from chaos.soak.outages import kill
from chaos.soak.sweeps import sweeps
from droptrain_core.aws.model_table import UNPUBLISHED
from droptrain_core.aws.run_record import run_pk
from droptrain_core.aws.sweep_writes import sweep_pk

from droptrain_local.cloud import LaptopCloud

# Longer than a claim has to be left alone, and than a run has to be quiet for the reconciler.
_PASSED = timedelta(minutes=3)
# A request that a killed function sent last is carried out within this.
_LAST_WORDS_SECONDS = 0.5
_PATIENCE_SECONDS = 3.0


class TimePassing:
    """Makes what waits minutes older, at each call of `minutes_pass`.

    A claim is made older only with its holder dead: a process that takes the claim over relies on that. So
    every function's process is killed if a claim stays for some seconds. These double each time, so that
    functions that are slow under load come to an end.
    """

    def __init__(self, cloud: LaptopCloud) -> None:
        self._cloud = cloud
        self._claimed_since: dict[str, float] = {}
        self._patience_seconds = _PATIENCE_SECONDS

    def minutes_pass(self) -> None:
        """Make every run, sweep and promotion that waits minutes older, and let cooldowns be over."""
        active = [run for run in observations.runs(self._cloud) if not run.ended]
        claims = {run.run_id for run in active if run.is_claim}
        given_up = self._give_up(claims)
        at = (datetime.now(UTC) - _PASSED).strftime("%Y-%m-%dT%H:%M:%SZ")
        retraining.end_cooldowns(self._cloud)
        self._age_models(at)
        self._age_sweeps(at)
        for run in active:
            if run.run_id not in claims - given_up:
                self._age_run(run, at)

    def _give_up(self, claims: set[str]) -> set[str]:
        """The claims that have stayed for too long; the functions that may hold them are killed."""
        now = time.monotonic()
        self._claimed_since = {claim: self._claimed_since.get(claim, now) for claim in claims}
        old = {claim for claim, since in self._claimed_since.items() if now - since >= self._patience_seconds}
        if old:
            kill(self._cloud.function_pids())
            time.sleep(_LAST_WORDS_SECONDS)
            self._patience_seconds *= 2
        return old

    def _age_models(self, at: str) -> None:
        for item in observations.items(self._cloud, "active = :value", UNPUBLISHED):
            self._update(
                item["pk"]["S"],
                "SET created_order = :at",
                {":at": at, ":model": UNPUBLISHED},
                "active = :model",
            )

    def _age_sweeps(self, at: str) -> None:
        for each in sweeps(self._cloud):
            self._update(sweep_pk(each.sweep.sweep_id), "SET updated_at = :at", {":at": at})

    def _age_run(self, run: SeenRun, at: str) -> None:
        self._update(
            run_pk(run.run_id),
            "SET claimed_at = :at, updated_at = :at",
            {":at": at, ":seen": run.claimed_at, ":status": run.status},
            "claimed_at = :seen AND #status = :status",
        )

    def _update(self, pk: str, expression: str, values: dict[str, str], condition: str = "") -> None:
        """Change an item, unless it has moved on."""
        dynamodb = self._cloud.client("dynamodb")
        conditions: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        if "#status" in condition:
            conditions["ExpressionAttributeNames"] = {"#status": "status"}
        with suppress(dynamodb.exceptions.ConditionalCheckFailedException):
            dynamodb.update_item(
                TableName=self._cloud.ready.table,
                Key={"pk": {"S": pk}},
                UpdateExpression=expression,
                ExpressionAttributeValues={name: {"S": value} for name, value in values.items()},
                **conditions,
            )
