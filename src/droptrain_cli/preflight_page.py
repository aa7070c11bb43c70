"""The table of preflight's rules for docs/preflight.md; `python -m droptrain_cli.preflight_page FILE`."""

import re
import sys
from pathlib import Path

from droptrain_core.domain.preflight.rules import RULES


def rules_table() -> str:
    """The rules as a table of Markdown."""
    rows = [f"| `{rule.name}` | {rule.level} | {rule.about} | {rule.fix} |" for rule in RULES]
    return "\n".join(["| rule | level | finds | what to do |", "| --- | --- | --- | --- |", *rows]) + "\n"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    text = page.read_text("utf-8")
    page.write_text(
        re.sub(r"(?:^\|.*\n)+", lambda _: rules_table(), text, count=1, flags=re.MULTILINE), "utf-8"
    )
