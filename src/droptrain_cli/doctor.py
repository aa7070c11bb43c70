"""Shows what the checks of a stack find, as they find it."""

from collections.abc import Iterable
from dataclasses import asdict

from rich.text import Text

from droptrain import formatting
from droptrain.stack import Stack
from droptrain_cli import exit_codes, output
from droptrain_cli.checks import findings
from droptrain_cli.send_notice import TITLE, send_test
from droptrain_cli.stack_snapshot import Finding, read_snapshot

_STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red", "unknown": "yellow"}
_TITLE_WIDTH = 13


def run(stack: Stack, *, as_json: bool, send_test_notice: bool = False) -> int:
    """Check a stack, print what is found; the exit code: 1 if there is a problem."""
    snapshot = read_snapshot(stack)
    found = findings(snapshot, first=[(TITLE, send_test)] if send_test_notice else [])
    seen = list(found) if as_json else list(_shown(found))
    problems = sum(each.verdict == "problem" for each in seen)
    if as_json:
        output.write_json({"healthy": not problems, "findings": [asdict(each) for each in seen]})
    elif problems:
        output.show(output.console(), Text(f"\n{formatting.count(problems, 'problem')} to fix."))
    return exit_codes.ERROR if problems else exit_codes.OK


def _shown(found: Iterable[Finding]) -> Iterable[Finding]:
    screen = output.console()
    for each in found:
        line = Text().append(f"{each.verdict:<8}", style=_STYLES[each.verdict])
        line.append(f"{each.title:<{_TITLE_WIDTH}} ", style="dim").append_text(output.cell(each.detail))
        output.show(screen, line)
        for fix in each.fix.splitlines():
            output.show(screen, Text(f"{'':<{8 + _TITLE_WIDTH}} ").append_text(output.cell(fix)))
        yield each
