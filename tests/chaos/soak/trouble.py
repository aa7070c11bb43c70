"""Everything that goes wrong, one blow after another, from a seeded random generator."""

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random
from typing import Any

from chaos.soak import processes
from chaos.soak.outages import Deed, Outages, kill
from chaos.soak.trainings import Ledger, Line

from droptrain_local.cloud import LaptopCloud
from droptrain_local.lambda_runtime import FunctionError, RuntimeClosedError

RECONCILER = "ReconcileRunsFunction"
_CONTAINER = "droptrain_container"
# A job has three attempts: one that is reclaimed more often fails rightly.
_RECLAIMS_OF_A_JOB = 2
_BATCH_FAULTS: tuple[dict[str, Any], ...] = (
    {"operation": "SubmitJob", "lose_answer": True},
    {"operation": "SubmitJob", "code": "TooManyRequestsException"},
    {"operation": "SubmitJob", "code": "ServerException"},
    {"operation": "SubmitJob", "code": "AccessDeniedException"},
    {"operation": "ListJobs", "code": "TooManyRequestsException"},
    {"operation": "DescribeJobs", "code": "ServerException"},
    {"operation": "DescribeJobs", "lose_answer": True},
)
_AMBUSHED = (
    "dynamodb:TransactWriteItems", "dynamodb:UpdateItem", "dynamodb:UpdateItem", "s3:PUT", "sns:POST",
)  # fmt: skip


class Trouble:
    """Strikes from a thread of its own until it is ended, about every `pause_seconds`.

    `meanwhile` are other things that happen, each with its weight; False means that nothing happened.
    """

    def __init__(
        self,
        cloud: LaptopCloud,
        outages: Outages,
        ledger: Ledger,
        pause_seconds: float,
        chance: Random,
        counted: Counter[str],
        meanwhile: Mapping[Callable[[], bool], int],
    ) -> None:
        self._cloud = cloud
        self._outages = outages
        self._ledger = ledger
        self._pause_seconds = pause_seconds
        self._chance = chance
        self._counted = counted
        self._reclaimed: Counter[str] = Counter()
        self.killed_jobs: set[str] = set()
        self._blows: dict[Callable[[], bool], int] = {
            self._kill_function: 6,
            self._kill_all_functions: 1,
            self._ambush: 6,
            self._refuse: 2,
            self._fail_batch: 5,
            self._kill_script: 2,
            self._kill_container: 2,
            self._reclaim: 4,
            self._repeat_events: 1,
            self._reconcile: 2,
            **meanwhile,
        }
        self._meanwhile = meanwhile
        self._closing = threading.Event()
        self._thread = ThreadPoolExecutor(1, "trouble")
        self._end = self._thread.submit(self._run)

    def end(self) -> None:
        """Strike no more, let everything work that was out of order, and do all else once more."""
        self._closing.set()
        self._end.result()
        self._thread.shutdown()
        self._outages.end()
        self._control("events", {"repeat": 1})
        for happen in self._meanwhile:
            happen()

    def _run(self) -> None:
        blows, weights = list(self._blows), list(self._blows.values())
        while not self._closing.wait(self._chance.expovariate(1 / self._pause_seconds)):
            # One that finds nothing to hit leaves its turn to another.
            while not self._chance.choices(blows, weights)[0]():
                pass

    def _kill_function(self) -> bool:
        pids = self._cloud.function_pids()
        if pids:
            self._counted["functions killed"] += 1
            kill([self._chance.choice(pids)])
        return bool(pids)

    def _kill_all_functions(self) -> bool:
        pids = self._cloud.function_pids()
        self._counted["functions killed"] += len(pids)
        kill(pids)
        return bool(pids)

    def _ambush(self) -> bool:
        deeds: tuple[Deed, ...] = ("lose", "die", "die")
        self._outages.ambush(self._chance.choice(_AMBUSHED), self._chance.choice(deeds))
        return True

    def _refuse(self) -> bool:
        self._outages.refuse(self._chance.choice(("dynamodb", "s3", "sns")), self._chance.uniform(0.5, 3))
        return True

    def _fail_batch(self) -> bool:
        fault = self._chance.choice(_BATCH_FAULTS)
        times = self._chance.randint(1, 3)
        self._counted[f"{fault['operation']} {fault.get('code', 'answer lost')}"] += times
        self._control("faults", {**fault, "times": times})
        return True

    def _kill_script(self) -> bool:
        """Kill a training's script, as the kernel does when memory runs out."""
        trainings = self._running_trainings()
        if trainings:
            training = self._chance.choice(trainings)
            self._kill_job(training.job_id, training.script_pid, "scripts killed")
        return bool(trainings)

    def _kill_container(self) -> bool:
        """Kill a training's container, whatever it is doing."""
        containers = [
            (process, folder)
            for process in processes.descendants()
            if _CONTAINER in process.command and (folder := process.folder)
        ]
        if containers:
            process, folder = self._chance.choice(containers)
            self._kill_job(folder.parent.name, process.pid, "containers killed")
        return bool(containers)

    def _kill_job(self, job_id: str, pid: int, name: str) -> None:
        self._counted[name] += 1
        self.killed_jobs.add(job_id)
        kill([pid])

    def _reclaim(self) -> bool:
        job_ids = [
            training.job_id
            for training in self._running_trainings()
            if self._reclaimed[training.job_id] < _RECLAIMS_OF_A_JOB
        ]
        if not job_ids:
            return False
        job_id = self._chance.choice(job_ids)
        try:
            self._control("reclaim", {"jobId": job_id})
        except urllib.error.HTTPError:  # it has ended meanwhile
            return False
        self._reclaimed[job_id] += 1
        self._counted["instances reclaimed"] += 1
        return True

    def _repeat_events(self) -> bool:
        self._counted["repeats of Batch's events"] += 1
        self._control("events", {"repeat": self._chance.choice((1, 2, 3))})
        return True

    def _reconcile(self) -> bool:
        self._counted["reconciler called"] += 1
        reconcile(self._cloud)
        return True

    def _running_trainings(self) -> list[Line]:
        running = {process.pid for process in processes.descendants()}
        return [line for line in self._ledger.open_trainings() if line.script_pid in running]

    def _control(self, name: str, body: dict[str, Any]) -> None:
        url = f"{self._cloud.ready.batch_endpoint_url}/local/{name}"
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), method="POST")):
            pass


def reconcile(cloud: LaptopCloud) -> None:
    """Call the reconciler, as its schedule does; it may fail or be killed."""
    with suppress(FunctionError, RuntimeClosedError):
        cloud.invoke(RECONCILER, {})
