"""Writes what docs/command.md says of commands and exit codes, from the command itself: make docs."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from droptrain_cli.exit_codes import MEANINGS
from droptrain_cli.main import main

_COLUMNS = 100


def renewed(page: str) -> str:
    """The page with its generated parts anew; what stands outside of them is kept."""
    return replaced(replaced(page, "exit codes", _exit_codes()), "help", "\n".join(_helps()))


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


def _helps() -> Iterator[str]:
    context = click.Context(main, info_name="droptrain", terminal_width=_COLUMNS, **main.context_settings)
    yield from _of(main, context)


def _of(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"### {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner
            yield from _of(inner, click.Context(inner, parent=context, info_name=name))


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text("utf-8")), "utf-8")
