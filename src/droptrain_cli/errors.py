"""What commands tell instead of a traceback: one sentence that names the fix."""

import click

from droptrain_cli import exit_codes


class CommandError(click.ClickException):
    """The command can't do what was asked; the message says why and what to do. Ends with 1."""

    exit_code = exit_codes.ERROR


class StackError(CommandError):
    """No stack can be addressed: none is named, or it can't be read."""


class ApiError(CommandError):
    """The API refused or failed. `status` is HTTP's, `problem` the last word of the problem's type or ""."""

    def __init__(self, message: str, status: int, problem: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.problem = problem


class UnreachableError(CommandError):
    """No answer came: no network, no such host, or no server."""
