"""How a container ends: the cause codes of outcome.json and the exit codes that say who failed.

droptrain's own exit codes are among 64 to 78, the numbers of BSD's sysexits.
"""

import signal
from collections.abc import Mapping
from dataclasses import dataclass

SUCCESS = 0
COLLIDED = 1
TERMINATED = 128 + signal.SIGTERM

# Cause code of outcome.json: the exit code that goes with it. A script's own failure has the script's code.
EXIT_CODES: Mapping[str, int] = {
    "bad_data": 65,
    "packages_not_installed": 65,
    "nothing_prepared": 65,
    "too_many_prepared": 65,
    "prepared_incomplete": 65,
    "inputs_written": 65,
    "prepared_changed": 66,
    "input_missing": 66,
    "input_changed": 66,
    "unreadable_input": 66,
    "s3_unreachable": 69,
    "s3_denied": 69,
    "secret_unreachable": 69,
    "internal_error": 70,
    "disk_full": 70,
    "gpu_not_visible": 71,
    "superseded": 73,
    "out_of_time": 74,
    "reclaimed": 75,
    "bad_recipe": 78,
    "plan_changed": 78,
    "secret_denied": 78,
    "secret_unusable": 78,
    "terminated": TERMINATED,
}
_OWN = range(64, 79)


class EndError(Exception):
    """The attempt ends here: `code` is a key of EXIT_CODES, the text says what is wrong and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Ending:
    """How an attempt ended; `cause` is None if the script succeeded."""

    exit_code: int
    cause: str | None = None
    message: str = ""
    script_exit_code: int | None = None


def of_cause(code: str, message: str, script_exit_code: int | None = None) -> Ending:
    """The ending with one of droptrain's own causes."""
    return Ending(EXIT_CODES[code], code, message, script_exit_code)


def of_script(returncode: int) -> Ending:
    """The ending that a script's return code means; negative for a signal, as subprocess says it.

    The script's code passes through, except 64 to 78, which would be taken for droptrain's own: it becomes 1.
    """
    if returncode == 0:
        return Ending(SUCCESS, script_exit_code=0)
    if returncode < 0:
        number = -returncode
        hint = "; the usual reason is memory that ran out" if number == signal.SIGKILL else ""
        message = f"The script was killed by signal {number} ({_name(number)}){hint}."
        return Ending(128 + number, "script_failed", message, 128 + number)
    message = f"The script ended with exit code {returncode}."
    return Ending(COLLIDED if returncode in _OWN else returncode, "script_failed", message, returncode)


def of_early_stop(of_script: Ending) -> Ending:
    """The ending of a script that was stopped early, however it took its TERM."""
    return Ending(SUCCESS, script_exit_code=of_script.script_exit_code)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unnamed"
