"""Commit: claim a decided run in one transaction, then submit its Batch job."""

from collections.abc import Callable, Mapping
from typing import Any

from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.image_repository import ImageRepository
from droptrain_core.aws.run_table import RunTable
from droptrain_core.aws.schedules import Schedules
from droptrain_core.domain.errors import BusyError, Cause
from droptrain_core.domain.runs import run as runs
from droptrain_core.domain.runs import turn as turns
from droptrain_core.domain.runs.claims import AnswerClaim, Claimed, DropClaim, RequestClaim
from droptrain_core.domain.runs.compute import image_tags
from droptrain_core.domain.runs.retraining import CooldownClaim, RetrainClaim
from droptrain_core.domain.runs.run import Run
from droptrain_core.launch.draft import Draft
from droptrain_core.prepare_once import PrepareOnce
from droptrain_core.reserve import Reserve
from droptrain_core.submit import Submit

CLAIM_TRIES = 3


class Commit:
    """Writes plans and claims, and submits."""

    def __init__(
        self,
        bucket: Bucket,
        table: RunTable,
        reserve: Reserve,
        submit: Submit,
        prepare_once: PrepareOnce,
        schedules: Schedules,
        images: ImageRepository | None = None,
    ) -> None:
        self._bucket = bucket
        self._table = table
        self._reserve = reserve
        self._prepare_once = prepare_once
        self._schedules = schedules
        self._images = images
        self.submit = submit

    def claim(
        self,
        draft: Draft,
        drop: DropClaim | None,
        request: RequestClaim | None = None,
        first: Run | None = None,
        retraining: RetrainClaim | None = None,
    ) -> tuple[Claimed, Run]:
        """Claim the run, its reservations and its turn to prepare; its plan is in the bucket before.

        `retraining` are times of a schedule that the run answers, or the cooldown that it begins, whose end
        is scheduled before. A rejected run begins none.

        Returns the run as claimed: REJECTED if the stack has no image or a cap has no room.
        BusyError if other runs keep taking the room or the turn.
        """
        if draft.plan is not None:
            self.write_plan(draft.plan, self._table.get)
        holder_id = draft.holder_id
        for _ in range(CLAIM_TRIES):
            run = draft.run
            if not run.ended:
                run = self._admit(self._with_turn(run, holder_id), self._reserve.caps)
            summary = None if run.ended else draft.summary
            begins = None if run.ended and isinstance(retraining, CooldownClaim) else retraining
            self.schedule_end(begins)
            claimed = self._table.claim(
                run, drop, request, first, summary=summary, holder=holder_id, retraining=begins
            )
            if claimed not in ("no_room", "holder_changed"):
                return claimed, run
            if claimed == "holder_changed":
                holder_id = self._prepare_once.find_holder(run)
        raise BusyError(f"Other runs take the room or the data that {draft.run.run_id} needs")

    def look(self, draft: Draft) -> Run:
        """The run as a launch would claim it now; nothing is written."""
        if draft.run.ended:
            return draft.run
        return self._admit(self._with_turn(draft.run, draft.holder_id), self._reserve.look)

    def reject(self, run: Run, answer: AnswerClaim) -> Claimed:
        """Record a rejection that answers more than one upload."""
        return self._table.claim(run, answer=answer)

    def finish(self, run_id: str) -> bool:
        """Submit the run's job if its claim was left without one; False if there was nothing to do.

        BusyError while another process is working on it.
        """
        run = self._table.get(run_id)
        if run is None or not run.is_claim or run.waits_for:
            return False
        if not self.submit.is_old_claim(run):
            raise BusyError(f"{run_id} is being launched by another process")
        self.submit.finish(run)
        return True

    def schedule_end(self, retraining: RetrainClaim | None) -> None:
        """Schedule the end of a cooldown, before the claim that begins it."""
        if isinstance(retraining, CooldownClaim) and retraining.until > retraining.at:
            self._schedules.put_cooldown(retraining.project, retraining.until)

    def write_plan(self, plan: Mapping[str, Any], find: Callable[[str], object]) -> None:
        """Write `run.json`. An existing file counts only once its run, or sweep, is there to `find`."""
        found = self._bucket.write_plan(plan)
        if found and find(plan["run_id"]) is None:
            self._bucket.replace_plan(plan, found)

    def holder_of(self, run: Run) -> str | None:
        """The run that holds the data which this one needs prepared, if any."""
        return self._prepare_once.find_holder(run)

    def missing_image(self, run: Run) -> Cause | None:
        """The cause of a run for which the stack has no image."""
        for tag in image_tags(run) if self._images else ():
            if self._images and self._images.lacks_image(tag):
                return _no_image(run.run_id, tag)
        return None

    def _with_turn(self, run: Run, holder_id: str | None) -> Run:
        """The run with its turn to prepare its data."""
        if run.preparation is None:
            return run
        turn, holder = self._prepare_once.turn_of(run, holder_id)
        return turns.with_turn(run, turn, holder)

    def _admit(self, run: Run, reserve: Callable[[Run], Run]) -> Run:
        """The run with its reservations, or REJECTED if the stack lacks an image or has no room for it."""
        cause = self.missing_image(run)
        return runs.rejected(run, cause) if cause else reserve(run)


def _no_image(run_id: str, tag: str) -> Cause:
    """The cause of a run for which the stack has no image yet."""
    return Cause(
        "no_image",
        f"There is no training image yet: the stack's image repository has none with the tag {tag}.",
        "Publish the training image, with `droptrain image` (AWS builds it) or with the commands in the "
        f"stack's output ImagePushCommands (Docker). Then: droptrain rerun {run_id}",
    )
