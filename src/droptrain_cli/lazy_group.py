"""A click group that loads a command when it is named, and ends every command as `exit_codes` says."""

import errno
import io
import sys
import traceback
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from droptrain.errors import DroptrainError
from droptrain_cli import exit_codes
from droptrain_cli.stack_options import DEBUG


class LazyGroup(click.Group):
    """A group of commands by name; `modules` says where each is, as `command`, in the help's order."""

    def __init__(self, *args: Any, modules: Mapping[str, str], **rest: Any) -> None:
        super().__init__(*args, **rest)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands' names, in the order of the list."""
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in self._modules:
            return None
        command: click.Command = import_module(self._modules[cmd_name]).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error is one sentence, with a traceback only for --debug."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # an old console's code page hasn't every letter
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stopped:
            _tell_notes(stopped)
            click.echo(str(stopped) or "Stopped.", err=True)
            sys.exit(exit_codes.INTERRUPTED)
        except Exception as error:
            _tell_notes(error)
            explained = _explain(error)
            if explained is None:
                raise
            if ctx.meta.get(DEBUG):
                click.echo(traceback.format_exc(), err=True, nl=False)
            raise explained from error


def _tell_notes(error: BaseException) -> None:
    for note in getattr(error, "__notes__", ()):
        click.echo(note, err=True)


def _explain(error: Exception) -> click.ClickException | None:
    """What to tell of an error; None where click does that itself."""
    if isinstance(error, DroptrainError):
        return click.ClickException(str(error))
    if isinstance(error, click.FileError):
        return error
    if isinstance(error, click.ClickException | click.exceptions.Exit | click.Abort):
        return None
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        return None  # the reader of the output has closed it
    if "botocore" in sys.modules:
        from droptrain.aws_errors import explained  # noqa: PLC0415  --help stays fast

        if words := explained(error):
            return click.ClickException(str(words))
    if isinstance(error, OSError):
        return click.ClickException(f"{error}.")
    return click.ClickException(
        f"{type(error).__name__}: {error}. That is a fault of droptrain: --debug shows where."
    )
