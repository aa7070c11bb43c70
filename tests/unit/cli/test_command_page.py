"""docs/command.md against the command."""

from pathlib import Path

import pytest

from droptrain_cli.command_page import renewed

PAGE = Path(__file__).parents[3] / "docs" / "command.md"


def test_the_page_says_what_the_command_s_own_help_says():
    page = PAGE.read_text("utf-8")
    assert renewed(page) == page, "write it anew: make docs"


def test_what_a_person_wrote_on_the_page_is_kept():
    page = PAGE.read_text("utf-8")
    changed = page.replace("droptrain compare [OPTIONS]", "droptrain compare").replace(
        "## In scripts", "## CI"
    )
    assert renewed(changed) == page.replace("## In scripts", "## CI")


def test_a_page_without_the_parts_is_refused():
    with pytest.raises(ValueError, match="exit codes"):
        renewed("# The command\n")
