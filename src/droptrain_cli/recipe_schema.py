"""The recipe's JSON Schema, made from the table that reads recipes; written to docs/ by make docs."""

import json
import sys
from pathlib import Path
from typing import Any

from droptrain_core.domain.recipes.recipe import FIELDS

FILE = "train.schema.json"


def schema() -> dict[str, Any]:
    """JSON Schema (draft 7, which editors know best) of train.yaml.

    It can't say how long a duration may be, that a name is defined once, or whether a regex is one.
    """
    properties: dict[str, Any] = {}
    for name, field in FIELDS.items():
        default = {} if field.default is None else {"default": field.default}
        properties[name] = {"description": field.about, **default, **field.read.schema}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "droptrain's recipe, train.yaml",
        "description": "How a project is trained. Every field has a default.",
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": False,
    }


def text() -> str:
    """The schema as a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), "utf-8")
