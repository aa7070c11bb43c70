"""The whole table in its order: the strongest evidence first."""

from droptrain_core.domain.diagnosis import batch_rules, container_rules, script_rules

RULES = (
    *batch_rules.RULES,
    *container_rules.RULES,
    *container_rules.SIGNALS,
    *script_rules.ERRORS,
    *script_rules.LAST_LINES,
    *container_rules.LEFT_OVER,
)
