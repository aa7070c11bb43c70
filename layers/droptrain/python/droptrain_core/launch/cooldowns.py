"""Cooldowns: when a project's cooldown is over, the newest dataset that waited for that trains."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.aws.retrain_table import RetrainTable
from droptrain_core.aws.wake_ups import WakeUps
from droptrain_core.domain import times
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.errors import BusyError
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from droptrain_core.domain.runs.retraining import Retraining
from droptrain_core.launch.answers import Launched
from droptrain_core.launch.take_in import TakeIn
from droptrain_core.launch.uploads import LaunchUploads

# An earlier message is of an older cooldown; the end of the present one has its own message.
_EARLY = timedelta(minutes=5)


class EndCooldowns:
    """Answers every dataset that waited; BusyError means: deliver the message again later."""

    def __init__(
        self,
        launch: LaunchUploads,
        take_in: TakeIn,
        datasets: DatasetTable,
        retrainings: RetrainTable,
        wake_ups: WakeUps,
        policy: LaunchPolicy,
        clock: Callable[[], datetime],
    ) -> None:
        self._launch = launch
        self._take_in = take_in
        self._datasets = datasets
        self._retrainings = retrainings
        self._wake_ups = wake_ups
        self._policy = policy
        self._clock = clock

    def over(self, project: str) -> Launched:
        """Launch the newest dataset that waited and is ready; its run is the answer to the older ones.

        A dataset that arrived before the project's last launch has that run: the process that launched it
        may have died before it said so. If datasets train together, the older ones are checked first; a
        further message continues with those that take too long for this one.
        """
        self._policy.check_running()
        known = self._retrainings.read(project)
        held = self._held(project)
        unanswered = [record for record in held if not _is_answered(record, known)]
        if unanswered and known.is_in_cooldown(self._clock()):
            if known.is_in_cooldown(self._clock() + _EARLY):
                self._wait_on(unanswered, str(known.cooldown_until))
                return Launched("ignored")
            raise BusyError(f"the cooldown of {project} ends at {known.cooldown_until}")
        if len(held) > len(unanswered[:1]):
            older = [record for record in held if record not in unanswered[:1]]
            if not self._take_in.check(project, older):
                self._wake_ups.end_cooldown(project)
                return Launched("postponed")
            held = self._held(project)
        answer = Launched("ignored")
        for record in held:
            run_id, at = self._answer_to(record, known, answer)
            if run_id:
                self._datasets.settle(record, run_id, None, at)
            else:
                answer = self._launch.end_hold(record)
        return answer

    def _wait_on(self, held: Iterable[DatasetRecord], until: str) -> None:
        """Let datasets wait for the cooldown's present end; a push may have moved it."""
        for record in held:
            if record.due_at != until:
                self._datasets.hold(record, (), until, str(record.arrived_at), self._clock())

    def _held(self, project: str) -> list[DatasetRecord]:
        return sorted(self._datasets.held(project), key=lambda record: str(record.arrived_at), reverse=True)

    def _answer_to(self, record: DatasetRecord, known: Retraining, newer: Launched) -> tuple[str | None, str]:
        """(the run that answers a dataset, the time until which it does so); None if none does."""
        if newer.answer == "launched" and newer.run_id:
            return newer.run_id, times.to_text(self._clock())
        if _is_answered(record, known):
            return known.launched_run, str(known.launched_at)
        return None, ""


def _is_answered(record: DatasetRecord, known: Retraining) -> bool:
    """Whether the project's last launch was after the dataset's last file."""
    return known.launched_at is not None and str(record.arrived_at) < known.launched_at
