"""The container's parts that need no S3: settings, exit codes, log, metrics, variables."""

import io
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from droptrain_container import exit_codes, gpu, inputs, metrics, outcome, plan, settings, variables
from droptrain_container.exit_codes import EndError
from droptrain_container.findings import Findings
from droptrain_container.layout import Layout
from droptrain_container.log import Log
from droptrain_container.stops import Stops
from droptrain_core.domain.recipes.recipe import MetricDefinition, Recipe, Secret
from droptrain_core.domain.runs import plan as plans
from droptrain_core.domain.runs.job_request import script_environment
from hypothesis import given
from hypothesis import strategies as st
from support.records import object_version, run
from support.training_machine import REPOSITORY

JOB = {"DROPTRAIN_RUN": "s3://data/runs/penguins/first/", "AWS_BATCH_JOB_ID": "job-1"}


def test_the_container_reads_the_plan_that_a_launch_writes() -> None:
    code = [object_version("projects/penguins/code/run.sh"), object_version("projects/penguins/code/a/b.py")]
    recipe = Recipe(
        args=("--sizes", "64"),
        hyperparameters={"rate": 0.5, "warm": True},
        environment={"COLOUR": "blue", "TOKEN": Secret("arn:x"), "TF_CONFIG": None},
        metric_definitions=(MetricDefinition("loss", "loss=(.+)"),),
    )
    written = plans.plan_of(run(), recipe, code, "data", {}, 0, "training:1")
    read = plan.read(json.dumps(written).encode(), "data")
    assert read.metric_definitions == (plan.MetricDefinition("loss", "loss=(.+)"),)
    assert [item.key for item in read.code] == [item.key for item in code]
    assert read.inputs["training"] == (plan.Pinned("projects/penguins/data/first/train.csv", "v1"),)
    assert (read.inputs["training"][0].size, read.inputs["training"][0].etag) == (10, "etag")
    assert dict(read.hyperparameters) == {"rate": 0.5, "warm": True}
    assert (read.environment, read.secrets) == ({"COLOUR": "blue"}, {"TOKEN": "arn:x"})
    assert read.removed == {"TF_CONFIG"}
    assert read.args == ("--sizes", "64")
    assert (read.entrypoint, read.gpus, read.checkpoint_seconds, read.checkpoints_kept) == (
        "run.sh",
        1,
        30,
        3,
    )


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
        max_leaves=3,
    ),
    st.sampled_from([
        "schema", "bucket", "project", "inputs", "code", "entrypoint", "args", "hyperparameters",
        "environment", "checkpoints", "resources", "metric_definitions",
    ]),
)  # fmt: skip
def test_whatever_a_plan_holds_it_is_read_or_refused(value: object, name: str) -> None:
    code = [object_version("projects/penguins/code/run.sh")]
    written = plans.plan_of(run(), Recipe(), code, "data", {}, 0, "training:1")
    try:
        plan.read(json.dumps(written | {name: value}).encode(), "data")
    except EndError as error:
        assert error.code == "bad_recipe"


@pytest.mark.parametrize(("name", "value"), [("size", -1), ("size", "1"), ("size", True), ("etag", 1)])
def test_a_plan_with_a_wrong_size_or_etag_is_refused(name: str, value: object) -> None:
    written = plans.plan_of(
        run(), Recipe(), [object_version("projects/penguins/code/run.sh")], "data", {}, 0, "t:1"
    )
    written["code"][0][name] = value
    with pytest.raises(EndError, match=f"code.{name}"):
        plan.read(json.dumps(written).encode(), "data")


@pytest.mark.parametrize(("definitions", "said"), [
    ({}, "has to be a list"),
    ([{"name": "loss"}], "each needs a name and a regex"),
])  # fmt: skip
def test_a_plan_s_wrong_metric_definition_is_named(definitions: object, said: str) -> None:
    written = plans.plan_of(run(), Recipe(), [], "data", {}, 0, "training:1")
    with pytest.raises(EndError, match=said) as error:
        plan.read(json.dumps(written | {"metric_definitions": definitions}).encode(), "data")
    assert error.value.code == "bad_recipe"


def test_a_plan_from_before_there_were_metric_definitions_is_read() -> None:
    written = plans.plan_of(run(), Recipe(), [], "data", {}, 0, "training:1")
    del written["metric_definitions"]
    assert plan.read(json.dumps(written).encode(), "data").metric_definitions == ()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_plan_that_is_not_json_is_refused(content: bytes) -> None:
    with pytest.raises(EndError, match=r"run\.json"):
        plan.read(content, "data")


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/x", "", "a/\0", "."])
def test_a_path_that_leaves_its_folder_is_seen(path: str) -> None:
    assert not plan.stays_inside(path)


@pytest.mark.parametrize("path", ["run.sh", "a/b.sh", "größe + 1%.sh", "..a", "a/./b"])
def test_a_path_that_stays_in_its_folder_is_taken(path: str) -> None:
    assert plan.stays_inside(path)


@pytest.mark.parametrize("uri", ["", "runs/a/b/", "https://data/runs/", "s3://data", "s3:///runs/"])
def test_a_run_that_names_no_folder_is_refused_by_its_variable(uri: str) -> None:
    with pytest.raises(EndError, match="DROPTRAIN_RUN has to name"):
        settings.read(JOB | {"DROPTRAIN_RUN": uri})


def test_a_job_without_an_id_is_refused() -> None:
    with pytest.raises(EndError, match="AWS_BATCH_JOB_ID is not set"):
        settings.read({"DROPTRAIN_RUN": JOB["DROPTRAIN_RUN"]})


def test_a_runs_folder_may_leave_out_its_slash() -> None:
    assert settings.read(JOB | {"DROPTRAIN_RUN": "s3://data/runs/p/r"}).run_uri == "s3://data/runs/p/r/"


def test_an_attempt_that_is_no_number_is_refused() -> None:
    with pytest.raises(EndError, match="AWS_BATCH_JOB_ATTEMPT"):
        settings.read(JOB | {"AWS_BATCH_JOB_ATTEMPT": "one"})


def test_no_script_can_say_what_is_the_containers_to_say() -> None:
    for returncode in range(-64, 256):
        ending = exit_codes.of_script(returncode)
        own = returncode if returncode >= 0 else 128 - returncode
        assert ending.exit_code == (1 if own in range(64, 79) else own)
        assert (returncode == 0) == (ending.cause is None)
        assert ending.script_exit_code == own


def test_a_killed_script_hints_at_memory() -> None:
    assert "SIGKILL" in exit_codes.of_script(-signal.SIGKILL).message
    assert "memory" in exit_codes.of_script(-signal.SIGKILL).message


def test_a_log_keeps_its_beginning_and_its_end() -> None:
    stream = io.BytesIO()
    log = Log(stream, head_bytes=100, tail_bytes=100)
    for number in range(100):
        log.write(f"line {number}\n".encode())
    content = log.content().decode()
    assert content.startswith("line 0\nline 1\n")
    assert content.endswith("line 98\nline 99\n")
    assert "bytes are left out here" in content
    assert len(content) < 300
    assert log.last_lines(2) == ["line 98", "line 99"]
    assert stream.getvalue().count(b"\n") == 100


def test_a_later_attempts_log_begins_with_the_earlier_one() -> None:
    log = Log(io.BytesIO())
    log.write(b"now\n")
    log.begin_attempt(2, b"before")
    assert log.content() == b"before\n--- attempt 2 ---\nnow\n"
    assert log.last_lines(10) == ["before", "--- attempt 2 ---", "now"]


def test_a_log_goes_on_when_nobody_reads_it() -> None:
    class Gone(io.BytesIO):
        def write(self, *_: object) -> int:
            raise BrokenPipeError

    log = Log(Gone())
    log.write(b"line\n")
    assert log.content() == b"line\n"


def test_metrics_are_the_last_finite_numbers() -> None:
    lines = [
        b'{"step": 1, "loss": 1, "accuracy": 0.5}\n', b"\n", b"[1]\n", b"{\n", b"\xff\n", b'{"a": "text"}\n',
        b'{"step": 2, "loss": NaN, "accuracy": 0.75, "on": true, "big": 1e999}\n',
        b'{"huge": 1' + b"0" * 400 + b"}\n",
        b'{"x": ' + b" " * 100_000 + b"1}\n",
    ]  # fmt: skip
    assert metrics.last_values(lines) == {"loss": 1, "accuracy": 0.75}


def test_the_container_names_the_same_uris_as_the_launch() -> None:
    launched = script_environment(run(), "data")
    read = plan.read(
        json.dumps(plans.plan_of(run(), Recipe(), [], "data", {}, 0, "training:1")).encode(),
        "data",
    )
    given_to_script = variables.of_script(
        {}, read, run_uri=launched["DROPTRAIN_RUN"], code_uri="s3://data/projects/penguins/code",
        input_uris={
            channel: f"s3://data/{files[0].key}" for channel, files in read.inputs.items()
        },
        layout=Layout(Path("x")), gpus=0, words=[],
    )  # fmt: skip
    for name in ("DROPTRAIN_RUN", "DROPTRAIN_JOB_NUMBER", "DROPTRAIN_TIMEOUT_SECONDS"):
        del launched[name]
    assert launched.items() <= given_to_script.items()


@pytest.mark.parametrize(("keys", "folder"), [
    (["a/b/1", "a/b/2"], "a/b"),
    (["a/b/x/1", "a/c/x/2"], "a"),
    (["a/b/1", "a/2"], "a"),
    (["d/1", "d/10", "d/e/2"], "d"),
])  # fmt: skip
def test_several_files_share_their_deepest_common_folder(keys: list[str], folder: str) -> None:
    assert inputs.shared_folder(keys) == folder


def test_a_hyperparameters_variable_is_one_that_a_shell_can_read() -> None:
    assert variables.hyperparameter_variable("learning-rate.max") == "HP_LEARNING_RATE_MAX"


@pytest.mark.parametrize(("says", "is_visible"), [
    ("echo 'GPU 0: Tesla T4 (UUID: GPU-1)'", True),
    ("echo 'No devices were found'; exit 6", False),
    ("exit 0", False),
])  # fmt: skip
def test_a_gpu_is_visible_if_nvidia_smi_lists_one(
    tmp_path: Path, monkeypatch, says: str, is_visible: bool
) -> None:
    command = tmp_path / "nvidia-smi"
    command.write_text(f"#!/bin/sh\n{says}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    if is_visible:
        gpu.check(1)
    else:
        with pytest.raises(EndError, match="1 GPU and none can be seen: nvidia-smi says") as error:
            gpu.check(1)
        assert error.value.code == "gpu_not_visible"


def test_a_reclaim_is_the_reason_also_when_term_comes_first() -> None:
    stops = Stops()
    assert stops.end().code == "terminated"
    stops.reclaim()
    assert stops.end().code == "reclaimed"


def test_term_is_caught_before_the_slow_import_of_boto3() -> None:
    loaded = "import sys, droptrain_container.entrypoint; print('boto3' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", loaded], cwd=REPOSITORY / "image", capture_output=True, text=True, check=True
    )
    assert answer.stdout == "False\n"


def test_one_object_may_be_in_two_channels_and_placeholders_are_no_files(tmp_path: Path) -> None:
    written = plans.plan_of(run(), Recipe(), [], "data", {}, 0, "training:1")
    item = {"key": "projects/penguins/data/first/all.csv", "version_id": "v1"}
    placeholder = {"key": "projects/penguins/data/first/", "version_id": "v1"}
    written["inputs"] = [
        {"channel": "training", **item},
        {"channel": "testing", **item},
        {"channel": "testing", **placeholder},
    ]
    layout = Layout(tmp_path)
    places = inputs.places(plan.read(json.dumps(written).encode(), "data"), layout)
    assert places == {
        layout.channel(channel) / "all.csv": plan.Pinned(item["key"], "v1")
        for channel in ("training", "testing")
    }


def test_the_last_lines_show_a_progress_bar_once_and_both_ends_of_a_long_line() -> None:
    log = Log(io.BytesIO())
    log.write(b"1/3 loss: 0.9\r2/3 loss: 0.5\r3/3 loss: 0.4\r\n")
    log.write(b"ValueError: " + b"x" * 5000 + b" the reason\n")
    bar, error = log.last_lines(2)
    assert bar == "3/3 loss: 0.4"
    assert error.startswith("ValueError: xxx")
    assert error.endswith("xxx the reason")
    assert len(error) <= 500


def test_an_account_stays_small_whatever_the_script_prints() -> None:
    now = datetime.now(UTC)
    document = outcome.write(
        settings.read(JOB), exit_codes.of_script(1), Findings(), metrics={}, started_at=now, ended_at=now,
        log_tail=["first", *["\x1b\x07" * 250] * 199, "MemoryError"],
    )  # fmt: skip
    assert len(document) < 100 * 1024
    tail = json.loads(document)["cause"]["log_tail"]
    assert tail[-1] == "MemoryError"
    assert "first" not in tail
