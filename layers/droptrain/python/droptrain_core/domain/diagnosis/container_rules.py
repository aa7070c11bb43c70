"""Rules on the container's own report: it ran before and after the script, and knows its own steps."""

from droptrain_core.domain.diagnosis import code_signs, kinds, network_rules
from droptrain_core.domain.diagnosis.rule import Rule, container_names, script_exits

_PAGE = "docs/container.md"
_PREPARE = "docs/prepare.md"
_UV = "https://docs.astral.sh/uv/concepts/resolution/"
_SIGNALS = "https://man7.org/linux/man-pages/man7/signal.7.html"
_BASH = "https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html"

_NOT_INSTALLED = "packages_not_installed"

RULES = (
    Rule(kinds.RECLAIMED, container_names("reclaimed"), _PAGE),
    Rule(kinds.TIMEOUT, container_names("out_of_time", 74), _PAGE),
    Rule(kinds.NOTHING_PREPARED, container_names("nothing_prepared"), _PREPARE),
    Rule(kinds.TOO_MANY_PREPARED, container_names("too_many_prepared"), _PREPARE),
    Rule(kinds.PREPARED_INCOMPLETE, container_names("prepared_incomplete"), _PREPARE),
    Rule(kinds.INPUTS_WRITTEN, container_names("inputs_written"), _PREPARE),
    Rule(kinds.PREPARED_CHANGED, container_names("prepared_changed"), _PREPARE),
    *network_rules.rules(lambda sign, unless: container_names(_NOT_INSTALLED, because=sign, unless=unless)),
    Rule(kinds.MISSING_MODULE, container_names(_NOT_INSTALLED, because=code_signs.NO_SUCH_PACKAGE), _UV),
    *(
        Rule(kinds.PACKAGE_CONFLICT, container_names(_NOT_INSTALLED, because=sign), source)
        for sign, source in code_signs.CONFLICT_LINES
    ),
    Rule(kinds.DISK_FULL, container_names(_NOT_INSTALLED, because=r"No space left on device"), _PAGE),
    Rule(kinds.PACKAGES_NOT_INSTALLED, container_names(_NOT_INSTALLED), _PAGE),
    Rule(kinds.BAD_DATA, container_names("bad_data", 65), _PAGE),
    Rule(kinds.INPUT_CHANGED, container_names("input_changed"), _PAGE),
    Rule(kinds.UNREADABLE_INPUT, container_names("unreadable_input"), _PAGE),
    Rule(kinds.INPUT_MISSING, container_names("input_missing", 66), _PAGE),
    Rule(kinds.S3_DENIED, container_names("s3_denied"), _PAGE),
    Rule(kinds.S3_UNREACHABLE, container_names("s3_unreachable", 69), _PAGE),
    Rule(kinds.SECRET_DENIED, container_names("secret_denied"), _PAGE),
    Rule(kinds.SECRET_UNUSABLE, container_names("secret_unusable"), _PAGE),
    Rule(kinds.SECRET_UNREACHABLE, container_names("secret_unreachable"), _PAGE),
    Rule(kinds.DISK_FULL, container_names("disk_full"), _PAGE),
    Rule(kinds.INTERNAL_ERROR, container_names("internal_error", 70), _PAGE),
    Rule(kinds.GPU_NOT_VISIBLE, container_names("gpu_not_visible", 71), _PAGE),
    Rule(kinds.SUPERSEDED, container_names("superseded", 73), _PAGE),
    Rule(kinds.PLAN_CHANGED, container_names("plan_changed"), _PAGE),
    Rule(kinds.BAD_RECIPE, container_names("bad_recipe", 78), _PAGE),
    Rule(kinds.TERMINATED, container_names("terminated", 143), _PAGE),
)

# Nothing but the kernel kills a script: the container's own stops are named above.
SIGNALS = (
    Rule(kinds.OUT_OF_MEMORY, script_exits(137), _SIGNALS),
    Rule(kinds.SHARED_MEMORY_FULL, script_exits(135), _SIGNALS),
)

# Weaker than the end of the log.
LEFT_OVER = (
    Rule(kinds.CRASHED, script_exits(139), _SIGNALS),
    Rule(kinds.CRASHED, script_exits(134), _SIGNALS),
    Rule(kinds.CRASHED, script_exits(132), _SIGNALS),
    Rule(kinds.CRASHED, script_exits(136), _SIGNALS),
    Rule(kinds.MISSING_COMMAND, script_exits(127), _BASH),
)
