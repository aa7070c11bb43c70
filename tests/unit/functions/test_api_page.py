"""docs/api.md against the API's description: its calls, fields and errors."""

import re
from typing import Any

import pytest
from unit.functions import api_page

PAGE = api_page.PAGE.read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def names_in(section: str, column: int) -> set[str]:
    """The names in a column of the section's table."""
    rows = [line.split(" | ") for line in SECTIONS[section].splitlines() if line.startswith("| ")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row[column])}


def test_the_page_lists_every_call() -> None:
    assert api_page.renewed(PAGE) == PAGE, "write it anew: make docs"


@pytest.mark.parametrize(("section", "schema"), [("A run", "RunView"), ("A sweep", "SweepView")])
def test_the_page_explains_every_field(section: str, schema: str) -> None:
    assert names_in(section, 0) == api_page.fields_of(schema)


def test_the_page_explains_every_error(runs_api: Any) -> None:
    of_routes = {"malformed-json", "invalid-request", "no-such-route", "no-such-method"}
    assert names_in("Errors", 1) == {name for _, name in runs_api.STATUSES.values()} | of_routes
