"""Writes what docs/command.md says of commands and exit codes, from the command itself: make docs."""

import copy
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from droptrain_cli.exit_codes import MEANINGS
from droptrain_cli.main import main

_COLUMNS = 100
# Described once for all commands, in this one's help.
_SHARED, _WITH_ALL_SHARED = {"--stack", "--region", "--profile", "--debug"}, "launch"


def renewed(page: str) -> str:
    """The page with its generated parts anew; what stands outside of them is kept."""
    page = replaced(page, "exit codes", _exit_codes())
    page = replaced(page, "shared options", _shared_options())
    return replaced(page, "help", "\n".join(_helps()))


def replaced(page: str, part: str, text: str) -> str:
    """The page with another text in a part between marks; ValueError if it has no such part."""
    begin, end = f"<!-- {part}: written by make docs -->\n", f"<!-- end of {part} -->"
    before, found_begin, rest = page.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"the page has no part between {begin.strip()} and {end}")
    return f"{before}{begin}\n{text}\n{end}{after}"


def _exit_codes() -> str:
    rows = "".join(f"| {code} | {meaning} |\n" for code, meaning in MEANINGS.items())
    return f"| code | when |\n| --- | --- |\n{rows}"


def _shared_options() -> str:
    context = click.Context(main)
    command = main.get_command(context, _WITH_ALL_SHARED)
    assert command
    shared = _with_options(command, [each for each in command.params if _SHARED & {*each.opts}])
    formatter = click.HelpFormatter(width=_COLUMNS)
    shared.format_options(click.Context(shared), formatter)
    return f"```\n{formatter.getvalue()}```\n"


def _helps() -> Iterator[str]:
    context = click.Context(main, info_name="droptrain", terminal_width=_COLUMNS, **main.context_settings)
    yield from _of(main, context)


def _of(command: click.Command, context: click.Context) -> Iterator[str]:
    shown = _with_options(command, [each for each in command.params if not _SHARED & {*each.opts}])
    yield f"### {context.command_path}\n\n```\n{shown.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner
            yield from _of(inner, click.Context(inner, parent=context, info_name=name))


def _with_options(command: click.Command, params: list[click.Parameter]) -> click.Command:
    """The command as its help shows it with these parameters alone."""
    shown = copy.copy(command)
    shown.params, shown.add_help_option = params, False
    return shown


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text("utf-8")), "utf-8")
