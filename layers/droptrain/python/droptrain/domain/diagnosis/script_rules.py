"""Rules on the end of the script's log: the error that ended it, else its very last lines."""

from droptrain.domain.diagnosis import kinds
from droptrain.domain.diagnosis.facts import Facts
from droptrain.domain.diagnosis.rule import Found, Rule, line_says, raised
from droptrain.domain.diagnosis.script_signs import (
    COLUMNS,
    CUDA_WRONG,
    DISK,
    GPU_ABSENT,
    GPU_MEMORY,
    LIBRARY,
    MEMORY,
    MODULE,
    NAN,
    S3_NO_RIGHT,
    S3_NOTHING,
    SHARED_MEMORY,
)

_PYTHON = "https://docs.python.org/3/tutorial/errors.html"
_KEY_ERROR = "https://github.com/deepchem/deepchem/issues/1519"


def _exception(facts: Facts) -> Found | None:
    if not facts.raised:
        return None
    error = next((each for each in facts.raised if not each.is_wrapper), facts.raised[0])
    where = next((each.where for each in (error, *facts.raised) if each.where), None)
    told = facts.outcome.cause_message if facts.outcome else ""
    said = f"{where}: {error.headline}" if where else error.headline
    return Found(_with_hint(said, told), error.evidence())


def _with_hint(said: str, told: str) -> str:
    """With the container's word on gs:// addresses, which the traceback of whoever meets one doesn't say."""
    hint = told.find("gs:// addresses can't be reached")
    return f"{said} {told[told.rfind('. ', 0, hint) + 2 :]}" if hint >= 0 else said


ERRORS = (
    *(Rule(kinds.SHARED_MEMORY_FULL, raised(sign), source) for sign, source in SHARED_MEMORY),
    *(Rule(kinds.DISK_FULL, raised(sign), source) for sign, source in DISK),
    *(Rule(kinds.OUT_OF_MEMORY, raised(sign), source) for sign, source in MEMORY),
    *(Rule(kinds.GPU_OUT_OF_MEMORY, raised(sign), source) for sign, source in GPU_MEMORY),
    *(Rule(kinds.CUDA_MISMATCH, raised(sign), source) for sign, source in CUDA_WRONG),
    *(Rule(kinds.GPU_NOT_VISIBLE, raised(sign), source) for sign, source in GPU_ABSENT),
    *(Rule(kinds.S3_DENIED, raised(sign), source) for sign, source in S3_NO_RIGHT),
    *(Rule(kinds.S3_MISSING, raised(sign), source) for sign, source in S3_NOTHING),
    *(Rule(kinds.NAN_LOSS, raised(sign), source) for sign, source in NAN),
    *(Rule(kinds.COLUMN_MISMATCH, raised(sign), source) for sign, source in COLUMNS),
    Rule(kinds.COLUMN_MISMATCH, raised("^KeyError", within="pandas/"), _KEY_ERROR),
    *(Rule(kinds.MISSING_LIBRARY, raised(sign), source) for sign, source in LIBRARY),
    *(Rule(kinds.MISSING_MODULE, raised(sign), source) for sign, source in MODULE),
    Rule(kinds.EXCEPTION, _exception, _PYTHON),
)

LAST_LINES = (
    *(Rule(kinds.SHARED_MEMORY_FULL, line_says(sign), source) for sign, source in SHARED_MEMORY),
    *(Rule(kinds.DISK_FULL, line_says(sign), source) for sign, source in DISK),
    Rule(
        kinds.GPU_OUT_OF_MEMORY,
        line_says(r" F (?:tensorflow|external).*CUDA_ERROR_OUT_OF_MEMORY|^F0000.*RESOURCE_EXHAUSTED"),
        "https://github.com/tensorflow/tensorflow/issues/4735",
    ),
    Rule(
        kinds.CUDA_MISMATCH,
        line_says(r" F (?:tensorflow|external).*(?i:cudnn|CUDA driver version|cuda_dnn)"),
        "https://github.com/tensorflow/tensorflow/issues/37606",
    ),
    Rule(
        kinds.OUT_OF_MEMORY,
        line_says(
            r"std::bad_alloc|^Killed\b|: line \d+: +\d+ Killed\b"
            r"|Cannot allocate memory|DefaultCPUAllocator: can't allocate|^MemoryError\b"
        ),
        "https://github.com/CRG-CNAG/CalliNGS-NF/issues/8",
    ),
    *(
        Rule(kinds.GPU_OUT_OF_MEMORY, line_says(r"^[\w.]*Error: .*(?:" + sign + ")"), source)
        for sign, source in GPU_MEMORY
    ),
    *(Rule(kinds.S3_DENIED, line_says(sign), source) for sign, source in S3_NO_RIGHT),
    *(Rule(kinds.S3_MISSING, line_says(sign), source) for sign, source in S3_NOTHING),
    Rule(
        kinds.MISSING_MODULE,
        line_says(r"No module named \S+$|ERROR: (?:No matching distribution found|Could not find a version)"),
        "https://docs.python.org/3/using/cmdline.html#cmdoption-m",
    ),
    Rule(
        kinds.MISSING_LIBRARY,
        line_says(r"error while loading shared libraries"),
        "https://man7.org/linux/man-pages/man8/ld.so.8.html",
    ),
    Rule(
        kinds.NAN_LOSS,
        line_says(
            r"(?i)\bloss\b[^\w\n]{0,4}(?:is |became |= ?|: ?)?nan\b|Invalid loss, terminating training"
        ),
        "https://github.com/prs-eth/Marigold/issues/111",
    ),
)
