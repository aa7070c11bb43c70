"""The queues' messages on a detour between EventBridge and the queue: late, out of order, repeated, lost."""

import heapq
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from droptrain_local.cloud import LaptopCloud

# Batch's events may get lost; an upload's never does.
_MAY_GET_LOST = "ChangesQueue"
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Odds:
    """How often a message is repeated, is lost, and comes late (up to `late_seconds`)."""

    repeated: float = 0.25
    lost: float = 0.03
    late: float = 0.2
    late_seconds: float = 20.0


class Detour:
    """Puts a queue of its own before each queue that EventBridge fills, and passes its messages on."""

    def __init__(self, cloud: LaptopCloud, odds: Odds, chance: Random, counted: Counter[str]) -> None:
        self._sqs = cloud.client("sqs")
        self._odds = odds
        self._chance = chance
        self._counted = counted
        self._smooth = False
        self._numbers = count()
        self._late: list[tuple[float, int, str, str]] = []
        self._closing = threading.Event()
        self._urls = dict(self._install(cloud.client("events")))
        self._thread = ThreadPoolExecutor(1, "detour")
        self._end = self._thread.submit(self._run)

    def smooth(self) -> None:
        """Pass on what comes from now on once and at once; what is under way comes when it is due."""
        self._smooth = True

    @property
    def is_empty(self) -> bool:
        return not self._late and not any(waiting(self._sqs, url) for url in self._urls)

    def close(self) -> None:
        self._closing.set()
        self._end.result()
        self._thread.shutdown()

    def _install(self, events: Any) -> list[tuple[str, str]]:
        """(the detour's queue, the real queue) by URL."""
        found = []
        for rule in events.list_rules()["Rules"]:
            for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                prefix, _, name = target["Arn"].rpartition(":")
                real = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
                found.append((self._sqs.create_queue(QueueName=f"soak-{name}")["QueueUrl"], real))
                events.put_targets(Rule=rule["Name"], Targets=[{**target, "Arn": f"{prefix}:soak-{name}"}])
        return found

    def _run(self) -> None:
        while not self._closing.is_set():
            taken = [self._take(url, real) for url, real in self._urls.items()]
            self._pass_on()
            if not any(taken):
                self._closing.wait(_LOOK_SECONDS)

    def _take(self, url: str, real: str) -> bool:
        messages = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            for due in self._dues(real):
                heapq.heappush(self._late, (due, next(self._numbers), real, message["Body"]))
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bool(messages)

    def _dues(self, real: str) -> list[float]:
        """When this message is passed on: never, once or several times."""
        now, odds, chance = time.monotonic(), self._odds, self._chance
        if self._smooth:
            return [now]
        if real.endswith(_MAY_GET_LOST) and chance.random() < odds.lost:
            self._counted["change events lost"] += 1
            return []
        copies = 1
        while chance.random() < odds.repeated:
            copies += 1
            self._counted["messages repeated"] += 1
        dues = []
        for _ in range(copies):
            is_late = chance.random() < odds.late
            self._counted["messages late"] += is_late
            dues.append(now + chance.uniform(0, odds.late_seconds if is_late else 0.5))
        return dues

    def _pass_on(self) -> None:
        while self._late and self._late[0][0] <= time.monotonic():
            _, _, real, body = self._late[0]
            self._sqs.send_message(QueueUrl=real, MessageBody=body)
            heapq.heappop(self._late)


def waiting(sqs: Any, url: str) -> int:
    """How many messages a queue holds, whether anybody may receive them now or not."""
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return sum(int(value) for name, value in answer.items() if name.startswith("ApproximateNumberOf"))
