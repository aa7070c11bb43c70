"""A cause that a run can have, before there is evidence of it."""

from dataclasses import dataclass

from droptrain_core.domain.errors import Cause

_MAX_MESSAGE = 1024


@dataclass(frozen=True)
class Kind:
    """A cause that a run can have; `{said}` in the message stands for what the evidence says itself.

    `retry_helps`: whether trying again as it is can help; None where that depends on what isn't known.
    """

    code: str
    message: str
    fix: str
    retry_helps: bool | None

    def cause(self, said: str, evidence: tuple[str, ...]) -> Cause:
        """The cause, with its evidence."""
        message = self.message.replace("{said}", said)
        return Cause(self.code, message[:_MAX_MESSAGE], self.fix, evidence, self.retry_helps)
