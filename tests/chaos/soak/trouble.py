"""Everything that goes wrong, one blow after another, from a seeded random generator."""

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

from chaos.soak import processes
from chaos.soak.outages import Deed, Outages, kill
from chaos.soak.trainings import Ledger

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
    """Strikes from a thread of its own until it is ended, about every `pause_seconds`."""

    def __init__(
        self,
        cloud: LaptopCloud,
        outages: Outages,
        ledger: Ledger,
        pause_seconds: float,
        chance: Random,
        counted: Counter[str],
    ) -> None:
        self._cloud = cloud
        self._outages = outages
        self._ledger = ledger
        self._pause_seconds = pause_seconds
        self._chance = chance
        self._counted = counted
        self._reclaimed: Counter[str] = Counter()
        self.killed_jobs: set[str] = set()
        self._blows: dict[Callable[[], None], int] = {
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
        }
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trouble", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Strike no more, and let everything work that was out of order."""
        self._closing.set()
        self._thread.join()
        self._outages.end()
        self._control("events", {"repeat": 1})

    def _run(self) -> None:
        blows, weights = list(self._blows), list(self._blows.values())
        while not self._closing.wait(self._chance.expovariate(1 / self._pause_seconds)):
            self._chance.choices(blows, weights)[0]()

    def _kill_function(self) -> None:
        pids = self._cloud.function_pids()
        if pids:
            self._counted["functions killed"] += 1
            kill([self._chance.choice(pids)])

    def _kill_all_functions(self) -> None:
        pids = self._cloud.function_pids()
        self._counted["functions killed"] += len(pids)
        kill(pids)

    def _ambush(self) -> None:
        deeds: tuple[Deed, ...] = ("lose", "die", "die")
        self._outages.ambush(self._chance.choice(_AMBUSHED), self._chance.choice(deeds))

    def _refuse(self) -> None:
        self._outages.refuse(self._chance.choice(("dynamodb", "s3", "sns")), self._chance.uniform(0.5, 3))

    def _fail_batch(self) -> None:
        fault = self._chance.choice(_BATCH_FAULTS)
        times = self._chance.randint(1, 3)
        self._counted[f"{fault['operation']} {fault.get('code', 'answer lost')}"] += times
        self._control("faults", {**fault, "times": times})

    def _kill_script(self) -> None:
        """Kill a training's script, as the kernel does when memory runs out."""
        running = {process.pid for process in processes.descendants()}
        trainings = [line for line in self._ledger.open_trainings() if line.script_pid in running]
        if trainings:
            training = self._chance.choice(trainings)
            self._kill_job(training.job_id, training.script_pid, "scripts killed")

    def _kill_container(self) -> None:
        """Kill a training's container, whatever it is doing."""
        containers = [
            (process, folder)
            for process in processes.descendants()
            if _CONTAINER in process.command and (folder := process.folder)
        ]
        if containers:
            process, folder = self._chance.choice(containers)
            self._kill_job(folder.parent.name, process.pid, "containers killed")

    def _kill_job(self, job_id: str, pid: int, name: str) -> None:
        self._counted[name] += 1
        self.killed_jobs.add(job_id)
        kill([pid])

    def _reclaim(self) -> None:
        batch, queue = self._cloud.client("batch"), self._cloud.ready.job_queue_arn
        running = [
            job["jobId"]
            for job in batch.list_jobs(jobQueue=queue, jobStatus="RUNNING")["jobSummaryList"]
            if self._reclaimed[job["jobId"]] < _RECLAIMS_OF_A_JOB
        ]
        if running:
            job_id = self._chance.choice(running)
            with suppress(urllib.error.HTTPError):  # it has ended meanwhile
                self._control("reclaim", {"jobId": job_id})
                self._reclaimed[job_id] += 1
                self._counted["instances reclaimed"] += 1

    def _repeat_events(self) -> None:
        self._counted["times that Batch began to repeat its events"] += 1
        self._control("events", {"repeat": self._chance.choice((1, 2, 3))})

    def _reconcile(self) -> None:
        self._counted["reconciler called"] += 1
        reconcile(self._cloud)

    def _control(self, name: str, body: dict[str, Any]) -> None:
        url = f"{self._cloud.ready.batch_endpoint_url}/local/{name}"
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), method="POST")):
            pass


def reconcile(cloud: LaptopCloud) -> None:
    """Call the reconciler, as its schedule does; it may fail or be killed."""
    with suppress(FunctionError, RuntimeClosedError):
        cloud.invoke(RECONCILER, {})
