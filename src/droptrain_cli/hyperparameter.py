"""NAME=VALUE on the command line: a hyperparameter for one run, or what a sweep searches of it."""

import json
import math
from typing import Any

import click


class Hyperparameter(click.ParamType):
    """NAME=VALUE, where VALUE is a number or a boolean if JSON reads it as one, else text."""

    name = "NAME=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str | int | float | bool]:
        """The name and its value."""
        name, separator, text = value.partition("=")
        if not (name and separator):
            self.fail(f"{value!r} isn't NAME=VALUE, as in lr=0.1", param, ctx)
        try:
            read = json.loads(text)
        except ValueError:
            return name, text
        is_scalar = isinstance(read, int | float | bool) and math.isfinite(read)
        return name, read if is_scalar else text


class Searched(Hyperparameter):
    """NAME=SPACE: a range or a list stays the text that it is, a single value is read as for one run."""

    name = "NAME=SPACE"
