"""The order of steps in the container: plan, lease, code, inputs, checkpoints, script, outcome."""

import errno
import time
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from droptrain_container import exit_codes, image, lease, prepared
from droptrain_container.amounts import counted
from droptrain_container.checkpoints import Checkpoints, Saver
from droptrain_container.closing import Closing
from droptrain_container.exit_codes import EndError, Ending
from droptrain_container.folder import Look
from droptrain_container.generations import Generations
from droptrain_container.log import Log
from droptrain_container.plan import Plan
from droptrain_container.preparation import Call, Preparation
from droptrain_container.s3 import Bucket
from droptrain_container.script import Script
from droptrain_container.settings import Settings
from droptrain_container.stops import Event, StoppedError, Stops
from droptrain_container.workplace import Workplace

if TYPE_CHECKING:
    from droptrain_container.gpu_use import Sampler

# Spot's notice comes two minutes ahead, and the end may be some seconds late.
DOOMED_SECONDS = 150.0
TRACEBACK_CHARACTERS = 4000
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_TOO_LARGE = (
    "Hyperparameters and environment are too large to start a program with: Linux takes 128 KiB for one of "
    "them and 2 MiB for all. Put large values into a file of the code."
)


class Attempt:
    """One attempt at training a run."""

    def __init__(
        self, settings: Settings, bucket: Bucket, environment: Mapping[str, str], log: Log, stops: Stops
    ) -> None:
        self._place = place = Workplace(settings, bucket, environment, log, stops)
        self._settings = settings
        self._log = log
        self._stops = stops
        self._findings = place.findings
        self._preparation = Preparation(bucket, settings, environment, place.layout, log.say)
        self._closing = Closing(place)
        self._has_lease = False
        self._of_script: Ending | None = None
        self._saver: Saver | None = None
        self._inputs: dict[str, Look] = {}

    def run(self) -> int:
        """Prepare, run the script, save what it left, tell how it went; the exit code."""
        ending = self._ending()
        if ending.cause:
            self._log.say(ending.message)
        self._closing.report(ending, self._saver, has_lease=self._has_lease)
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
            return self._ended(code, failed(error))
        except Exception as error:  # noqa: BLE001  what isn't foreseen has to be in the outcome as well
            self._log.say(traceback.format_exc()[-TRACEBACK_CHARACTERS:])
            return self._ended("internal_error", failed(error))

    def _train(self) -> Ending:
        with self._stops.raising():
            the_plan, call, checkpoints = self._prepare()
        if self._stops.is_reclaimed or self._stops.is_out_of_time:
            raise self._stops.end()
        ended_by = self._run_script(the_plan, call, checkpoints)
        self._log.phase = "sync"
        assert self._of_script is not None
        if ended_by == "stopped_early":
            return self._closing.keep(exit_codes.of_early_stop(self._of_script), self._inputs)
        if ended_by != "ended":
            return self._ending_of_stop()
        if self._of_script.cause is None:
            return self._closing.keep(self._of_script, self._inputs)
        return self._closing.explain(self._of_script, call.hint)

    def _ended(self, code: str, message: str) -> Ending:
        return exit_codes.of_cause(
            code, message, self._of_script.script_exit_code if self._of_script else None
        )

    def _ending_of_stop(self) -> Ending:
        """Stopped, or reclaimed by Spot: draining by ECS sends its TERM before the watch looks."""
        watch = self._place.watch
        if watch and not self._stops.is_reclaimed:
            watch.look()
        stop = self._stops.end()
        return self._ended(stop.code, str(stop))

    def _prepare(self) -> tuple[Plan, Call, Checkpoints]:
        settings, place = self._settings, self._place
        self._log.say(f"Attempt {settings.attempt} of Batch job {settings.job_id} for {settings.run_uri}")
        the_plan = self._preparation.read_plan()
        held = lease.take(place.bucket, settings)
        self._has_lease = True
        self._findings.image = image.find(place.environment)
        self._findings.instance = place.watch.wait_for_instance() if place.watch else None
        place.account.begin(place.started_at, self._findings)
        self._end_in_time()
        place.layout.make()
        if not held.is_first:
            place.records.continue_earlier(settings.attempt)
        if the_plan.gpus and settings.checks_gpu:
            from droptrain_container import gpu

            gpu.check(the_plan.gpus)
        secrets = self._preparation.read_secrets(the_plan, place.mask)
        call = self._preparation.make_call(the_plan, secrets)
        self._inputs = prepared.looks_of_inputs(place.layout) if settings.is_preparation else {}
        return the_plan, call, self._restore(the_plan)

    def _end_in_time(self) -> None:
        """Let the code end when the run's training time is used up."""
        if self._settings.timeout_seconds is None:
            return
        since = (datetime.now(UTC) - self._place.started_at).total_seconds()
        left = self._settings.timeout_seconds - self._place.account.seconds_used() - since
        whose, kind = ("step", "time") if self._settings.is_preparation else ("run", "training time")
        self._log.say(f"The {whose} has {max(left, 0):.0f} s of {kind} left.")
        self._stops.end_after(left)

    def _restore(self, the_plan: Plan) -> Checkpoints:
        place = self._place
        folder = self._settings.step_prefix + "checkpoints/"
        generations = Generations(place.bucket, folder, the_plan.checkpoints_kept)
        checkpoints = Checkpoints(place.layout, generations, place.account.of_checkpoint)
        number = checkpoints.restore(self._log.say)
        if number is not None:
            self._log.say(f"Restored checkpoint generation {number}.")
        return checkpoints

    def _run_script(self, the_plan: Plan, call: Call, checkpoints: Checkpoints) -> Event:
        """Run the script to its end; what ended it."""
        place = self._place
        self._log.say(f"Running {the_plan.entrypoint} with {counted(len(the_plan.code), 'code file')}.")
        self._log.phase = "train"
        sampler = self._sampler(the_plan)
        place.series.start(the_plan.metric_definitions, sampler.since_last if sampler else dict)
        started = time.monotonic()
        place.timing.note("script_started_at")
        running = Script(call.words, place.layout, call.environment, self._read_output, self._stops)
        from droptrain_container import early_stop  # The script doesn't wait for it.

        try:
            self._saver = Saver(checkpoints, the_plan.checkpoint_seconds, self._log.say)
            place.records.start()
            if sampler:
                sampler.start()
            with early_stop.watching(
                the_plan, place.bucket, place.series, self._stops, self._log.say
            ) as found:
                returncode, ended_by = running.run()
        finally:
            running.kill()
        place.timing.note("script_ended_at")
        self._findings.stopped_early = found() if ended_by == "stopped_early" else None
        self._of_script = exit_codes.of_script(returncode)
        self._keep_output(place.mask.flush())
        self._findings.gpu = sampler.finish() if sampler else None
        seconds = time.monotonic() - started
        place.or_else("The advice", lambda: self._advise(the_plan, seconds), None)
        return ended_by

    def _sampler(self, the_plan: Plan) -> "Sampler | None":
        if not (the_plan.gpus and self._settings.checks_gpu):
            return None
        from droptrain_container.gpu_use import Sampler

        return Sampler(self._log.say)

    def _read_output(self, chunk: bytes) -> None:
        mask = self._place.mask
        self._keep_output(mask.feed(chunk) if chunk else mask.settle())

    def _keep_output(self, masked: bytes) -> None:
        if masked:
            self._place.timing.note("first_output_at")
            self._log.write(masked)
            self._place.series.read(masked)

    def _advise(self, the_plan: Plan, script_seconds: float) -> None:
        from droptrain_container import advice

        instance = self._place.watch.instance if self._place.watch else None
        self._findings.advice = advice.of_gpu(self._findings.gpu) + advice.of_checkpoints(
            is_spot=instance is not None and instance.lifecycle == "spot",
            has_checkpoint=self._closing.has_checkpoint(self._saver),
            script_seconds=script_seconds,
            interval_seconds=the_plan.checkpoint_seconds,
        )
        for each in self._findings.advice:
            self._log.say(each)


def failed(error: Exception) -> str:
    """What is said of an error that isn't foreseen."""
    return f"The container's own step failed: {type(error).__name__}: {error}"
