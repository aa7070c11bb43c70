"""The one place that builds use cases, from the settings.

Each use case is imported where it is built, so that a function loads only its own at a cold start.
"""

from datetime import timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from droptrain_core.adapters import Adapters
from droptrain_core.aws.client_configs import RETRIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from droptrain_core.advance_sweep import AdvanceSweep
    from droptrain_core.cancel import Cancel
    from droptrain_core.cancel_sweep import CancelSweep
    from droptrain_core.continue_run import ContinueRun
    from droptrain_core.datasets import Datasets
    from droptrain_core.describe import Describe
    from droptrain_core.domain.costs.budget import Budget
    from droptrain_core.domain.notices.notice import Places
    from droptrain_core.domain.runs.launch_policy import LaunchPolicy
    from droptrain_core.launch.begin import Begin
    from droptrain_core.launch.commit import Commit
    from droptrain_core.launch.cooldowns import EndCooldowns
    from droptrain_core.launch.draft import Where
    from droptrain_core.launch.gather import Gather
    from droptrain_core.launch.requests import LaunchRequests
    from droptrain_core.launch.schedules import LaunchSchedules
    from droptrain_core.launch.start_sweep import StartSweep
    from droptrain_core.launch.sweep_requests import SweepRequests
    from droptrain_core.launch.uploads import LaunchUploads
    from droptrain_core.notifications import Notifications
    from droptrain_core.notify import Notify
    from droptrain_core.notify_sweep import NotifySweep
    from droptrain_core.prepare_once import PrepareOnce
    from droptrain_core.promote import Promote
    from droptrain_core.publish_model import PublishModel
    from droptrain_core.query import Query
    from droptrain_core.query_sweeps import QuerySweeps
    from droptrain_core.read_costs import ReadCosts
    from droptrain_core.read_models import ReadModels
    from droptrain_core.read_retraining import ReadRetraining
    from droptrain_core.read_sources import ReadSources
    from droptrain_core.read_timing import ReadTiming
    from droptrain_core.reconcile import Reconcile
    from droptrain_core.refresh import Refresh
    from droptrain_core.report_stuck_queue import ReportStuckQueue
    from droptrain_core.reserve import Reserve
    from droptrain_core.results import Results
    from droptrain_core.settle_runs import SettleRuns
    from droptrain_core.spending import Spending
    from droptrain_core.submit import Submit
    from droptrain_core.track import Track

_AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn")


class Wiring(Adapters):
    """Use cases over the adapters."""

    def launch_uploads(self) -> "LaunchUploads":
        """Uploads become runs."""
        # Every launch reads a recipe, so the reader is loaded now, not at the first launch.
        from droptrain_core import recipe_yaml  # noqa: F401
        from droptrain_core.launch.uploads import LaunchUploads

        return LaunchUploads(
            self._gather(), self._commit(), self._table, self._datasets, self._wake_ups(), self._where(),
            self._policy(), self._begin(), self._clock,
        )  # fmt: skip

    def end_cooldowns(self) -> "EndCooldowns":
        """Datasets that waited for the end of a cooldown become runs."""
        from droptrain_core.launch.cooldowns import EndCooldowns
        from droptrain_core.launch.take_in import TakeIn

        launch = self.launch_uploads()
        take_in = TakeIn(launch, self._gather(), self._table, self._datasets, self._where(), self._clock)
        return EndCooldowns(
            launch, take_in, self._datasets, self._retrainings(), self._wake_ups(), self._policy(),
            self._clock,
        )  # fmt: skip

    def launch_schedules(self) -> "LaunchSchedules":
        """Times of schedules become runs."""
        from droptrain_core import recipe_yaml  # noqa: F401
        from droptrain_core.launch.schedules import LaunchSchedules

        return LaunchSchedules(
            self._gather(), self._commit(), self._table, self._retrainings(), self._schedules(),
            self._where(), self._policy(), self._begin(), self._sweeps, self._clock,
        )  # fmt: skip

    def launch_requests(self) -> "LaunchRequests":
        """Requests become runs."""
        from droptrain_core import recipe_yaml  # noqa: F401
        from droptrain_core.launch.requests import LaunchRequests

        return LaunchRequests(
            self._gather(), self._commit(), self._table, self._where(), self._policy(), self._clock
        )

    def launch_sweeps(self) -> "SweepRequests":
        """Requests become sweeps."""
        from droptrain_core.launch.sweep_requests import SweepRequests

        requests, start = self.launch_requests(), self._start_sweep()
        return SweepRequests(
            requests, self._gather(), start, self._table, self._sweeps, self._where(), self._clock
        )

    def advance_sweep(self) -> "AdvanceSweep":
        """Sweeps launch their trials, and end."""
        from droptrain_core.advance_sweep import AdvanceSweep

        commit, cancel = self._commit(), self.cancel()
        return AdvanceSweep(
            self._sweeps, self._table, self._bucket(), commit, cancel, self._policy(), self._clock
        )

    def cancel_sweep(self) -> "CancelSweep":
        """Sweeps end on request."""
        from droptrain_core.cancel_sweep import CancelSweep

        return CancelSweep(self._sweeps, self.advance_sweep(), self._clock)

    def query_sweeps(self) -> "QuerySweeps":
        """Sweeps are read."""
        from droptrain_core.query_sweeps import QuerySweeps

        return QuerySweeps(self._sweeps, self._table)

    def track(self) -> "Track":
        """States of Batch jobs become the record."""
        from droptrain_core.track import Track

        bucket, queues, compute = self._bucket(), self._queues(), self._settings.compute
        return Track(
            bucket, self._table, self._prices, queues, compute, self._continue_run,
            lambda: self._prepare_once, self._clock,
        )  # fmt: skip

    def notify(self) -> "Notify":
        """Ends, and problems that need people, become notices."""
        from droptrain_core.move_pointers import MovePointers
        from droptrain_core.notify import Notify

        pointers, promote = MovePointers(self._pointers()), self.promote()
        return Notify(
            self._table, self._datasets, pointers, promote, self._notifications(), self._places(), self._clock
        )

    def promote(self) -> "Promote":
        """Models become current, by a gate or by request."""
        from droptrain_core.promote import Promote

        return Promote(self._table, self._models, self._model_files(), self._clock)

    def publish_model(self) -> "PublishModel":
        """The bucket follows the current models."""
        from droptrain_core.publish_model import PublishModel

        files, notifications = self._model_files(), self._notifications()
        return PublishModel(self._models, files, notifications, self._places(), self._clock)

    def notify_sweep(self) -> "NotifySweep":
        """Ends of sweeps become notices."""
        from droptrain_core.move_pointers import MovePointers
        from droptrain_core.notify_sweep import NotifySweep

        pointers, promote = MovePointers(self._pointers()), self.promote()
        notifications, places = self._notifications(), self._places()
        return NotifySweep(self._sweeps, self._table, pointers, promote, notifications, places, self._clock)

    def report_stuck_queue(self) -> "ReportStuckQueue":
        """Queues without progress become notices."""
        from droptrain_core.report_stuck_queue import ReportStuckQueue

        kinds = self._settings.queue_kinds
        return ReportStuckQueue(self._table, self._queues(), self._notifications(), kinds, self._clock)

    def reconcile(self) -> "Reconcile":
        """Everything that lost events left undone is finished."""
        from droptrain_core.reconcile import Reconcile
        from droptrain_core.settle_sweeps import SettleSweeps
        from droptrain_core.spending import NotifySpending

        # Few passes find something to launch or to notify.
        launch, notify, notifications = cache(self.launch_uploads), cache(self.notify), self._notifications()
        spending = NotifySpending(self._accounts(), self._budget(), notifications, self._clock)
        runs, position = self._settle_runs(notify), self._position()
        sweeps = SettleSweeps(self._sweeps, cache(self.advance_sweep), cache(self.notify_sweep), self._clock)
        return Reconcile(
            runs, sweeps, self._datasets, launch, notify, self.publish_model(), spending, notifications,
            position, self._clock,
        )  # fmt: skip

    def spending(self) -> "Spending":
        """The month's cost is read."""
        from droptrain_core.spending import Spending

        return Spending(self._accounts(), self._budget(), self._clock)

    def costs(self) -> "ReadCosts":
        """What runs cost is read by day and project."""
        from droptrain_core.read_costs import ReadCosts

        return ReadCosts(self._costs(), self._clock)

    def refresh(self) -> "Refresh":
        """Prices and sizes are refreshed."""
        from droptrain_core.aws.instance_types import InstanceTypes
        from droptrain_core.aws.price_lists import OnDemandPrices
        from droptrain_core.aws.spot_prices import SpotPrices
        from droptrain_core.refresh import Refresh

        region, names = self._settings.aws_region, self._settings.compute.instance_types
        partition = self._session.get_partition_for_region(region)
        ec2 = self._client("ec2", RETRIES)
        spot = on_demand = None
        if partition != "aws-cn":  # whose prices are in CNY, from addresses of its own
            spot = SpotPrices(ec2)
        if partition == "aws":  # GovCloud has no price list to ask
            on_demand = OnDemandPrices(self._client("pricing", RETRIES, "us-east-1"))
        types = InstanceTypes(ec2)
        return Refresh(types, spot, on_demand, self._prices, names, region, self._clock)

    def cancel(self) -> "Cancel":
        """Runs end on request."""
        from droptrain_core.cancel import Cancel

        return Cancel(self._table, self._jobs, self._prepare_once, self._clock)

    def describe(self) -> "Describe":
        """Runs are named, noted and tagged."""
        from droptrain_core.describe import Describe

        return Describe(self._table)

    def query(self) -> "Query":
        """Runs are read."""
        from droptrain_core.query import Query

        return Query(self._table, self._datasets, self._bucket())

    def results(self) -> "Results":
        """Logs, metrics and artifacts are read."""
        from droptrain_core.results import Results

        return Results(self._table, self._logs(), self._run_files(), self._signed(), self._clock)

    def read_models(self) -> "ReadModels":
        """The models of projects are read."""
        from droptrain_core.read_models import ReadModels

        return ReadModels(self._models, self._pointers(), self._model_files(), self._bucket())

    def read_timing(self) -> "ReadTiming":
        """The timing of runs is read."""
        from droptrain_core.read_timing import ReadTiming

        return ReadTiming(self._table, self._bucket())

    def read_retraining(self) -> "ReadRetraining":
        """When projects train again is read."""
        from droptrain_core.read_retraining import ReadRetraining

        return ReadRetraining(self._retrainings(), self._clock)

    def read_sources(self) -> "ReadSources":
        """The code and the recipe of runs are read."""
        from droptrain_core.read_sources import ReadSources

        return ReadSources(self._table, self._bucket())

    def datasets(self) -> "Datasets":
        """Datasets are uploaded and deleted."""
        from droptrain_core.datasets import Datasets

        bucket, files, signed = self._bucket(), self._run_files(), self._signed()
        return Datasets(self._table, self._datasets, bucket, files, signed, self.cancel(), self._clock)

    def _gather(self) -> "Gather":
        from droptrain_core.launch.gather import Gather

        compute, accepted = self._settings.compute, self._datasets.accepted
        return Gather(self._bucket(), self._prices, compute, accepted, self._clock, self._models)

    def _commit(self) -> "Commit":
        from droptrain_core.launch.commit import Commit

        bucket, once = self._bucket(), self._prepare_once
        return Commit(
            bucket, self._table, self._reserve(), self._submit, once, self._schedules(), self._images()
        )

    def _begin(self) -> "Begin":
        from droptrain_core.launch.begin import Begin

        return Begin(self._commit(), self._start_sweep)

    def _start_sweep(self) -> "StartSweep":
        from droptrain_core.launch.start_sweep import StartSweep

        return StartSweep(self._sweeps, self._commit(), self._reserve())

    def _where(self) -> "Where":
        from droptrain_core.launch.draft import Where

        return Where(self._settings.bucket_name, self._settings.compute)

    def _notifications(self) -> "Notifications":
        from droptrain_core.aws.event_bus import EventBus
        from droptrain_core.notifications import Notifications

        return Notifications(
            EventBus(self._events, self._settings.stack_id),
            self._topic(),
            has_slack=self._settings.slack == "on",
        )

    def _places(self) -> "Places":
        from droptrain_core.domain.notices.console_links import Console
        from droptrain_core.domain.notices.notice import Places

        meta = self._sns.meta
        # A laptop cloud has no console.
        on_aws = (urlsplit(meta.endpoint_url).hostname or "").endswith(_AWS_DOMAINS)
        console = Console(meta.region_name, meta.partition) if on_aws else None
        return Places(self._settings.bucket_name, console)

    def _policy(self) -> "LaunchPolicy":
        from droptrain_core.domain.runs.launch_policy import LaunchPolicy

        settings = self._settings
        most = {
            "gpus": settings.override_gpus,
            "vcpus": settings.override_vcpus,
            "memory_gib": settings.override_memory_gib,
        }
        limits = {name: int(text) for name, text in most.items()}
        seconds = int(settings.quiet_seconds), int(settings.settle_seconds)
        return LaunchPolicy(settings.paused, limits, *seconds, int(settings.upload_concurrency))

    def _reserve(self) -> "Reserve":
        from droptrain_core.reserve import Reserve

        return Reserve(self._accounts(), self._budget(), self._clock)

    def _budget(self) -> "Budget":
        from droptrain_core.domain.costs.budget import read_budget

        owner = self._settings
        return read_budget(owner.monthly_budget_usd, owner.project_budgets_usd, owner.max_runs_at_once)

    @cached_property
    def _submit(self) -> "Submit":
        from droptrain_core.submit import Submit

        return Submit(self._table, self._jobs, self._settings.bucket_name, self._policy(), self._clock)

    def _settle_runs(self, notify: "Callable[[], Notify]") -> "SettleRuns":
        from droptrain_core.limits import Limits
        from droptrain_core.settle_runs import SettleRuns

        table, jobs, compute = self._table, self._jobs, self._settings.compute
        queues, instances = self._queues(), self._instances()
        limits = Limits(self._bucket(), table, self._prices, jobs, queues, instances, compute, self._clock)
        once, track, stuck = self._prepare_once, self.track(), self.report_stuck_queue()
        return SettleRuns(table, jobs, self._submit, once, track, notify, limits, stuck, self._clock)

    def _continue_run(self) -> "ContinueRun":
        from droptrain_core.continue_run import ContinueRun

        return ContinueRun(self._table, self._jobs, self._submit, self._prepare_once, self._clock)

    @cached_property
    def _prepare_once(self) -> "PrepareOnce":
        from droptrain_core.prepare_once import PrepareOnce

        kept = timedelta(days=int(self._settings.prepared_days))
        return PrepareOnce(self._table, self._submit, kept, self._clock)
