"""Writes the reference in docs/python.md from the client's docstrings: make docs."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import droptrain
from droptrain_cli.command_page import replaced

_CLASSES = (droptrain.Project, droptrain.Run, droptrain.RunList, droptrain.Sweep)
_ERRORS = (
    droptrain.DroptrainError,
    droptrain.StackError,
    droptrain.ApiError,
    droptrain.UnreachableError,
    droptrain.RunFailedError,
)


def renewed(page: str) -> str:
    """The page with its reference anew; what stands outside of it is kept."""
    return replaced(page, "reference", "\n".join(_reference()))


def _reference() -> Iterator[str]:
    for function in (droptrain.project, droptrain.run):
        yield from _function(f"droptrain.{function.__name__}", function)
    for kind in _CLASSES:
        yield f"### {kind.__name__}\n\n{inspect.getdoc(kind)}\n"
        for name, member in vars(kind).items():
            if name.startswith("_") or name == "find":
                continue
            if isinstance(member, property):
                kind_of = _signature(member.fget).rpartition("-> ")[2]
                yield f"**`{name}`**: `{kind_of}`\n\n{inspect.getdoc(member)}\n"
            else:
                yield from _function(name, member)
    yield "### Errors\n\n| error | when |\n| --- | --- |"
    for error in _ERRORS:
        yield f"| `{error.__name__}` | {(error.__doc__ or '').partition(chr(10))[0]} |"
    yield ""


def _function(name: str, function: Any) -> Iterator[str]:
    yield f"**`{name}{_signature(function)}`**\n\n{inspect.getdoc(function)}\n"


def _signature(function: Any) -> str:
    """The signature as it is written in the source, without self."""
    [made] = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(made, ast.FunctionDef) and made.returns
    made.args.args = [each for each in made.args.args if each.arg != "self"]
    return f"({ast.unparse(made.args)}) -> {_returns(made.returns)}"


def _returns(written: ast.expr) -> str:
    return str(written.value) if isinstance(written, ast.Constant) else ast.unparse(written)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text("utf-8")), "utf-8")
