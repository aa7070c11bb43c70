"""The order of steps in the container: plan, lease, code, inputs, checkpoints, script, outcome."""

import errno
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from droptrain_container import (
    advice,
    early_stop,
    end_warnings,
    exit_codes,
    failure_reason,
    gpu,
    image,
    lease,
    outcome,
    prepared,
    reclaim,
    s3,
    settings,
)
from droptrain_container.account import Account
from droptrain_container.checkpoints import Checkpoints, Saver
from droptrain_container.early_stop import StoppedEarly
from droptrain_container.end_warnings import EndWarning
from droptrain_container.exit_codes import EndError, Ending
from droptrain_container.folder import Look
from droptrain_container.generations import Generations
from droptrain_container.gpu_use import Sampler, Use
from droptrain_container.image import Image
from droptrain_container.layout import Layout
from droptrain_container.log import Log
from droptrain_container.mask import Mask
from droptrain_container.plan import Plan
from droptrain_container.preparation import Call, Preparation
from droptrain_container.prepared import Report
from droptrain_container.records import Records
from droptrain_container.results import Results
from droptrain_container.s3 import Bucket, ConflictError
from droptrain_container.script import Script
from droptrain_container.series import Series
from droptrain_container.settings import Settings
from droptrain_container.stops import Event, StoppedError, Stops

# Spot's notice comes two minutes ahead, and the end may be some seconds late.
DOOMED_SECONDS = 150.0
_REASON_LINES = 20
_TRACEBACK_CHARACTERS = 4000
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_TOO_LARGE = (
    "Hyperparameters and environment are too large to start a program with: Linux takes 128 KiB for one of "
    "them and 2 MiB for all. Put large values into a file of the code."
)

Found = TypeVar("Found")


def main(environment: Mapping[str, str]) -> int:
    """Train the run that `environment` names, and return the exit code."""
    log, stops = Log(), Stops()
    stops.catch_signals()
    try:
        with stops.raising():
            found = settings.read(environment)
            bucket = s3.connect(found.bucket, is_local=found.s3_is_local, attempts=found.s3_attempts)
            attempt = Attempt(found, bucket, environment, log, stops)
        return attempt.run()
    except EndError as error:
        log.say(str(error))
        return exit_codes.EXIT_CODES[error.code]
    except StoppedError:
        log.say(str(stops.end()))
        return exit_codes.EXIT_CODES[stops.end().code]
    except Exception as error:  # noqa: BLE001  what isn't foreseen ends with the exit code that says so
        log.say(traceback.format_exc()[-_TRACEBACK_CHARACTERS:])
        log.say(_failed(error))
        return exit_codes.EXIT_CODES["internal_error"]


def _failed(error: Exception) -> str:
    return f"The container's own step failed: {type(error).__name__}: {error}"


class Attempt:
    """One attempt at training a run."""

    def __init__(
        self, found: Settings, bucket: Bucket, environment: Mapping[str, str], log: Log, stops: Stops
    ) -> None:
        self._settings = found
        self._bucket = bucket
        self._environment = environment
        self._log = log
        self._mask = Mask()
        log.clean = self._mask.text
        self._stops = stops
        self._started_at = datetime.now(UTC)
        self._has_lease = False
        self._of_script: Ending | None = None
        self._saver: Saver | None = None
        self._layout = Layout(found.ml_dir, found.scratch)
        self._preparation = Preparation(bucket, found, environment, self._layout, log.say)
        self._series = Series(self._layout, log.say)
        self._records = Records(bucket, found.step_prefix, log, self._series)
        self._image: Image | None = None
        self._gpu_use: Use | None = None
        self._advice: list[str] = []
        self._warnings: list[EndWarning] = []
        self._stopped_early: StoppedEarly | None = None
        self._results = Results(bucket, found.prefix, self._layout, log.say, found.upload_seconds)
        self._inputs: dict[str, Look] = {}
        self._prepared: Report | None = None
        self._account = Account(bucket, found, log.say)
        metadata = reclaim.Metadata(found.metadata_url) if found.metadata_url else None
        self._watch = reclaim.Watch(metadata, stops.reclaim) if metadata else None

    def run(self) -> int:
        """Prepare, run the script, save what it left, tell how it went; the exit code."""
        ending = self._ending()
        if ending.cause:
            self._log.say(ending.message)
        self._tell(ending)
        if ending.cause == "reclaimed" and self._saver is None:
            # The instance was lost before this attempt began. An attempt that ended now would make room on it
            # for the next one, until none is left.
            self._log.say("Waiting for the instance to go, so that the next attempt begins on another one.")
            self._stops.wait_for_term(DOOMED_SECONDS)
        return ending.exit_code

    def _ending(self) -> Ending:
        """Train; whatever happens becomes an ending."""
        try:
            return self._train()
        except StoppedError:
            return self._ending_of_stop()
        except EndError as error:
            return self._ended(error.code, str(error))
        except OSError as error:
            if error.errno == errno.E2BIG:
                return self._ended("bad_recipe", _TOO_LARGE)
            code = "disk_full" if error.errno in _NO_ROOM else "internal_error"
            return self._ended(code, _failed(error))
        except Exception as error:  # noqa: BLE001  what isn't foreseen has to be in the outcome as well
            self._log.say(traceback.format_exc()[-_TRACEBACK_CHARACTERS:])
            return self._ended("internal_error", _failed(error))

    def _train(self) -> Ending:
        with self._stops.raising():
            the_plan, call, checkpoints = self._prepare()
        if self._stops.is_reclaimed or self._stops.is_out_of_time:
            raise self._stops.end()
        ended_by = self._run_script(the_plan, call, checkpoints)
        self._log.phase = "sync"
        assert self._of_script is not None
        if ended_by == "stopped_early":
            return self._kept(exit_codes.of_early_stop(self._of_script))
        if ended_by != "ended":
            return self._ending_of_stop()
        if self._of_script.cause is None:
            return self._kept(self._of_script)
        return self._explained(self._of_script, call.hint)

    def _ended(self, code: str, message: str) -> Ending:
        return exit_codes.of_cause(
            code, message, self._of_script.script_exit_code if self._of_script else None
        )

    def _ending_of_stop(self) -> Ending:
        """Stopped, or reclaimed by Spot: draining by ECS sends its TERM before the watch looks."""
        if self._watch and not self._stops.is_reclaimed:
            self._watch.look()
        stop = self._stops.end()
        return self._ended(stop.code, str(stop))

    def _prepare(self) -> tuple[Plan, Call, Checkpoints]:
        found = self._settings
        self._log.say(f"Attempt {found.attempt} of Batch job {found.job_id} for {found.run_uri}")
        the_plan = self._preparation.read_plan()
        held = lease.take(self._bucket, found)
        self._has_lease = True
        self._image = image.find(self._environment)
        instance = self._watch.wait_for_instance() if self._watch else None
        self._account.begin(self._started_at, instance, self._image)
        self._end_in_time()
        self._layout.make()
        if not held.is_first:
            self._records.continue_earlier(found.attempt)
        if the_plan.gpus and found.checks_gpu:
            gpu.check(the_plan.gpus)
        secrets = self._preparation.read_secrets(the_plan, self._mask)
        call = self._preparation.make_call(the_plan, secrets)
        self._inputs = prepared.looks_of_inputs(self._layout) if found.is_preparation else {}
        return the_plan, call, self._restore(the_plan)

    def _end_in_time(self) -> None:
        """Let the code end when the run's training time is used up."""
        if self._settings.timeout_seconds is None:
            return
        used = self._account.seconds_used() + (datetime.now(UTC) - self._started_at).total_seconds()
        left = self._settings.timeout_seconds - used
        whose, kind = ("step", "time") if self._settings.is_preparation else ("run", "training time")
        self._log.say(f"The {whose} has {max(left, 0):.0f} s of {kind} left.")
        self._stops.end_after(left)

    def _restore(self, the_plan: Plan) -> Checkpoints:
        generations = Generations(
            self._bucket, self._settings.step_prefix + "checkpoints/", the_plan.checkpoints_kept
        )
        checkpoints = Checkpoints(self._layout, generations, self._account.of_checkpoint)
        number = checkpoints.restore(self._log.say)
        if number is not None:
            self._log.say(f"Restored checkpoint generation {number}.")
        return checkpoints

    def _run_script(self, the_plan: Plan, call: Call, checkpoints: Checkpoints) -> Event:
        """Run the script to its end; what ended it."""
        self._log.say(f"Running {the_plan.entrypoint} with {len(the_plan.code)} code files.")
        self._log.phase = "train"
        sampler = Sampler(self._log.say) if the_plan.gpus and self._settings.checks_gpu else None
        self._series.start(the_plan.metric_definitions, sampler.since_last if sampler else dict)
        started = time.monotonic()
        running = Script(call.words, self._layout, call.environment, self._read_output, self._stops)
        try:
            self._saver = Saver(checkpoints, the_plan.checkpoint_seconds, self._log.say)
            self._records.start()
            if sampler:
                sampler.start()
            with early_stop.watching(
                the_plan, self._bucket, self._series, self._stops, self._log.say
            ) as found:
                returncode, ended_by = running.run()
        finally:
            running.kill()
        self._stopped_early = found() if ended_by == "stopped_early" else None
        self._of_script = exit_codes.of_script(returncode)
        self._keep_output(self._mask.flush())
        self._gpu_use = sampler.finish() if sampler else None
        seconds = time.monotonic() - started
        self._or_else("The advice", lambda: self._advise(the_plan, seconds), None)
        return ended_by

    def _read_output(self, chunk: bytes) -> None:
        self._keep_output(self._mask.feed(chunk) if chunk else self._mask.settle())

    def _keep_output(self, masked: bytes) -> None:
        if masked:
            self._log.write(masked)
            self._series.read(masked)

    def _advise(self, the_plan: Plan, script_seconds: float) -> None:
        instance = self._watch.instance if self._watch else None
        self._advice = advice.of_gpu(self._gpu_use) + advice.of_checkpoints(
            is_spot=instance is not None and instance.lifecycle == "spot",
            has_checkpoint=self._has_checkpoint(),
            script_seconds=script_seconds,
            interval_seconds=the_plan.checkpoint_seconds,
        )
        for each in self._advice:
            self._log.say(each)

    def _has_checkpoint(self) -> bool:
        """Whether CHECKPOINT_DIR holds anything, or ever held it long enough to be saved."""
        was_saved = self._saver is not None and self._saver.has_saved
        return was_saved or any(self._layout.folder(self._layout.checkpoints).entries())

    def _kept(self, ending: Ending) -> Ending:
        """The ending of a script that ended well: its model has to be in the bucket."""
        if self._settings.is_preparation:
            return self._prepared_by(ending)
        try:
            with self._stops.raising():
                self._results.upload_model()
                self._results.upload_output()
        except (EndError, OSError) as error:
            code = error.code if isinstance(error, EndError) else "internal_error"
            return self._ended(
                code, f"The script ended well, but what it left could not be uploaded: {error}"
            )
        self._or_else("The look at what the script left", self._warn, None)
        return ending

    def _prepared_by(self, ending: Ending) -> Ending:
        """The ending of a preparation step that ended well: its data have to be in the bucket."""
        assert self._settings.prepared is not None
        with self._stops.raising():
            prepared.check_inputs(self._layout, self._inputs)
            folder = self._settings.prepared
            self._prepared = prepared.upload(self._bucket, folder, self._layout, self._results)
        self._log.say(f"Prepared {self._prepared.files} files for the training.")
        return ending

    def _warn(self) -> None:
        """Say what looks wrong about a script that ended well; a TERM meanwhile ends only this."""
        self._series.finish()
        lines = self._log.last_script_lines(outcome.TAIL_LINES)
        with suppress(StoppedError), self._stops.raising():
            found = end_warnings.of_success(
                has_export=self._results.has_export(),
                error=failure_reason.of_log_end(lines, self._layout.code),
                not_finite=self._series.not_finite(),
                was_stopped=self._stopped_early is not None,
            )
            self._warnings = [replace(each, message=self._mask.text(each.message)) for each in found]
        for each in self._warnings:
            self._log.say(f"Warning: {each.message}. {each.fix}")

    def _explained(self, ending: Ending, hint: str) -> Ending:
        """The ending of a script that failed, with its own words for why."""
        why = self._or_else("The script's own reason", self._reason, None)
        try:
            if not self._settings.is_preparation:
                with self._stops.raising():
                    self._results.upload_output()
        except Exception as error:  # noqa: BLE001  why the script failed counts more
            self._log.say(f"The output could not be uploaded: {error}")
        except StoppedError:
            self._log.say("The output was not uploaded: the container was stopped.")
        message = " ".join(each for each in (ending.message, why, hint) if each)
        return replace(ending, message=message)

    def _reason(self) -> str | None:
        lines = self._log.last_lines(_REASON_LINES)
        found = failure_reason.of_files(self._layout, self._mask.text)
        return found or failure_reason.of_traceback(lines, self._layout.code)

    def _tell(self, ending: Ending) -> None:
        """Leave the outcome, then the records, then the last checkpoint; one that fails costs no other.

        The checkpoint may be large and KILL may come while it is uploaded; by then the rest is reported.
        """
        self._or_else("The records", self._records.stop, None)
        self._or_else("The metrics", self._series.finish, None)
        self._or_else("outcome.json", lambda: self._write_outcome(ending), None)
        if self._has_lease:
            self._records.upload()
        if self._saver:
            self._or_else("The last checkpoint", lambda: self._save_last(ending), None)
            self._records.upload()

    def _save_last(self, ending: Ending) -> None:
        assert self._saver is not None
        if ending.cause is not None:
            # Told to end, it goes on until it is killed: what it saves is what the next attempt has.
            self._saver.stop()
            self._saver.save_last()
            return
        with suppress(StoppedError), self._stops.raising():
            self._saver.stop()
            self._saver.save_last()

    def _write_outcome(self, ending: Ending) -> None:
        metrics: dict[str, float] = self._or_else("The metrics", self._records.metrics, {})
        document = outcome.write(
            self._settings,
            replace(ending, message=self._mask.text(ending.message)),
            metrics={self._mask.text(name): value for name, value in metrics.items()},
            log_tail=self._log.last_lines(outcome.TAIL_LINES),
            started_at=self._started_at,
            ended_at=datetime.now(UTC),
            instance=self._watch.instance if self._watch else None,
            image=self._image,
            gpu=self._gpu_use,
            advice=[self._mask.text(each) for each in (*self._advice, *self._results.remarks)],
            warnings=self._warnings,
            left_checkpoint=self._or_else("CHECKPOINT_DIR", self._has_checkpoint, False),
            prepared=self._prepared,
            stopped_early=self._stopped_early,
            earlier=self._account.earlier,
        )
        try:
            if ending.cause == "superseded":
                # The outcome is the training job's to write; this one must not hide it.
                self._account.write_if_none(document)
            else:
                self._account.write(document)
        except ConflictError:
            self._log.say("outcome.json is left as it is: the Batch job that trains has written it.")
        except EndError as error:
            self._log.say(f"outcome.json could not be written: {error}")

    def _or_else(self, what: str, find: Callable[[], Found], otherwise: Found) -> Found:
        """What `find` finds; `otherwise`, and a line in the log, where it fails."""
        try:
            return find()
        except Exception as error:  # noqa: BLE001  at the end every other step is still due
            self._log.say(f"{what} failed: {type(error).__name__}: {error}")
            return otherwise
