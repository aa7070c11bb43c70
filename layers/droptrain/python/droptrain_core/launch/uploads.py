"""Uploads become runs: each upload leads to a run, a rejection, or a dataset that waits."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.aws.run_table import RunTable
from droptrain_core.aws.wake_ups import LONGEST_DELAY, WakeUps
from droptrain_core.domain import times
from droptrain_core.domain.datasets import fair_share
from droptrain_core.domain.datasets.dataset import (
    MARKER,
    BadDrop,
    Created,
    ObjectVersion,
    OtherKey,
    data_prefix,
    digest,
    is_hidden,
    is_passed_over,
    judge_key,
)
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.errors import Cause, CrowdedError
from droptrain_core.domain.recipes import recipe as recipes
from droptrain_core.domain.recipes.recipe import Recipe
from droptrain_core.domain.runs import identity
from droptrain_core.domain.runs import run as runs
from droptrain_core.domain.runs.claims import AnswerClaim
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from droptrain_core.domain.runs.retraining import CooldownClaim
from droptrain_core.launch.answers import Incomplete, Launched
from droptrain_core.launch.begin import Begin
from droptrain_core.launch.commit import Commit
from droptrain_core.launch.decide import decide
from droptrain_core.launch.draft import Asked, Where, new_run
from droptrain_core.launch.gather import Gather
from droptrain_core.launch.snapshot import Found, HowToTrain


class LaunchUploads:
    """Answers uploads. BusyError, UnsureError and DeniedError mean: deliver the event again later."""

    def __init__(  # noqa: PLR0913  one parameter for each part that it calls
        self,
        gather: Gather,
        commit: Commit,
        table: RunTable,
        datasets: DatasetTable,
        wake_ups: WakeUps,
        where: Where,
        policy: LaunchPolicy,
        begin: Begin,
        clock: Callable[[], datetime],
    ) -> None:
        self._gather = gather
        self._commit = commit
        self._table = table
        self._datasets = datasets
        self._wake_ups = wake_ups
        self._where = where
        self._policy = policy
        self._begin = begin
        self._clock = clock

    def upload(self, upload: Created) -> Launched:
        """Answer one uploaded object: check its whole dataset, unless an earlier answer covers it.

        While the project's uploads exceed its share of the lanes, the upload is postponed.
        """
        self._policy.check_running()
        place = judge_key(upload.key)
        if isinstance(place, OtherKey):
            return Launched("ignored")
        if isinstance(place, BadDrop):
            cause = Cause("bad_name", f"{upload.key!r}: {place.problem}", place.fix)
            return self._reject(place.project, place.dataset, cause, place.folder, upload)
        now = self._clock()
        record, load = self._datasets.read_with_load(place.project, place.dataset, now)
        if record.may_be_linked(upload) and self._is_used_again(upload):
            return self._repeat(record.run_id) if record.run_id else Launched("repeated")
        if record.run_id and record.covers(upload.at):
            return self._repeat(record.run_id)
        waits = record.is_in_cooldown(now) and not record.may_cover(upload.at) and not is_hidden(place.file)
        if waits and record.cooldown_until:
            return self._hold(record, (place.file,), record.cooldown_until, upload.at or now)
        if fair_share.is_exceeded(load, self._policy.upload_concurrency):
            name = f"{upload.key} {upload.version_id}"
            self._wake_ups.postpone(upload, fair_share.delay_seconds(name, upload.at or now, now))
            return Launched("postponed")
        with self._counted(place.project):
            return self._judge(record, place.file, upload)

    def _is_used_again(self, upload: Created) -> bool:
        """Whether the upload's signed link has uploaded another version before."""
        link = self._gather.bucket.link_of(upload)
        return link is not None and not self._datasets.use_link(link, upload, self._clock())

    def _judge(self, record: DatasetRecord, file: str, upload: Created) -> Launched:
        """Handle an upload as the project's recipe requires."""
        how = self._gather.how(record.project)
        if is_passed_over(file, how.recipe.inputs.values() if how.recipe else ()):
            return Launched("ignored")
        if how.recipe is None:
            return self._reject_unread(record, how, upload)
        grows = how.recipe.trigger == "marker" and record.due_at and file != MARKER
        if how.recipe.trigger == "quiet" or grows:
            return self._rest(record.with_file(file), how.recipe, upload)
        if how.recipe.trigger == "marker" and file != MARKER and (record.since or not record.run_id):
            record = self._await_marker(record, how.recipe, file)
            if record.missing:
                return Launched("waiting")
        return self._look(record, how, how.recipe, upload, is_marker=file == MARKER)

    def wake(self, project: str, dataset: str, wake_up: str) -> Launched:
        """Check a dataset for which `quiet_for` has passed; wait on if an upload has arrived meanwhile."""
        self._policy.check_running()
        now = self._clock()
        record, load = self._datasets.read_with_load(project, dataset, now)
        if record.wake_up != wake_up or record.due_at is None or record.arrived_at:
            return Launched("ignored")
        if not record.is_due(now):
            self._send_wake_up(record)
            return Launched("waiting")
        if fair_share.is_exceeded(load, self._policy.upload_concurrency):
            since = times.from_text(record.due_at)
            self._send_wake_up(record, fair_share.delay_seconds(dataset, since, now))
            return Launched("postponed")
        with self._counted(project):
            return self._wake(record)

    def _wake(self, record: DatasetRecord) -> Launched:
        """Check a dataset that is due."""
        how = self._gather.how(record.project)
        if how.recipe is None:
            return self._reject_unread(record, how)
        found = self._look(record, how, how.recipe)
        if found.answer == "waiting":
            self._send_wake_up(self._datasets.read(record.project, record.dataset))
        return found

    @contextmanager
    def _counted(self, project: str) -> Iterator[None]:
        """Add the seconds of the block to the project's load if it is expensive, also after an error."""
        began = self._clock()
        try:
            yield
        except Exception:
            self._count(project, began)
            raise
        self._count(project, began)

    def _count(self, project: str, began: datetime) -> None:
        now = self._clock()
        seconds = (now - began).total_seconds()
        if seconds > fair_share.EXPENSIVE_SECONDS:
            self._datasets.add_load(project, seconds, now)

    def revisit(self, waiting: DatasetRecord) -> Launched | Incomplete:
        """Check again a dataset that waits; launch it if it is complete, because its last event was lost."""
        self._policy.check_running()
        record = self._datasets.read(waiting.project, waiting.dataset)
        now = self._clock()
        if record.since is None:
            return Launched("ignored")
        if record.arrived_at:
            self._wake_ups.end_cooldown(record.project)
            return Launched("ignored")
        if record.expects_wake_up(now) or not record.is_due(now):
            return self._judge_rest(record, now)
        how = self._gather.how(record.project)
        found = self._look(record, how, how.recipe) if how.recipe else self._reject_unread(record, how)
        if found.answer in ("rejected", "repeated"):
            self._stop_waiting(record)
        if found.answer != "waiting" or how.recipe is None:
            return found
        return Incomplete(self._datasets.read(record.project, record.dataset), how.recipe.notify)

    def _judge_rest(self, record: DatasetRecord, now: datetime) -> Launched | Incomplete:
        """Whether a dataset rests for so long that its owner should know."""
        if not record.is_restless(now):
            return Launched("ignored")
        recipe = self._gather.how(record.project).recipe
        return Incomplete(record, recipe.notify if recipe else recipes.EVENTS)

    def _stop_waiting(self, record: DatasetRecord) -> None:
        """Remove a record that still waits though its files are answered; a launch changes it by itself."""
        now = self._datasets.read(record.project, record.dataset)
        if now.since:
            self._datasets.forget(now)

    def _look(
        self,
        record: DatasetRecord,
        how: HowToTrain,
        recipe: Recipe,
        upload: Created | None = None,
        *,
        is_marker: bool = False,
    ) -> Launched:
        """List the dataset, and launch it or record that it waits.

        After an `upload`, a dataset whose marker isn't its last file rests until no more files come.
        """
        looked_at = times.to_text(self._clock())
        try:
            found = self._gather.dataset(record.project, record.dataset, how, recipe)
            if found.readiness.ready:
                grows = found.readiness.may_grow or (found.marker and not is_marker and recipe.has_patterns)
                return self._launch(record, found, upload if grows else None)
            return self._wait(record, found, found.readiness.missing)
        except CrowdedError as error:
            return self._reject_crowd(record, error.cause, recipe, looked_at)

    def _reject_crowd(self, record: DatasetRecord, cause: Cause, recipe: Recipe, looked_at: str) -> Launched:
        """Reject a dataset with too many files, once a day, for all uploads made before the listing."""
        folder = Created(data_prefix(record.project, record.dataset), looked_at[:10])
        answer = self._reject(record.project, record.dataset, cause, cause.code, folder, recipe.notify)
        assert answer.run_id
        if not self._datasets.settle(record, answer.run_id, None, looked_at):
            return Launched("waiting")
        return answer

    def _wait(self, record: DatasetRecord, found: Found, missing: tuple[str, ...]) -> Launched:
        self._datasets.wait(record, missing, found.readiness.present, self._clock())
        return Launched("waiting")

    def _launch(self, record: DatasetRecord, found: Found, grew_by: Created | None) -> Launched:
        taken_by = self._taken_by(found)
        if taken_by:
            if not self._datasets.settle(record, taken_by, found.marker, found.looked_at):
                return Launched("waiting")
            return self._repeat(taken_by)
        if found.marker and found.marker == record.marker:
            # A marker starts one run: later files need a new marker.
            return self._wait(record, found, (MARKER,))
        if grew_by:
            return self._rest(
                replace(record, missing=(), present=found.readiness.present), found.recipe, grew_by
            )
        now = self._clock()
        draft = decide(self._gather.snapshot(found), Asked("upload", now), self._where)
        claim, cooldown = found.claim(record.due_at), _cooldown_of(record, found.recipe, now)
        claimed, run = self._begin.training(draft, found.recipe, claim, cooldown)
        if claimed == "too_soon" and cooldown:
            return self._hold(record, found.readiness.present, cooldown.until, now)
        if claimed == "postponed":
            return Launched("waiting")
        if claimed == "drop_taken" and found.span_id:
            return self._launch(record, found, None)
        if claimed != "claimed":
            return Launched("repeated", run.run_id)
        return Launched("rejected" if run.ended else "launched", run.run_id)

    def _taken_by(self, found: Found) -> str | None:
        """The run of this drop, or of all versions that its run would span."""
        own = self._table.find_drop(found.drop)
        return own or (self._table.find_drop(found.span_id) if found.span_id else None)

    def end_hold(self, record: DatasetRecord) -> Launched:
        """Check a dataset that waited for the end of its project's cooldown."""
        how = self._gather.how(record.project)
        if how.recipe is None:
            return self._reject_unread(record, how)
        if self.still_rests(record, how.recipe):
            arrived_at = times.from_text(str(record.arrived_at))
            last = Created(data_prefix(record.project, record.dataset), "", arrived_at)
            return self._rest(record, how.recipe, last)
        return self._look(record, how, how.recipe)

    def still_rests(self, record: DatasetRecord, recipe: Recipe) -> bool:
        """Whether a dataset that waited for the end of a cooldown may still get files, by its trigger."""
        ends_at = times.from_text(str(record.arrived_at)) + self._quiet_time(recipe)
        return recipe.trigger == "quiet" and ends_at > self._clock()

    def _hold(
        self, record: DatasetRecord, files: Collection[str], until: str, arrived_at: datetime
    ) -> Launched:
        self._datasets.hold(record, files, until, times.to_text(arrived_at), self._clock())
        return Launched("waiting")

    def _repeat(self, run_id: str) -> Launched:
        """The upload has its run. If that is a claim, this event makes sure that its job is submitted."""
        return Launched("launched" if self._commit.finish(run_id) else "repeated", run_id)

    def _rest(self, record: DatasetRecord, recipe: Recipe, upload: Created) -> Launched:
        """Schedule the launch for when no upload has arrived for the recipe's `quiet_for`."""
        now = self._clock()
        due_at = times.to_text((upload.at or now) + self._quiet_time(recipe))
        if record.due_at is None or record.due_at < due_at:
            # A launch in between has removed the wake-up of the record that was read.
            record = self._datasets.rest(record, due_at, now)
        if not record.expects_wake_up(now):
            self._send_wake_up(record)
        return Launched("waiting")

    def _quiet_time(self, recipe: Recipe) -> timedelta:
        """The recipe's `quiet_for`, and the `settle_seconds` that the last uploads are still in the queue."""
        quiet_seconds = recipe.quiet_seconds or self._policy.quiet_seconds
        return timedelta(seconds=quiet_seconds + self._policy.settle_seconds)

    def _send_wake_up(self, record: DatasetRecord, shortest_delay: int = 0) -> None:
        """Send the dataset's next wake-up message; a message that isn't recorded is ignored on arrival."""
        if record.due_at is None:
            return
        now = self._clock()
        seconds = (times.from_text(record.due_at) - now).total_seconds()
        delay = min(max(int(seconds), shortest_delay) + 1, LONGEST_DELAY)
        wake_up = self._wake_ups.send(record.project, record.dataset, delay)
        arrives_at = times.to_text(now + timedelta(seconds=delay))
        self._datasets.expect_wake_up(record, wake_up, arrives_at)

    def _await_marker(self, record: DatasetRecord, recipe: Recipe, file: str) -> DatasetRecord:
        """Record one more file of a dataset that waits for its marker, without listing the folder.

        Returns the new record; it lacks nothing if the marker arrived before the last input.
        """
        if record.since is None:
            record = replace(record, missing=(*recipe.inputs.values(), MARKER))
        now = record.with_file(file)
        if now != record or record.since is None:
            self._datasets.wait(record, now.missing, now.present, self._clock())
        return now

    def _reject_unread(
        self, record: DatasetRecord, how: HowToTrain, upload: Created | None = None
    ) -> Launched:
        """Reject a dataset whose recipe can't be read."""
        assert how.problem is not None
        about = how.version.version_id if how.version else f"push {how.push.version_id}"
        return self._reject(record.project, record.dataset, how.problem.cause, about, upload)

    def _reject(
        self,
        project: str,
        dataset: str,
        cause: Cause,
        about: str,
        upload: Created | None,
        notify: tuple[str, ...] = recipes.EVENTS,
    ) -> Launched:
        """Reject an upload; one rejection answers all uploads of one drop that have the same cause.

        Without an upload, as in the reconciler's check, any earlier rejection is the answer.
        """
        now = self._clock()
        answer_id = digest(project, dataset, cause.code, about)
        earlier = self._table.find_answer(answer_id)
        if earlier and upload is None:
            return Launched("repeated", earlier.run_id)
        upload = upload or Created(data_prefix(project, dataset), about)
        uploaded_at = upload.at or now
        if earlier and earlier.covers(upload.key, upload.version_id, uploaded_at):
            self._table.extend_answer(answer_id, max(earlier.last_at, times.to_text(uploaded_at)))
            return Launched("repeated", earlier.run_id)
        what = ObjectVersion(upload.key, upload.version_id, 0, "")
        run_id = identity.identify(project, dataset, [what], {"rejected": cause.code}, 0)
        run = replace(new_run(run_id, project, dataset, Asked("upload", now)), notify=notify)
        at = times.to_text(uploaded_at)
        claim = AnswerClaim(answer_id, upload.key, upload.version_id, at, earlier)
        claimed = self._commit.reject(runs.rejected(run, cause), claim)
        return Launched("rejected" if claimed == "claimed" else "repeated", run_id)


def _cooldown_of(record: DatasetRecord, recipe: Recipe, now: datetime) -> CooldownClaim | None:
    """The cooldown that a launch begins; it has no length if the recipe has none, but the dataset waited."""
    seconds = recipe.retrain.cooldown_seconds
    if seconds is None and record.arrived_at is None:
        return None
    until = now + timedelta(seconds=seconds or 0)
    return CooldownClaim(record.project, times.to_text(now), times.to_text(until))
