"""What a cause quotes: lines that show it, no start-up lines, and what preflight found in the same file."""

from droptrain_core.domain import diagnosis
from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.runs import batch_job, outcome
from support.records import JOB_ID, job_detail

START_UP = """\
2026-02-01 10:00:00.123456: I tensorflow/core/util/port.cc:153] oneDNN custom operations are on.
2026-02-01 10:00:00.223456: E external/local_xla/xla/stream_executor/cuda/cuda_fft.cc:467] Unable to \
register cuFFT factory: Attempting to register factory for plugin cuFFT when one has already been registered
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
E0000 00:00:1770000000.1 11499 cuda_dnn.cc:8579] Unable to register cuDNN factory: Attempting to register
2026-02-01 10:00:00.323456: I tensorflow/core/platform/cpu_feature_guard.cc:210] This binary is optimized
To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow.
W0000 00:00:1770000000.2 11499 gpu_device.cc:2344] Cannot dlopen some GPU libraries.
"""
USAGE = """\
usage: train.py [-h] [--epochs EPOCHS]
train.py: error: argument --epochs: invalid int value: 'abc'
"""
READ = """\
Traceback (most recent call last):
  File "/opt/ml/code/train.py", line 9, in <module>
    rows = open("test.csv").read()
UnicodeDecodeError: 'utf-8' codec can't decode byte 0xe9 in position 20: invalid continuation byte
"""


def explain(log: str, exit_code: int = 1, *findings: Finding) -> Cause:
    job = batch_job.read(job_detail("FAILED", attempts=1, container={"exitCode": exit_code}))
    message = f"The script ended with {exit_code}."
    cause = {"code": "script_failed", "message": message, "log_tail": log.splitlines()}
    account = {"batch_job_id": JOB_ID, "attempt": 1, "script_exit_code": exit_code, "cause": cause}
    assert job
    found = diagnosis.explain(job, outcome.read(account), findings=findings)
    assert found
    return found


def finding(rule: str, file: str, message: str) -> Finding:
    return Finding(rule, "warning", f"projects/p/data/d/{file}", None, None, message, "fix")


def test_the_evidence_of_a_rejected_argument_is_the_line_that_says_so() -> None:
    cause = explain(START_UP + USAGE, 2)
    assert cause.code == "bad_hyperparameters"
    assert cause.evidence == ("train.py: error: argument --epochs: invalid int value: 'abc'",)


def test_what_a_framework_prints_when_it_starts_is_no_evidence() -> None:
    cause = explain("loading rows\n" + START_UP, 3)
    assert (cause.code, cause.evidence) == ("script_failed", ("loading rows",))
    assert cause.message == "The script ended with 3. Its last line: loading rows"


def test_a_crash_shows_the_script_s_lines_and_not_the_framework_s() -> None:
    cause = explain("Epoch 1/2\n" + START_UP, 139)
    assert (cause.code, cause.evidence) == ("crashed", ("Epoch 1/2", "exit code 139"))


def test_preflight_s_finding_for_the_file_that_the_log_names_is_quoted() -> None:
    train = finding("not_utf_8", "train.csv", "it isn't UTF-8, near byte 3")
    test = finding("not_utf_8", "test.csv", "it isn't UTF-8, near byte 19")
    message = explain(READ, 1, train, test).message
    assert message.endswith("Preflight warned: test.csv: it isn't UTF-8, near byte 19.")


def test_a_finding_of_the_same_fault_is_quoted_where_the_log_names_no_file() -> None:
    train = finding("not_utf_8", "train.csv", "it isn't UTF-8, near byte 3")
    unnamed = finding("unnamed_column", "train.csv", "a column has no name")
    message = explain(READ.replace('"test.csv"', "path"), 1, unnamed, train).message
    assert message.endswith("Preflight warned: train.csv: it isn't UTF-8, near byte 3.")


def test_a_finding_of_another_fault_in_another_file_is_not_quoted() -> None:
    other = finding("label_constant", "train.csv", "the label is the same in every row")
    assert "Preflight" not in explain(READ, 1, other).message


def test_a_cause_that_is_not_the_data_s_quotes_no_finding() -> None:
    train = finding("not_utf_8", "train.csv", "it isn't UTF-8, near byte 3")
    assert "Preflight" not in explain(USAGE + "train.csv\n", 2, train).message
