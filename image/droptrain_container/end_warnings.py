"""What looks wrong about a script that ended with 0: no model, a traceback at the log's end, a NaN loss."""

from collections.abc import Sequence
from dataclasses import dataclass

_ERROR_CHARACTERS = 300
_NAMES_SHOWN = 5
_STOP_ON_ERRORS = (
    "Begin the shell script with `set -euo pipefail`, so that it fails where one of its commands fails."
)


@dataclass(frozen=True)
class EndWarning:
    """One warning: the name of its rule, the file of the run that it is about, what is wrong, what to do."""

    rule: str
    file: str
    message: str
    fix: str


def of_success(
    *, has_export: bool, error: str | None, not_finite: Sequence[str], was_stopped: bool = False
) -> list[EndWarning]:
    """The warnings of a script that ended with 0.

    One that `was_stopped` early leaves no model, and perhaps the traceback of its TERM.
    `error` is the traceback's error that the log ends with, `not_finite` are the metrics that ended with NaN
    or infinity.
    """
    warnings = []
    if was_stopped:
        has_export, error = True, None
    log_end = f"the log ends with {error[:_ERROR_CHARACTERS]}" if error else ""
    if not has_export:
        finding = "the script finished with 0, but no model was exported"
        fix = _STOP_ON_ERRORS if error else "Save the model in SM_MODEL_DIR, or copy it to EXPORT_PATH."
        warnings.append(EndWarning("no_model", "export", "; ".join(filter(None, (finding, log_end))), fix))
    elif error:
        finding = f"the script finished with 0, but {log_end}"
        warnings.append(EndWarning("error_at_the_end", "log.txt", finding, _STOP_ON_ERRORS))
    if losses := [name for name in not_finite if "loss" in name.lower()]:
        warnings.append(
            EndWarning(
                "loss_not_finite",
                "metrics.jsonl",
                f"NaN or infinity is the last value of {', '.join(losses[:_NAMES_SHOWN])}",
                "Lower the learning rate or clip the gradients, and look for NaN and extremes in the data.",
            )
        )
    return warnings
