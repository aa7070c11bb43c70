"""A cause that a run can have, before there is evidence of it."""

from droptrain_core.domain.errors import Cause
from droptrain_core.domain.frozen import frozen

_MAX_MESSAGE = 1024


@frozen
class Kind:
    """A cause that a run can have; `{detail}` in the message is replaced by the evidence's own text.

    `retry_helps`: whether retrying unchanged can help; None if that depends on unknown facts.
    """

    code: str
    message: str
    fix: str
    retry_helps: bool | None

    def cause(self, detail: str, evidence: tuple[str, ...]) -> Cause:
        """The cause, with its evidence."""
        message = self.message.replace("{detail}", detail)
        return Cause(self.code, message[:_MAX_MESSAGE], self.fix, evidence, self.retry_helps)
