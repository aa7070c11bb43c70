"""Rules on the end of the script's log: the error that ended it, else its very last lines."""

from collections.abc import Iterator

from droptrain_core.domain.diagnosis import (
    aws_signs,
    checkpoint_signs,
    code_signs,
    data_signs,
    kinds,
    machine_signs,
    network_rules,
    network_signs,
)
from droptrain_core.domain.diagnosis.evidence import Evidence
from droptrain_core.domain.diagnosis.kind import Kind
from droptrain_core.domain.diagnosis.rule import Found, Rule, line_says, quoting, raised, raised_after

Signs = tuple[tuple[str, str], ...]
DataSigns = tuple[tuple[str, tuple[str, ...], str], ...]
_UNKNOWN_KEY = "https://docs.python.org/3/library/exceptions.html#KeyError"
_PYTHON = "https://docs.python.org/3/tutorial/errors.html"
_KEY_ERROR = "https://github.com/deepchem/deepchem/issues/1519"
# pip and uv report at their very end that nothing answers; an earlier line may be of a try that was repeated.
_LINES_OF_A_TOOL = 8
_LINES_OF_TWO_TOOLS = 12


def _errors(kind: Kind, signs: Signs, *, outside: str = "", unless: str = "") -> Iterator[Rule]:
    for sign, source in signs:
        yield Rule(kind, raised(sign, outside=outside, unless=unless), source)


def _lines(kind: Kind, signs: Signs, *, last: int = 0, unless: str = "") -> Iterator[Rule]:
    for sign, source in signs:
        yield Rule(kind, line_says(sign, last=last, unless=unless), source)


def _data(kind: Kind, signs: DataSigns) -> Iterator[Rule]:
    for sign, rules, source in signs:
        yield Rule(kind, quoting(raised(sign), rules), source)


def _exception(facts: Evidence) -> Found | None:
    if not facts.raised:
        return None
    error = next((each for each in facts.raised if not each.is_wrapper), facts.raised[0])
    where = next((each.where for each in (error, *facts.raised) if each.where), None)
    message = facts.outcome.cause_message if facts.outcome else ""
    detail = f"{where}: {error.headline}" if where else error.headline
    return Found(_with_hint(detail, message), error.evidence())


def _unknown_key(facts: Evidence) -> Found | None:
    """A KeyError that the script's own code raises: it asks for a name that the data or settings lack."""
    error = facts.raised[0] if facts.raised else None
    return _exception(facts) if error and error.where and error.headline.startswith("KeyError:") else None


def _with_hint(detail: str, message: str) -> str:
    """With the hint on gs:// addresses from the container's `message`, which a traceback lacks."""
    hint = message.find("gs:// addresses can't be reached")
    return f"{detail} {message[message.rfind('. ', 0, hint) + 2 :]}" if hint >= 0 else detail


_MACHINE = (
    *_errors(kinds.SHARED_MEMORY_FULL, machine_signs.SHARED_MEMORY),
    Rule(
        kinds.SHARED_MEMORY_FULL,
        raised_after(machine_signs.NCCL_FAILED, machine_signs.NCCL_SHARED_MEMORY),
        machine_signs.NCCL,
    ),
    Rule(
        kinds.SHARED_MEMORY_FULL,
        raised(machine_signs.NO_ROOM, code=machine_signs.SEMAPHORE_CODE),
        machine_signs.SEMAPHORE_SOURCE,
    ),
    *_errors(kinds.DISK_FULL, machine_signs.DISK),
    *_errors(kinds.GPU_FAULT, machine_signs.GPU_BROKEN),
    *_errors(kinds.GPU_OUT_OF_MEMORY, machine_signs.GPU_MEMORY_FIRST),
    *_errors(kinds.OUT_OF_MEMORY, machine_signs.MEMORY),
    *_errors(kinds.GPU_OUT_OF_MEMORY, machine_signs.GPU_MEMORY),
    *_errors(kinds.CUDA_MISMATCH, machine_signs.CUDA_WRONG),
    *_errors(kinds.GPU_NOT_VISIBLE, machine_signs.GPU_ABSENT),
)
_AWS = (
    *_errors(kinds.S3_DENIED, aws_signs.S3_NO_RIGHT),
    *_errors(kinds.PERMISSION_DENIED, aws_signs.NO_RIGHT),
    Rule(kinds.ADDRESS_OPENED, raised(code_signs.ADDRESS_OPENED), code_signs.ADDRESS_OPENED_SOURCE),
    *_errors(kinds.S3_MISSING, aws_signs.S3_NOTHING),
)
_NETWORK = (
    *network_rules.rules(lambda sign, unless: raised(sign, unless=unless)),
    *network_rules.rules(lambda sign, _: raised_after(network_signs.REASON_PRINTED, sign)),
    *(
        Rule(kinds.SCRIPT_OFFLINE, find, network_signs.BROKEN_OFF_SOURCE)
        for find in (
            raised(
                network_signs.BROKEN_OFF,
                within=network_signs.HTTP_FILES,
                unless=network_signs.NOT_THE_NETWORK,
            ),
            raised(
                f"{network_signs.HTTP_ERROR}[^\\n]{{0,300}}(?:{network_signs.BROKEN_OFF})",
                unless=network_signs.NOT_THE_NETWORK,
            ),
        )
    ),
)
_CHECKPOINTS = (
    *_errors(kinds.CHECKPOINT_UNUSABLE, checkpoint_signs.UNUSABLE),
    *(
        rule
        for sign, source in (
            (checkpoint_signs.NO_HDF5, checkpoint_signs.HDF5_SOURCE),
            (checkpoint_signs.NO_PICKLE, checkpoint_signs.PICKLE_SOURCE),
        )
        for rule in (
            Rule(kinds.CHECKPOINT_UNUSABLE, raised(sign, within=checkpoint_signs.LOADERS), source),
            Rule(kinds.DATA_UNUSABLE, raised(sign), source),
        )
    ),
)
_DATA = (
    *_data(kinds.DATA_UNUSABLE, data_signs.UNUSABLE),
    Rule(
        kinds.NAN_LOSS,
        raised(data_signs.EMPTY_VALUES, within=data_signs.METRICS),
        data_signs.EMPTY_VALUES_SOURCE,
    ),
    Rule(
        kinds.DATA_UNUSABLE,
        quoting(raised(data_signs.EMPTY_VALUES), data_signs.EMPTY_VALUES_RULES),
        data_signs.EMPTY_VALUES_SOURCE,
    ),
    *_errors(kinds.NAN_LOSS, data_signs.NAN),
    *_data(kinds.COLUMN_MISMATCH, data_signs.COLUMNS),
    Rule(
        kinds.COLUMN_MISMATCH,
        quoting(raised(data_signs.DATES, within="pandas/"), data_signs.NUMBER_RULES),
        data_signs.DATES_SOURCE,
    ),
    Rule(
        kinds.COLUMN_MISMATCH,
        quoting(raised("^KeyError", within="pandas/"), data_signs.COLUMN_RULES),
        _KEY_ERROR,
    ),
    Rule(
        kinds.COLUMN_MISMATCH,
        quoting(raised(data_signs.TEXT_AS_NUMBER, within=data_signs.TEXT_READERS), data_signs.NUMBER_RULES),
        data_signs.TEXT_SOURCE,
    ),
    Rule(
        kinds.COLUMN_MISMATCH,
        quoting(raised(data_signs.TEXT_AS_NUMBER, code=data_signs.TEXT_READING), data_signs.NUMBER_RULES),
        data_signs.TEXT_SOURCE,
    ),
)
_CODE = (
    Rule(kinds.FRAMEWORK_MISMATCH, raised(code_signs.LOCAL_RANK), code_signs.LOCAL_RANK_SOURCE),
    *_errors(kinds.BAD_HYPERPARAMETERS, code_signs.ARGUMENT_ERRORS),
    *_errors(kinds.MISSING_LIBRARY, code_signs.LIBRARY),
    *_errors(kinds.FRAMEWORK_MISMATCH, code_signs.OTHER_FRAMEWORK),
    *_errors(
        kinds.FRAMEWORK_MISMATCH,
        code_signs.OTHER_FRAMEWORK_IMPORTS,
        outside=code_signs.FRAMEWORK_FILES,
        unless=code_signs.NOT_A_VERSION,
    ),
    Rule(
        kinds.FRAMEWORK_MISMATCH,
        raised(code_signs.OLD_IMPORT, outside=code_signs.FRAMEWORK_FILES, code=code_signs.OLD_IMPORT_CODE),
        code_signs.OLD_IMPORT_SOURCE,
    ),
    Rule(
        kinds.PACKAGE_CONFLICT,
        raised(code_signs.PACKAGE_IMPORT, at=code_signs.PACKAGE_FILES, unless=code_signs.NOT_A_VERSION),
        code_signs.PACKAGE_SOURCE,
    ),
    *_errors(kinds.PACKAGE_CONFLICT, code_signs.CONFLICT, unless=code_signs.NOT_A_VERSION),
    *_errors(kinds.MISSING_MODULE, code_signs.MODULE),
    Rule(kinds.NO_S3_FILE_SYSTEM, raised(code_signs.S3_FILES), code_signs.S3_FILES_SOURCE),
    Rule(kinds.NO_SUCH_CSV, raised(code_signs.NO_SUCH_CSV), code_signs.NO_SUCH_CSV_SOURCE),
)
ERRORS = (
    *_MACHINE,
    *_AWS,
    *_NETWORK,
    *_CHECKPOINTS,
    *_DATA,
    *_CODE,
    Rule(kinds.UNKNOWN_KEY, _unknown_key, _UNKNOWN_KEY),
    Rule(kinds.EXCEPTION, _exception, _PYTHON),
)

LAST_LINES = (
    *_lines(kinds.SHARED_MEMORY_FULL, machine_signs.SHARED_MEMORY),
    *_lines(kinds.DISK_FULL, machine_signs.DISK),
    *_lines(kinds.GPU_FAULT, machine_signs.GPU_BROKEN),
    Rule(
        kinds.GPU_OUT_OF_MEMORY,
        line_says(
            r" F (?:tensorflow|external).*CUDA_ERROR_OUT_OF_MEMORY|^F0000.*RESOURCE_EXHAUSTED"
            r"|^ {0,8}what\(\): .{0,200}(?:out of memory|cudaErrorMemoryAllocation)"
            r"|^F\d{4} .{0,200}cudaSuccess.{0,200}out of memory|not have enough GPU memory"
        ),
        "https://github.com/tensorflow/tensorflow/issues/4735",
    ),
    Rule(
        kinds.CUDA_MISMATCH,
        line_says(
            r" F (?:tensorflow|external).*(?i:cudnn|CUDA driver version|cuda_dnn)"
            r"|no kernel image is available|NoKernelImageForDevice|^error: libdevice"
        ),
        "https://github.com/tensorflow/tensorflow/issues/37606",
    ),
    Rule(
        kinds.OUT_OF_MEMORY,
        line_says(
            r"std::bad_alloc|^Killed\b|: line \d+: +\d+ Killed\b|out of memory: Killed process|oom-kill event"
            r"|Cannot allocate memory|DefaultCPUAllocator: can't allocate|^MemoryError\b"
        ),
        "https://github.com/CRG-CNAG/CalliNGS-NF/issues/8",
    ),
    *(
        Rule(kinds.GPU_OUT_OF_MEMORY, line_says(r"^[\w.]*Error: .*(?:" + sign + ")"), source)
        for sign, source in machine_signs.GPU_MEMORY
    ),
    *_lines(kinds.S3_DENIED, aws_signs.S3_NO_RIGHT),
    *_lines(kinds.PERMISSION_DENIED, aws_signs.NO_RIGHT),
    *_lines(kinds.S3_MISSING, aws_signs.S3_NOTHING),
    Rule(
        kinds.FRAMEWORK_MISMATCH,
        line_says(code_signs.LOCAL_RANK, last=_LINES_OF_A_TOOL),
        code_signs.LOCAL_RANK_SOURCE,
    ),
    *_lines(
        kinds.BAD_HYPERPARAMETERS,
        code_signs.ARGUMENT_LINES,
        last=_LINES_OF_A_TOOL,
        unless=code_signs.OTHER_PROGRAMS,
    ),
    *network_rules.rules(lambda sign, unless: line_says(sign, last=_LINES_OF_A_TOOL, unless=unless)),
    Rule(kinds.TLS_FAILED, line_says(network_signs.CURL_DISTRUSTS), network_signs.CURL),
    Rule(
        kinds.ACCESS_DENIED,
        line_says(network_signs.WGET_DENIED, last=_LINES_OF_TWO_TOOLS),
        network_signs.WGET,
    ),
    Rule(
        kinds.URL_NOT_FOUND,
        line_says(network_signs.WGET_NOT_FOUND, last=_LINES_OF_TWO_TOOLS),
        network_signs.WGET,
    ),
    Rule(
        kinds.MISSING_MODULE,
        line_says(code_signs.NO_SUCH_PACKAGE, last=_LINES_OF_A_TOOL),
        "https://docs.astral.sh/uv/concepts/resolution/",
    ),
    *_lines(kinds.PACKAGE_CONFLICT, code_signs.CONFLICT_LINES, last=_LINES_OF_A_TOOL),
    Rule(
        kinds.MISSING_MODULE,
        line_says(r"No module named \S+$|No matching distribution found|Could not find a version"),
        "https://docs.python.org/3/using/cmdline.html#cmdoption-m",
    ),
    Rule(kinds.COLUMN_MISMATCH, line_says(data_signs.LIGHTGBM), data_signs.LIGHTGBM_SOURCE),
    Rule(
        kinds.MISSING_LIBRARY,
        line_says(r"error while loading shared libraries"),
        "https://man7.org/linux/man-pages/man8/ld.so.8.html",
    ),
    Rule(
        kinds.NAN_LOSS,
        line_says(
            r"(?i)\bloss\b[^\w\n]{0,4}(?:is |became |= ?|: ?)?nan\b|Invalid loss, terminating training"
            r"|nan in summary histogram"
        ),
        "https://github.com/prs-eth/Marigold/issues/111",
    ),
)
