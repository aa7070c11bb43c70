"""How the `droptrain` command ends: the codes that scripts may rely on."""

from collections.abc import Mapping

OK = 0
ERROR = 1  # one sentence on stderr
USAGE = 2  # click's own: the command line makes no sense
FAILED = 3
CANCELLED = 4
REJECTED = 5
INTERRUPTED = 130  # what a shell expects after Ctrl-C: 128 + SIGINT

MEANINGS: Mapping[int, str] = {
    OK: "done; a run or sweep that was followed SUCCEEDED",
    ERROR: "it didn't work; stderr says why and what to do",
    USAGE: "the command line isn't right; stderr says what is wrong with it",
    FAILED: "the run or sweep that was followed FAILED",
    CANCELLED: "the run or sweep that was followed was CANCELLED",
    REJECTED: "the run that was launched or followed was REJECTED",
    INTERRUPTED: "Ctrl-C",
}
_OF_OUTCOME = {"SUCCEEDED": OK, "FAILED": FAILED, "CANCELLED": CANCELLED, "REJECTED": REJECTED}


def of_outcome(status: str) -> int:
    """The exit code for a run that ended with `status`."""
    return _OF_OUTCOME[status]
