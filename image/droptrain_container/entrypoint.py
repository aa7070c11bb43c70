"""The order of steps in the container: plan, lease, code, inputs, checkpoints, script, outcome."""

import errno
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from droptrain_container import (
    advice,
    blame,
    code,
    command,
    exit_codes,
    gpu,
    image,
    inputs,
    lease,
    outcome,
    plan,
    reclaim,
    s3,
    sagemaker,
    secret_values,
    settings,
    transfer,
    variables,
    vertex,
)
from droptrain_container.account import Account
from droptrain_container.checkpoints import Checkpoints, Saver
from droptrain_container.exit_codes import EndError, Ending
from droptrain_container.generations import Generations
from droptrain_container.gpu_use import Sampler, Use
from droptrain_container.layout import Layout
from droptrain_container.log import Log
from droptrain_container.mask import LEAST_CHARACTERS, Mask
from droptrain_container.packages import FILE as REQUIREMENTS
from droptrain_container.packages import Packages
from droptrain_container.plan import Plan
from droptrain_container.records import Records
from droptrain_container.results import Results
from droptrain_container.s3 import Bucket, ConflictError, MissingError
from droptrain_container.script import Script
from droptrain_container.series import Series
from droptrain_container.settings import Settings
from droptrain_container.stops import StoppedError, Stops

# Spot's notice comes two minutes ahead, and the end may be some seconds late.
DOOMED_SECONDS = 150.0
_BLAME_LINES = 20


def main(environment: Mapping[str, str]) -> int:
    """Train the run that `environment` names, and return the exit code."""
    log, stops = Log(), Stops()
    try:
        stops.catch_signals()
        found = settings.read(environment)
        bucket = s3.connect(found.bucket, is_local=found.s3_is_local, attempts=found.s3_attempts)
        return Attempt(found, bucket, environment, log, stops).run()
    except EndError as error:
        log.say(str(error))
        return exit_codes.EXIT_CODES[error.code]
    except StoppedError:
        log.say(str(stops.end()))
        return exit_codes.EXIT_CODES[stops.end().code]


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
        self._stops = stops
        self._started_at = datetime.now(UTC)
        self._has_lease = False
        self._saver: Saver | None = None
        self._layout = Layout(found.ml_dir)
        self._series = Series(self._layout, log.say)
        self._records = Records(bucket, found.prefix, log, self._series)
        self._gpu_use: Use | None = None
        self._advice: list[str] = []
        self._results = Results(bucket, found.prefix, self._layout, log.say, found.upload_seconds)
        self._account = Account(bucket, found, log.say)
        metadata = reclaim.Metadata(found.metadata_url) if found.metadata_url else None
        self._watch = reclaim.Watch(metadata, stops.reclaim) if metadata else None

    def run(self) -> int:
        """Prepare, run the script, tell how it went; the exit code."""
        try:
            ending = self._ending_of_training()
            self._stops.wait_for_events()
        except StoppedError:
            ending = self._ending_of_stop()
        if ending.cause:
            self._log.say(ending.message)
        self._tell(ending)
        if ending.cause == "reclaimed" and self._saver is None:
            # The instance was lost before this attempt began. An attempt that ended now would make room on it
            # for the next one, until none is left.
            self._log.say("Waiting for the instance to go, so that the next attempt begins on another one.")
            self._stops.wait_for_term(DOOMED_SECONDS)
        return ending.exit_code

    def _ending_of_training(self) -> Ending:
        try:
            return self._train()
        except EndError as error:
            return exit_codes.of_cause(error.code, str(error))
        except OSError as error:
            code = "disk_full" if error.errno == errno.ENOSPC else "internal_error"
            return exit_codes.of_cause(code, f"The container's own step failed: {error}")

    def _ending_of_stop(self, script_exit_code: int | None = None) -> Ending:
        """143, or 75 if Spot takes the instance: draining by ECS sends its TERM before the watch looks."""
        if self._watch and not self._stops.is_reclaimed:
            self._watch.look()
        stop = self._stops.end()
        return exit_codes.of_cause(stop.code, str(stop), script_exit_code)

    def _train(self) -> Ending:
        found, bucket = self._settings, self._bucket
        self._log.say(f"Attempt {found.attempt} of Batch job {found.job_id} for {found.run_uri}")
        the_plan = self._read_plan()
        held = lease.take(bucket, found)
        self._has_lease = True
        self._account.begin(self._started_at, self._watch.wait_for_instance() if self._watch else None)
        self._note_image()
        self._layout.make()
        if not held.is_first:
            self._records.continue_earlier(found.attempt)
        if the_plan.gpus and found.checks_gpu:
            gpu.check(the_plan.gpus)
        secrets = self._read_secrets(the_plan)
        files = self._fetch(the_plan)
        hint = self._warn_of_google_storage(files)
        sagemaker.write_config(the_plan, self._layout)
        words, environment = self._call(the_plan, files, secrets)
        checkpoints = self._restore(the_plan)
        if self._stops.is_reclaimed:
            raise self._stops.end()
        self._log.say(f"Running {the_plan.entrypoint} with {len(the_plan.code)} code files.")
        self._stops.wait_for_events()
        self._log.phase = "train"
        self._series.start(the_plan.metric_definitions)
        sampler = Sampler(self._log.say) if the_plan.gpus and found.checks_gpu else None
        started = time.monotonic()
        running = Script(words, self._layout, environment, self._read_output, self._stops)
        self._saver = Saver(checkpoints, the_plan.checkpoint_seconds, self._log.say)
        self._records.start()
        if sampler:
            sampler.start()
        returncode, was_stopped = running.run()
        self._keep_output(self._mask.flush())
        self._gpu_use = sampler.finish() if sampler else None
        self._advise(the_plan, time.monotonic() - started)
        self._log.phase = "sync"
        of_script = exit_codes.of_script(returncode)
        if was_stopped:
            return self._ending_of_stop(of_script.script_exit_code)
        return self._kept(of_script) if of_script.cause is None else self._explained(of_script, hint)

    def _fetch(self, the_plan: Plan) -> list[Path]:
        """Fetch the code, and the inputs where they are wanted as files; the code's files."""
        code_files = code.places(self._bucket, the_plan, self._layout.code)
        input_files = inputs.places(the_plan, self._layout)
        if command.is_shell(the_plan):
            transfer.fetch(self._bucket, code_files, self._log.say)
            code.make_runnable(the_plan, self._layout.code, code_files)
            if inputs.are_read_as_files(code_files):
                transfer.fetch(self._bucket, input_files, self._log.say)
        else:
            transfer.fetch(self._bucket, code_files | input_files, self._log.say)
            code.make_runnable(the_plan, self._layout.code, code_files)
        return list(code_files)

    def _read_secrets(self, the_plan: Plan) -> dict[str, str]:
        """The secrets' values, masked from now on; before the data comes, as one that is missing ends it."""
        secrets = secret_values.fetch(the_plan.secrets, attempts=self._settings.s3_attempts)
        self._mask.hide(secrets.values())
        if secrets:
            self._log.say(f"Read the secrets for {', '.join(secrets)}; their values are masked in this log.")
        if short := [name for name, value in secrets.items() if len(value) < LEAST_CHARACTERS]:
            self._log.say(f"Too short to be masked: {', '.join(short)}.")
        return secrets

    def _read_output(self, chunk: bytes) -> None:
        self._keep_output(self._mask.feed(chunk))

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
        return was_saved or any(path.is_file() for path in self._layout.checkpoints.rglob("*"))

    def _call(
        self, the_plan: Plan, files: list[Path], secrets: Mapping[str, str]
    ) -> tuple[list[str], dict[str, str]]:
        """The command line of the entrypoint and its environment."""
        found, bucket = self._settings, self._bucket
        given = [] if command.is_shell(the_plan) else sagemaker.arguments(the_plan.hyperparameters)
        if command.is_module(the_plan):
            given += vertex.arguments(self._layout, files)
        environment = variables.of_script(
            self._environment,
            the_plan,
            run_uri=found.run_uri,
            code_uri=inputs.locate_code(bucket, the_plan, found.prefix),
            input_uris=inputs.locate(bucket, the_plan, found.prefix),
            layout=self._layout,
            gpus=the_plan.gpus if found.checks_gpu else 0,
            words=given,
            secrets=secrets,
        )
        requirements = self._layout.code / REQUIREMENTS
        if requirements.is_file() and not command.is_shell(the_plan):
            # runs/PROJECT/packages/: beside the runs, for all of the project.
            prefix = f"{found.prefix.rstrip('/').rpartition('/')[0]}/packages/"
            packages = Packages(bucket, prefix, self._layout.packages, self._log.say)
            # What is installed is kept in the bucket for other runs; pip says in the log what it asks for.
            public = {name: value for name, value in environment.items() if name not in secrets}
            programs = packages.install(requirements, command.find_python(environment), public)
            environment["PATH"] = f"{programs}{os.pathsep}{environment.get('PATH', os.defpath)}"
        return command.of(the_plan, given, environment), environment

    def _warn_of_google_storage(self, files: list[Path]) -> str:
        """Say that gs:// can't be reached, if any code names it; a hint for the cause, else ""."""
        named = vertex.files_of_google_storage(self._layout.code, files)
        if not named:
            return ""
        hint = (
            f"{', '.join(named[:5])}: gs:// addresses can't be reached from here; "
            "read AIP_TRAINING_DATA_URI and AIP_TEST_DATA_URI, write to AIP_MODEL_DIR."
        )
        self._log.say(hint)
        return hint

    def _kept(self, ending: Ending) -> Ending:
        """The ending of a script that ended well: its model has to be in the bucket."""
        try:
            self._results.upload_model()
            self._results.upload_output()
        except EndError as error:
            message = f"The script ended well, but what it left could not be uploaded: {error}"
            return exit_codes.of_cause(error.code, message, ending.script_exit_code)
        return ending

    def _explained(self, ending: Ending, hint: str) -> Ending:
        """The ending of a script that failed, with its own words for why."""
        why = blame.of_files(self._layout.failure_files, self._mask.text) or blame.of_traceback(
            self._log.last_lines(_BLAME_LINES), self._layout.code
        )
        try:
            self._results.upload_output()
        except EndError as error:
            self._log.say(f"The output could not be uploaded: {error}")
        said = " ".join(each for each in (ending.message, why, hint) if each)
        return replace(ending, message=said)

    def _read_plan(self) -> Plan:
        try:
            content = self._bucket.get(self._settings.prefix + "run.json")
        except MissingError:
            raise EndError(
                "input_missing",
                f"{self._settings.run_uri}run.json isn't there: DROPTRAIN_RUN has to name a run.",
            ) from None
        return plan.read(content, self._settings.bucket)

    def _note_image(self) -> None:
        """Name the image in `run.json`, which then says all that the run is made of."""
        used = image.find(self._environment)
        if used is None:
            return
        key = self._settings.prefix + "run.json"
        content, etag = self._bucket.get_tagged(key)
        with_image = image.added_to(content, used)
        if with_image:
            with suppress(ConflictError):
                self._bucket.replace(key, with_image, etag)

    def _restore(self, the_plan: Plan) -> Checkpoints:
        generations = Generations(
            self._bucket, self._settings.prefix + "checkpoints/", the_plan.checkpoints_kept
        )
        checkpoints = Checkpoints(self._layout.checkpoints, generations, self._facts)
        number = checkpoints.restore(self._log.say)
        if number is not None:
            self._log.say(f"Restored checkpoint generation {number}.")
        return checkpoints

    def _facts(self) -> dict[str, object]:
        saved_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "saved_at": saved_at,
            "batch_job_id": self._settings.job_id,
            "attempt": self._settings.attempt,
        }

    def _tell(self, ending: Ending) -> None:
        """Leave the records, then the outcome, then the last checkpoint.

        The checkpoint may be large and KILL may come while it is uploaded; by then the rest is told.
        """
        self._records.stop()
        self._series.finish()
        if self._has_lease:
            self._records.upload()
        self._write_outcome(ending)
        if self._saver:
            self._saver.stop()
            self._saver.save_last()
            self._records.upload()

    def _write_outcome(self, ending: Ending) -> None:
        document = outcome.write(
            self._settings,
            ending,
            metrics={self._mask.text(name): value for name, value in self._records.metrics().items()},
            log_tail=self._log.last_lines(outcome.TAIL_LINES),
            started_at=self._started_at,
            ended_at=datetime.now(UTC),
            instance=self._watch.instance if self._watch else None,
            gpu=self._gpu_use,
            advice=self._advice,
            left_checkpoint=self._has_checkpoint(),
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
            print(f"outcome.json could not be written: {error}", file=sys.stderr, flush=True)
