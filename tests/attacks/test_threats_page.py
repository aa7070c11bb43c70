"""docs/threats.md: every row names tests, and each of them is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "threats.md").read_text("utf-8")
HEADER = ("| who | what", "| --")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(HEADER)]
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)\(", path.read_text("utf-8"), re.MULTILINE)
}


def test_every_row_of_the_page_names_tests_and_each_is_there() -> None:
    assert len(ROWS) >= 12
    for row in ROWS:
        named = re.findall(r"`(test_\w+)`", row)
        assert named, row
        assert set(named) <= TESTS, set(named) - TESTS


def test_the_page_is_no_longer_than_a_page() -> None:
    assert len(PAGE.splitlines()) <= 60
