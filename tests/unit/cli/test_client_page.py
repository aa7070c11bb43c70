"""docs/python.md against the client."""

from pathlib import Path

from droptrain_cli.client_page import renewed

PAGE = Path(__file__).parents[3] / "docs" / "python.md"


def test_the_page_says_what_the_client_s_docstrings_say():
    page = PAGE.read_text("utf-8")
    assert renewed(page) == page, "write it anew: make docs"
