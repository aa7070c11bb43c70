"""pandas, where somebody asks for a DataFrame: droptrain itself doesn't need it."""

from importlib import import_module
from typing import Any

from droptrain.errors import DroptrainError


def pandas() -> Any:
    """The module pandas; DroptrainError if it isn't installed."""
    try:
        return import_module("pandas")
    except ImportError as error:
        raise DroptrainError("A DataFrame needs pandas: pip install pandas") from error
