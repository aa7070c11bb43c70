"""A soak: a laptop cloud, many drops, everything that can go wrong at once, and then the account."""

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from random import Random
from unittest.mock import patch

from chaos.soak import models, observations, processes, retraining, sweeps, verdict
from chaos.soak.detour import Detour, Odds, waiting
from chaos.soak.drops import Drops
from chaos.soak.outages import Outages, UnreliableAwsServer
from chaos.soak.people import People
from chaos.soak.report import Report
from chaos.soak.retraining import ScheduleTimes
from chaos.soak.time_passing import TimePassing
from chaos.soak.trainings import SCRIPT, Ledger
from chaos.soak.trouble import Trouble, reconcile
from chaos.soak.verdict import Seen
from droptrain_core.aws.run_table import RunTable

from droptrain_local.cloud import LaptopCloud

# Long enough that a message's ten tries outlast a claim's growing old and whatever goes wrong meanwhile.
_RETRY_SECONDS = 20
_GONE_SECONDS = 10.0
_LOOK_SECONDS = 1.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to do: `datasets` dropped within `trouble_seconds`, a blow about every `pause_seconds`.

    Beside the projects there is a drop for each of `searches` projects whose drops start sweeps, and
    `drops_each` drops for each of `again` projects with a cooldown and a schedule.

    The reconciler is called every `reconcile_seconds` once the trouble is over. With `hurry`, minutes pass
    at once for what waits for them. What isn't quiet after `patience_seconds` without trouble is broken.
    """

    seed: int
    datasets: int
    trouble_seconds: float
    projects: int = 5
    searches: int = 6
    again: int = 2
    drops_each: int = 8
    pause_seconds: float = 1.0
    odds: Odds = field(default_factory=Odds)
    reconcile_seconds: float = 15.0
    patience_seconds: float = 900.0
    hurry: bool = False

    @property
    def retry_seconds(self) -> int:
        return 3 if self.hurry else _RETRY_SECONDS


def soak(plan: Plan, say: Say = lambda _: None) -> Report:
    """Drop, break, wait until all is quiet, and report; `say` hears of the progress."""
    with tempfile.TemporaryDirectory(prefix="droptrain-soak-") as folder:
        return _Soak(plan, Path(folder), say).run()


class _Soak:
    def __init__(self, plan: Plan, folder: Path, say: Say) -> None:
        self._plan = plan
        self._folder = folder
        self._say = say
        self._blows: Counter[str] = Counter()
        self._seconds: dict[str, float] = {}
        self._ledger = Ledger(folder / "ledger")
        self._outages = Outages(self._blows)
        self._started: set[tuple[int, str]] = set()
        self._replayed: Counter[str] = Counter()
        self._times: ScheduleTimes
        self._killed_jobs: set[str] = set()

    def run(self) -> Report:
        before = {process.identity for process in processes.descendants()}
        with (
            patch(
                "droptrain_local.cloud.AwsServer",
                lambda port, guard: UnreliableAwsServer(port, guard, self._outages),
            ),
            LaptopCloud(retry_seconds=self._plan.retry_seconds, work_dir=self._folder / "laptop") as cloud,
        ):
            self._outages.function_pids = cloud.function_pids
            seen, drops, quiet = self._soak(cloud)
            self._note_processes()
        left = self._wait_for_the_end_of(self._started - before)
        return self._report(seen, drops, quiet, left)

    def _soak(self, cloud: LaptopCloud) -> tuple[Seen, Drops, bool]:
        with ExitStack() as parts:
            detour = Detour(cloud, self._plan.odds, self._chance("detour"), self._blows)
            parts.callback(detour.close)
            drops = Drops(
                cloud,
                self._publish(cloud),
                self._plan.trouble_seconds * 0.8,
                self._chance("drops"),
                RunTable(cloud.client("dynamodb"), cloud.ready.table).find_drop,
            )
            parts.callback(drops.close)
            self._make_trouble(cloud, drops)
            detour.smooth()
            quiet = self._calm(cloud, drops, detour)
            self._replayed = observations.replay_dead_letters(cloud)
            quiet = quiet and self._calm(cloud, drops, detour)
            return self._look(cloud, drops), drops, quiet

    @property
    def _projects(self) -> list[str]:
        return [f"soak-{number}" for number in range(self._plan.projects)]

    @property
    def _searches(self) -> list[str]:
        return [sweeps.project(number) for number in range(self._plan.searches)]

    @property
    def _again(self) -> list[str]:
        return retraining.projects(self._plan.again)

    def _chance(self, name: str) -> Random:
        return Random(f"{self._plan.seed} {name}")

    def _publish(self, cloud: LaptopCloud) -> list[str]:
        """Publish the projects; the folders of the datasets to drop."""
        recipes = dict.fromkeys(self._projects, "")
        recipes |= {project: sweeps.recipe(number) for number, project in enumerate(self._searches)}
        recipes |= {project: retraining.recipe(project) for project in self._again}
        s3, bucket = cloud.client("s3"), cloud.ready.bucket
        for project, recipe in recipes.items():
            s3.put_object(Bucket=bucket, Key=f"projects/{project}/code/run.sh", Body=SCRIPT.encode())
            body = (self._ledger.recipe() + recipe).encode()
            s3.put_object(Bucket=bucket, Key=f"projects/{project}/train.yaml", Body=body)
        chance = self._chance("projects")
        folders = [
            f"projects/{chance.choice(self._projects)}/data/day-{number:03d}/"
            for number in range(self._plan.datasets)
        ]
        searches = [f"projects/{project}/data/first/" for project in self._searches]
        again = product(self._again, range(self._plan.drops_each))
        return [*folders, *searches, *(f"projects/{name}/data/day-{day:03d}/" for name, day in again)]

    def _make_trouble(self, cloud: LaptopCloud, drops: Drops) -> None:
        start = time.monotonic()
        people = People(cloud, self._chance("people"), self._blows)
        self._times = ScheduleTimes(cloud, self._again, self._chance("schedules"), self._blows)
        trouble = Trouble(
            cloud,
            self._outages,
            self._ledger,
            self._plan.pause_seconds,
            self._chance("trouble"),
            self._blows,
            {people.promote: 2, people.roll_back: 2, people.cancel_sweep: 3, self._times.come_due: 2},
        )
        try:
            while (past := time.monotonic() - start) < self._plan.trouble_seconds:
                self._note_processes()
                self._tell(f"trouble {past:.0f} s", cloud, drops)
                time.sleep(min(self._plan.reconcile_seconds, self._plan.trouble_seconds - past))
        finally:
            trouble.end()
        self._seconds["trouble"] = time.monotonic() - start
        self._killed_jobs = trouble.killed_jobs

    def _calm(self, cloud: LaptopCloud, drops: Drops, detour: Detour) -> bool:
        """Wait until nothing moves any more; whether that came to be."""
        start = time.monotonic()
        reconciled, passing = 0.0, TimePassing(cloud)
        while (past := time.monotonic() - start) < self._plan.patience_seconds:
            self._note_processes()
            if drops.done and detour.is_empty and self._is_quiet(cloud, drops):
                self._seconds["calm"] = self._seconds.get("calm", 0) + past
                return True
            if past - reconciled >= self._plan.reconcile_seconds:
                reconciled = past
                self._tell(f"calm {past:.0f} s", cloud, drops)
                if self._plan.hurry:
                    passing.minutes_pass()
                threading.Thread(target=reconcile, args=(cloud,), daemon=True).start()
            time.sleep(_LOOK_SECONDS)
        self._seconds["calm"] = self._plan.patience_seconds
        return False

    def _tell(self, when: str, cloud: LaptopCloud, drops: Drops) -> None:
        ended = sum(line.what == "end" for line in self._ledger.lines())
        self._say(
            f"{when}: {drops.puts} puts, {len(drops.expected)} ready, {ended} trained, "
            f"{observations.active_count(cloud)} active"
        )

    def _is_quiet(self, cloud: LaptopCloud, drops: Drops) -> bool:
        """Whether every drop has its answer, every run is announced, and no queue holds anything."""
        sqs = cloud.client("sqs")
        urls = [
            url
            for url in sqs.list_queues()["QueueUrls"]
            if url.endswith("Queue") and not url.endswith("DeadLetterQueue")
        ]
        if any(waiting(sqs, url) for url in urls) or observations.active_count(cloud):
            return False
        seen = self._look_at_drops(cloud, drops)
        return not seen.lost and not any(each.unanswered for each in seen.projects)

    def _look(self, cloud: LaptopCloud, drops: Drops) -> Seen:
        """Everything that is judged; takes notices and dead letters away."""
        return replace(
            self._look_at_drops(cloud, drops),
            jobs=observations.jobs(cloud),
            ledger=list(self._ledger.lines()),
            exporting_jobs=observations.exporting_jobs(cloud),
            notices=observations.notices(cloud),
            dead_letters=observations.dead_letters(cloud),
            killed_jobs=self._killed_jobs,
            reserved=sweeps.reserved(cloud),
            models=models.seen_models(cloud, [*self._projects, *self._searches, *self._again]),
        )

    def _look_at_drops(self, cloud: LaptopCloud, drops: Drops) -> Seen:
        """What became of the drops."""
        runs, dropped_at = observations.runs(cloud), dict(drops.dropped_at)
        return Seen(
            expected=set(dropped_at),
            runs=runs,
            sweeps=sweeps.sweeps(cloud),
            projects=retraining.seen_projects(cloud, self._again, runs, dropped_at, self._times.sent),
        )

    def _note_processes(self) -> None:
        self._started |= {process.identity for process in processes.descendants()}

    def _wait_for_the_end_of(self, identities: set[tuple[int, str]]) -> list[processes.Process]:
        end = time.monotonic() + _GONE_SECONDS
        while (left := processes.still_running(identities)) and time.monotonic() < end:
            time.sleep(0.1)
        return left

    def _report(self, seen: Seen, drops: Drops, quiet: bool, left: list[processes.Process]) -> Report:
        broken = [] if quiet else [f"not quiet after {self._plan.patience_seconds:.0f} s"]
        broken += verdict.broken(seen)
        broken += [f"process {process.pid} is left: {process.command}" for process in left]
        trained = {run.run_id for run in seen.runs if len(seen.trained_by.get(run.run_id, ())) == 1}
        untrained = [run for run in seen.runs if run.run_id not in seen.trained_by]
        return Report(
            seed=self._plan.seed,
            datasets=self._plan.datasets,
            seconds=self._seconds,
            blows=dict(self._blows),
            puts=drops.puts,
            versions_to_train=len(seen.expected),
            runs=len(seen.runs),
            batch_jobs=len(seen.jobs),
            superseded_jobs=len(seen.superseded),
            drops_lost=len(seen.lost),
            drops_doubled=len(seen.doubled),
            runs_with_one_job=sum(len(job_ids) == 1 for job_ids in seen.jobs_by_run.values()),
            runs_trained_by_one_job=len(trained),
            runs_killed_before_training=sum(run.batch_job_id in seen.killed_jobs for run in untrained),
            runs_ended=Counter(run.status for run in seen.runs if run.ended),
            runs_announced=sum(run.is_announced for run in seen.runs),
            trials=sum(run.trial is not None for run in seen.runs),
            scheduled_runs=sum(run.launched_by == "schedule" for run in seen.runs),
            superseded_datasets=sum(len(each.superseded) for each in seen.projects),
            requested_promotions=sum(each.requested for each in seen.models),
            sweeps_ended=Counter(each.sweep.status for each in seen.sweeps),
            repeated_notices=sum(count - 1 for count in seen.notices.values()),
            dead_letters_replayed=self._replayed,
            dead_letters={name: len(bodies) for name, bodies in seen.dead_letters.items()},
            processes_left=len(left),
            broken=tuple(broken),
        )
