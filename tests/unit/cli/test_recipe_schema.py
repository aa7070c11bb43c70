"""docs/train.schema.json against the reader of recipes: it refuses what that refuses, and nothing else."""

import re
from pathlib import Path
from typing import Any

import pytest
from droptrain_core import recipe_yaml
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes.recipe import FIELDS, Recipe, parse
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from droptrain_cli import recipe_schema

ROOT = Path(__file__).parents[3]
COMMITTED = ROOT / "docs" / recipe_schema.FILE
VALIDATOR = Draft7Validator(recipe_schema.schema())
# What the reader knows beyond JSON Schema.
ONLY_THE_READER_KNOWS = re.compile(
    r"has to be from \d+[smhd] to \d+[smhd]|is defined twice|isn't a regular expression|needs a group around"
    r"|has to be a name of at most 100 characters"
    r"|retrain.schedule: |has to be a time zone"
)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=8) | st.sampled_from(
    ("run.sh", "../x.py", "a.b", "4h", "90m", "9999999s", "auto", "files", "train.csv", "a//b", "loss: (.*)",
     "succeeded", "maximize", "aws_batch_x", "LR")
)  # fmt: skip
names = texts | st.sampled_from(
    ("epochs", "training", "gpus", "nodes", "name", "goal", "regex", "header", "columns", "label",
     "delimiter", "on", "interval", "keep", "DROPTRAIN_X", "schedule", "timezone")
)  # fmt: skip
numbers = st.integers(-3, 3000) | st.floats(-2, 20, allow_nan=False).filter(lambda number: number % 1 != 0)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)


def refusal(document: object) -> str:
    """Why the reader refuses; empty if it doesn't."""
    try:
        parse(document)
    except RejectedError as error:
        return error.cause.message
    return ""


def test_the_committed_schema_is_the_reader_s() -> None:
    assert COMMITTED.read_text("utf-8") == recipe_schema.text(), "write it anew: make docs"
    Draft7Validator.check_schema(recipe_schema.schema())


@pytest.mark.parametrize(
    "recipe", [*ROOT.glob("examples/*/train.yaml")], ids=lambda path: str(path.parent.name)
)
def test_the_examples_are_right_and_point_to_it(recipe: Path) -> None:
    text = recipe.read_text("utf-8")
    VALIDATOR.validate(recipe_yaml.parse(text.encode()))
    (target,) = re.findall(r"\A# yaml-language-server: \$schema=(\S+)\n", text)
    assert (recipe.parent / target).resolve() == COMMITTED


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_s_default_is_the_reader_s(name: str) -> None:
    field = FIELDS[name]
    assert field.about
    wanted = getattr(Recipe(), field.attribute)
    if name == "entrypoint" or field.default is None:  # an entrypoint is looked for in code/
        assert wanted is None
    else:
        assert getattr(parse({name: field.default}), field.attribute) == wanted


@settings(max_examples=400)
@given(st.none() | values | st.dictionaries(st.sampled_from(sorted(FIELDS)), values, max_size=3))
@example({"csv": {"header": 1}})
@example({"environment": {"Aws_Lambda_X": "1"}})
@example({"inputs": {"training": "a/../b"}})
@example(
    {"environment": {"X": {"secret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:droptrain/x"}}}
)
@example({"environment": {"X": {"secret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:other/x"}}})
@example({"environment": {"X": {"secret": "x", "more": 1}}})
@example({"hyperparameters": {"text": "x" * 1001}})
@example({"retrain": {"schedule": "0 6 * * mon", "timezone": "UTC"}})
@example({"retrain": {"schedule": "0 6 * * 8"}})
@example({"retrain": {"schedule": "0 6 * *"}})
@example({"retrain": {"timezone": "UTC"}})
def test_the_schema_refuses_what_the_reader_refuses_and_nothing_else(document: Any) -> None:
    said = refusal(document)
    if VALIDATOR.is_valid(document):
        assert not said or ONLY_THE_READER_KNOWS.search(said), said
    else:
        assert said, [error.message for error in VALIDATOR.iter_errors(document)]
