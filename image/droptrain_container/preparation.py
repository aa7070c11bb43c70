"""What comes before the script: its plan, secrets, files and packages, and the command that runs it."""

import hashlib
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from droptrain_container import (
    code,
    command,
    inputs,
    parallel,
    plan,
    requirement_files,
    sagemaker,
    secret_values,
    transfer,
    variables,
    vertex,
)
from droptrain_container import prepared as prepared_data
from droptrain_container.exit_codes import EndError
from droptrain_container.layout import Layout
from droptrain_container.mask import Mask
from droptrain_container.needle import LEAST_CHARACTERS
from droptrain_container.plan import Plan
from droptrain_container.prepared import Prepared
from droptrain_container.s3 import Bucket, MissingError
from droptrain_container.settings import Settings


@dataclass(frozen=True)
class Call:
    """How the script is run; `hint` is for the cause if it fails, else ""."""

    words: list[str]
    environment: dict[str, str]
    hint: str


class Preparation:
    """The steps before one attempt's script, each with its EndError."""

    def __init__(
        self,
        bucket: Bucket,
        settings: Settings,
        environment: Mapping[str, str],
        layout: Layout,
        say: Callable[[str], None],
    ) -> None:
        self._bucket = bucket
        self._settings = settings
        self._environment = environment
        self._layout = layout
        self._say = say

    def read_plan(self) -> Plan:
        """The plan of the run. Where the job says which plan it was submitted for, it has to be that one."""
        where = f"{self._settings.run_uri}run.json"
        try:
            content = self._bucket.get(self._settings.prefix + "run.json")
        except MissingError:
            raise EndError(
                "input_missing", f"{where} isn't there: DROPTRAIN_RUN has to name a run."
            ) from None
        expected = self._settings.plan_sha256
        found = hashlib.sha256(content).hexdigest()
        if expected and found != expected:
            raise EndError(
                "plan_changed",
                f"{where} was changed after the launch: its SHA-256 is {found}, and the Batch job was "
                f"submitted for {expected}. Nothing in it was used.",
            )
        found_plan = plan.read(content, self._settings.bucket)
        if self._settings.is_preparation:
            return found_plan.of_preparation()
        return found_plan.of_training() if self._settings.prepared else found_plan

    def read_secrets(self, the_plan: Plan, mask: Mask) -> dict[str, str]:
        """The secrets' values, masked from now on; before the data comes, as one that is missing ends it."""
        secrets = secret_values.fetch(the_plan.secrets, attempts=self._settings.s3_attempts)
        mask.hide(secrets.values())
        if secrets:
            self._say(f"Read the secrets for {', '.join(secrets)}; their values are masked in this log.")
        if short := [name for name, value in secrets.items() if len(value) < LEAST_CHARACTERS]:
            self._say(f"Too short to be masked: {', '.join(short)}.")
        return secrets

    def make_call(self, the_plan: Plan, secrets: Mapping[str, str]) -> Call:
        """Fetch code and inputs, install packages, and make the command."""
        prepared = self._find_prepared()
        # Their requests to S3 need nothing of the files, so they go on beside them.
        where = self._bucket, the_plan, self._settings.prefix
        code_uri = parallel.begin(partial(inputs.locate_code, *where))
        input_uris = parallel.begin(partial(inputs.locate, *where))
        files = self._fetch(the_plan, prepared)
        hint = self._warn_of_google_storage(files)
        the_plan = self._with_model_dir(the_plan, files)
        sagemaker.write_config(the_plan, self._layout)
        given = self._arguments(the_plan, files)
        environment = variables.of_script(
            self._environment,
            the_plan,
            run_uri=self._settings.run_uri,
            code_uri=code_uri.result(),
            input_uris=input_uris.result(),
            layout=self._layout,
            gpus=the_plan.gpus if self._settings.checks_gpu else 0,
            words=given,
            secrets=secrets,
            of_step=self._variables_of_step(the_plan, prepared),
        )
        added = self._install(files, environment, secrets)
        environment |= {name: value for name, value in added.items() if name not in the_plan.removed}
        words = command.of(the_plan, given, environment)
        if self._settings.holds_script:
            self._say(f"In place of: {shlex.join(words)}")
            words = ["tail", "-f", "/dev/null"]
        return Call(words, environment, hint)

    def _with_model_dir(self, the_plan: Plan, files: list[Path]) -> Plan:
        is_given = any(word.partition("=")[0] == "--model_dir" for word in the_plan.args)
        if is_given or not command.is_file(the_plan):
            return the_plan
        given = sagemaker.with_model_dir(the_plan.hyperparameters, self._layout, files)
        if given != the_plan.hyperparameters:
            self._layout.job_dir.mkdir(exist_ok=True)
        return replace(the_plan, hyperparameters=given)

    def _arguments(self, the_plan: Plan, files: list[Path]) -> list[str]:
        """The recipe's come last: they may end with any number of values, or with `--`."""
        words = [] if command.is_shell(the_plan) else sagemaker.arguments(the_plan.hyperparameters)
        if command.is_module(the_plan):
            words += vertex.arguments(the_plan, self._layout, files)
        return [*words, *the_plan.args]

    def _find_prepared(self) -> Prepared | None:
        """The prepared data that the run trains on."""
        found = self._settings
        if found.is_preparation or found.prepared is None or found.prepared_sha256 is None:
            return None
        return prepared_data.read(self._bucket, found.prepared, found.prepared_sha256)

    def _variables_of_step(self, the_plan: Plan, prepared: Prepared | None) -> dict[str, str]:
        if self._settings.is_preparation:
            return {"PREPARED_DIR": str(self._layout.output_data)}
        found = {"PREPARED_DATA": prepared.uri} if prepared else {}
        if the_plan.start:
            found["WARM_START_DIR"] = str(self._layout.channel(plan.WARM_START))
        return found

    def _fetch(self, the_plan: Plan, prepared: Prepared | None) -> list[Path]:
        """Fetch the code, and the inputs where they are wanted as files; the code's files."""
        code_files = code.places(self._bucket, the_plan, self._layout.code)
        input_files = inputs.places(the_plan, self._layout)
        if the_plan.start:
            self._say(f"The training continues from the model of {the_plan.start.run_id}.")
            transfer.fetch(self._bucket, inputs.places_of_start(the_plan, self._layout), self._say)
        if command.is_shell(the_plan):
            transfer.fetch(self._bucket, code_files, self._say)
            code.make_runnable(the_plan, self._layout.code, code_files)
            if not inputs.are_read_as_files(code_files):
                return list(code_files)
            transfer.fetch(self._bucket, input_files, self._say)
        else:
            transfer.fetch(self._bucket, code_files | input_files, self._say)
            code.make_runnable(the_plan, self._layout.code, code_files)
        if prepared:
            prepared.fetch(self._layout.channel(plan.PREPARED), self._say)
        return list(code_files)

    def _install(
        self, files: list[Path], environment: Mapping[str, str], secrets: Mapping[str, str]
    ) -> dict[str, str]:
        """Install packages, if the code names any; the variables that make it use them."""
        wanted = requirement_files.find(self._layout.code)
        if wanted is None and not requirement_files.calls_pipenv(files):
            return {}
        from droptrain_container.packages import Packages

        # runs/PROJECT/packages/: beside the runs, for all of the project.
        prefix = f"{self._settings.prefix.rstrip('/').rpartition('/')[0]}/packages/"
        packages = Packages(self._bucket, prefix, self._layout.packages, self._say)
        # What is installed is kept in the bucket for other runs; its tools say in the log what they ask for.
        public = {name: value for name, value in environment.items() if name not in secrets}
        packages.install(wanted, command.find_python(environment), public)
        return packages.variables(environment)

    def _warn_of_google_storage(self, files: list[Path]) -> str:
        """Say that gs:// can't be reached, if any code names it; a hint for the cause, else ""."""
        named = vertex.files_of_google_storage(self._layout.code, files)
        if not named:
            return ""
        hint = (
            f"{', '.join(named[:5])}: gs:// addresses can't be reached from here; "
            "read AIP_TRAINING_DATA_URI and AIP_TEST_DATA_URI, write to AIP_MODEL_DIR."
        )
        self._say(hint)
        return hint
