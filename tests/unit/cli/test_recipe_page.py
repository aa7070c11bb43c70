"""docs/recipe.md against the parser: every example parses, every field and default is named."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest
from droptrain_core import recipe_yaml
from droptrain_core.domain.recipes import recipe as recipes

PAGE = (Path(__file__).parents[3] / "docs" / "recipe.md").read_text("utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SECTIONS = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
DEFAULTS = {
    "resources": ["gpus` (0 to 16, default 1)", "default 4", "default 14", "`nodes` (default 1"],
    "spot": ["Default: `auto`"],
    "trigger": ["Default: `files`"],
    "attempts": ["Default: 3"],
    "timeout": ["Default: `4h`"],
    "checkpoints": ["default `30s`", "default 3"],
    "inputs": ["Default:\n`{training: train.csv, testing: test.csv}`"],
}


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_of_the_recipe_page_parses(block: str):
    recipes.parse(recipe_yaml.parse(block.encode()))


def test_the_page_has_a_section_with_an_example_for_every_field_and_no_other():
    assert set(SECTIONS) == set(recipes.FIELDS)
    for name, section in SECTIONS.items():
        example = re.search(r"^```yaml\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
        assert example, name
        recipe = recipe_yaml.parse(example[1].encode())
        assert isinstance(recipe, dict) and name in recipe, name
        assert "efault" in section, name


def test_the_first_example_says_what_holds_without_a_recipe():
    said = recipes.parse(recipe_yaml.parse(BLOCKS[0].encode()))
    absent = recipes.parse(None)
    assert asdict(said) == {**asdict(absent), "entrypoint": "run.sh"}
    assert absent.max_cost_usd is None
    assert absent.metric is None


def test_each_section_names_its_default():
    for name, wanted in DEFAULTS.items():
        for text in wanted:
            assert text in SECTIONS[name], f"{name}: {text}"
