"""What follows the script: its results are saved, its end is explained, and the attempt is reported."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from droptrain_container import outcome, prepared
from droptrain_container.checkpoints import Saver
from droptrain_container.exit_codes import EndError, Ending, of_cause
from droptrain_container.folder import Look
from droptrain_container.s3 import ConflictError
from droptrain_container.stops import StoppedError
from droptrain_container.workplace import Workplace

_REASON_LINES = 20


class Closing:
    """The steps after the script of one attempt."""

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def keep(self, ending: Ending, inputs: Mapping[str, Look]) -> Ending:
        """The ending of a script that ended well: what it made has to be in the bucket.

        A preparation step may not have changed its `inputs`.
        """
        place = self._place
        if place.settings.is_preparation:
            return self._keep_prepared(ending, inputs)
        try:
            with place.stops.raising():
                place.results.upload_model()
                place.results.upload_output()
        except (EndError, OSError) as error:
            code = error.code if isinstance(error, EndError) else "internal_error"
            message = f"The script ended well, but what it left could not be uploaded: {error}"
            return of_cause(code, message, ending.script_exit_code)
        place.or_else("The look at what the script left", self._warn, None)
        return ending

    def explain(self, ending: Ending, hint: str) -> Ending:
        """The ending of a script that failed, with its own words for why."""
        place = self._place
        why = place.or_else("The script's own reason", self._reason, None)
        try:
            if not place.settings.is_preparation:
                with place.stops.raising():
                    place.results.upload_output()
        except Exception as error:  # noqa: BLE001  why the script failed counts more
            place.log.say(f"The output could not be uploaded: {error}")
        except StoppedError:
            place.log.say("The output was not uploaded: the container was stopped.")
        message = " ".join(each for each in (ending.message, why, hint) if each)
        return replace(ending, message=message)

    def report(self, ending: Ending, saver: Saver | None, *, has_lease: bool) -> None:
        """Leave the outcome, then the records, then the last checkpoint; one that fails costs no other.

        The checkpoint may be large and KILL may come while it is uploaded; by then the rest is reported.
        """
        place = self._place
        place.or_else("The records", place.records.stop, None)
        place.or_else("The metrics", place.series.finish, None)
        place.records.note_first_metric()
        place.or_else("outcome.json", lambda: self._write_outcome(ending, saver), None)
        if has_lease:
            place.records.upload()
        if saver:
            place.or_else("The last checkpoint", lambda: self._save_last(ending, saver), None)
            place.records.upload()

    def has_checkpoint(self, saver: Saver | None) -> bool:
        """Whether CHECKPOINT_DIR holds anything, or ever held it long enough to be saved."""
        layout = self._place.layout
        was_saved = saver is not None and saver.has_saved
        return was_saved or any(layout.folder(layout.checkpoints).entries())

    def _keep_prepared(self, ending: Ending, inputs: Mapping[str, Look]) -> Ending:
        """The ending of a preparation step that ended well: its data have to be in the bucket."""
        place = self._place
        folder = place.settings.prepared
        assert folder is not None
        with place.stops.raising():
            prepared.check_inputs(place.layout, inputs)
            found = prepared.upload(place.bucket, folder, place.layout, place.results)
        place.findings.prepared = found
        place.log.say(f"Prepared {found.files} files for the training.")
        return ending

    def _warn(self) -> None:
        """Say what looks wrong about a script that ended well; a TERM meanwhile ends only this."""
        from droptrain_container import end_warnings, failure_reason

        place = self._place
        place.series.finish()
        lines = place.log.last_script_lines(outcome.TAIL_LINES)
        with suppress(StoppedError), place.stops.raising():
            found = end_warnings.of_success(
                has_export=place.results.has_export(),
                error=failure_reason.of_log_end(lines, place.layout.code),
                not_finite=place.series.not_finite(),
                was_stopped=place.findings.stopped_early is not None,
            )
            place.findings.warnings = [replace(each, message=place.mask.text(each.message)) for each in found]
        for each in place.findings.warnings:
            place.log.say(f"Warning: {each.message}. {each.fix}")

    def _reason(self) -> str | None:
        from droptrain_container import failure_reason

        place = self._place
        lines = place.log.last_lines(_REASON_LINES)
        found = failure_reason.of_files(place.layout, place.mask.text)
        return found or failure_reason.of_traceback(lines, place.layout.code)

    def _save_last(self, ending: Ending, saver: Saver) -> None:
        if ending.cause is not None:
            # Told to end, it goes on until it is killed: what it saves is what the next attempt has.
            saver.stop()
            saver.save_last()
            return
        with suppress(StoppedError), self._place.stops.raising():
            saver.stop()
            saver.save_last()

    def _write_outcome(self, ending: Ending, saver: Saver | None) -> None:
        place, found = self._place, self._place.findings
        masked, nothing = place.mask.text, dict[str, float]()
        metrics = place.or_else("The metrics", place.records.metrics, nothing)
        found.left_checkpoint = place.or_else(
            "CHECKPOINT_DIR", lambda: self.has_checkpoint(saver), otherwise=False
        )
        found.advice = [masked(each) for each in (*found.advice, *place.results.remarks)]
        found.instance = place.watch.instance if place.watch else None
        found.timing = place.timing.times()
        document = outcome.write(
            place.settings,
            replace(ending, message=masked(ending.message)),
            found,
            metrics={masked(name): value for name, value in metrics.items()},
            log_tail=place.log.last_lines(outcome.TAIL_LINES),
            started_at=place.started_at,
            ended_at=datetime.now(UTC),
            earlier=place.account.earlier,
        )
        try:
            if ending.cause == "superseded":
                # The outcome is the training job's to write; this one must not hide it.
                place.account.write_if_none(document)
            else:
                place.account.write(document)
        except ConflictError:
            place.log.say("outcome.json is left as it is: the Batch job that trains has written it.")
        except EndError as error:
            place.log.say(f"outcome.json could not be written: {error}")
