"""What is said of a script that ended with 0 and looks wrong all the same."""

import pytest
from droptrain_container import failure_reason
from support.training_machine import CODE

EXPORTS = 'echo model > m; aws s3 cp --only-show-errors m "$EXPORT_PATH/m"\n'
FAILS = "python train.py | tee log.txt\n"
TRAIN = "def f():\n    raise KeyError('species')\n\nf()\n"


def warnings(machine, script: str, attempt: int = 1) -> list[tuple[str, str]]:
    """(rule, message) of each warning of a run that ends well."""
    code = [machine.put(CODE + "run.sh", script), machine.put(CODE + "train.py", TRAIN)]
    machine.publish("", code=code)
    ended = machine.run(attempt=attempt)
    assert ended.code == 0, ended.output
    found = machine.outcome()["warnings"]
    for each in found:
        assert f"Warning: {each['message']}. {each['fix']}" in ended.output
        assert each["file"]
    return [(each["rule"], each["message"]) for each in found]


def test_a_run_that_exports_a_model_has_no_warning(machine) -> None:
    assert warnings(machine, EXPORTS) == []


def test_an_end_without_a_model_is_a_warning(machine) -> None:
    assert warnings(machine, "echo done\n") == [
        ("no_model", "the script finished with 0, but no model was exported")
    ]


@pytest.mark.parametrize("after", ["", 'aws s3 cp --recursive export "$EXPORT_PATH"; true\n'])
def test_a_traceback_that_the_shell_passes_over_is_named(machine, after: str) -> None:
    assert warnings(machine, FAILS + after) == [(
        "no_model",
        "the script finished with 0, but no model was exported; the log ends with "
        "KeyError: 'species' (train.py, line 2)",
    )]  # fmt: skip


def test_a_traceback_after_the_export_is_a_warning_of_its_own(machine) -> None:
    assert warnings(machine, EXPORTS + FAILS) == [(
        "error_at_the_end",
        "the script finished with 0, but the log ends with KeyError: 'species' (train.py, line 2)",
    )]  # fmt: skip


def test_an_earlier_attempt_s_traceback_is_not_this_one_s(machine) -> None:
    assert warnings(machine, EXPORTS + FAILS) != []
    assert warnings(machine, EXPORTS, attempt=2) == []


@pytest.mark.parametrize("says", [
    "echo 'Epoch 1/1'; echo '9/9 - 1s - loss: nan - accuracy: 0.1'\n",
    'echo \'{"step": 1, "loss": 0.5}\' >> "$METRICS_FILE"; echo \'{"loss": NaN}\' >> "$METRICS_FILE"\n',
])  # fmt: skip
def test_a_loss_that_ends_as_nan_is_a_warning(machine, says: str) -> None:
    assert warnings(machine, EXPORTS + says) == [
        ("loss_not_finite", "NaN or infinity is the last value of loss")
    ]
    assert "loss" not in machine.outcome()["metrics"], "an earlier value says nothing about the model"


def test_what_python_ignores_while_it_ends_is_no_error(tmp_path) -> None:
    lines = ["Traceback (most recent call last):", '  File "a.py", line 1, in f', "TypeError: x"]
    assert failure_reason.of_log_end(lines, tmp_path) == "TypeError: x (a.py, line 1)"
    assert failure_reason.of_log_end(["Exception ignored in: <function A.__del__>", *lines], tmp_path) is None


def test_a_traceback_that_the_code_survived_long_ago_is_no_error(tmp_path) -> None:
    lines = ["Traceback (most recent call last):", '  File "a.py", line 1, in f', "TypeError: x"]
    assert failure_reason.of_log_end([*lines, *["step"] * 30], tmp_path) is None
    assert failure_reason.of_log_end(lines[:2], tmp_path) is None
