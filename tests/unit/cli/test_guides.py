"""What every page shows of recipes, Python and notices: recipes parse, Python compiles, notices are real."""

import re
from pathlib import Path
from typing import Any

import pytest
from droptrain_core import recipe_yaml
from droptrain_core.domain.recipes import recipe as recipes

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NOTICES = (ROOT / "docs" / "notices.md").read_text("utf-8")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_recipe_that_a_page_shows_parses(page: Path) -> None:
    for block in blocks(page, "yaml"):
        parsed: Any = recipe_yaml.parse(block.encode())
        # Some sweeps and gates are shown without the metric that they need.
        needs_metric = {"sweep", "promote"} & parsed.keys() and "metric" not in parsed
        recipes.parse({**parsed, "metric": {"name": "m"}} if needs_metric else parsed)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_all_python_that_a_page_shows_compiles(page: Path) -> None:
    for block in blocks(page, "python"):
        compile(block, page.name, "exec")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_quotes_of_a_notice_is_in_the_notices_that_were_sent(page: Path) -> None:
    followed = page.name == "keras.md"  # its own run prints it: tests/e2e/test_keras_page.py
    for line in re.findall(r"^What happened: .*$", page.read_text("utf-8"), re.MULTILINE):
        assert followed or line in NOTICES, line
