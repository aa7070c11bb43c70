"""The text of train.yaml as plain values: YAML 1.2's core schema, where `on` is a text and 1e-3 a number."""

import math
import re
from collections.abc import Hashable
from typing import Any

import yaml

from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes import recipe as recipes
from droptrain_core.domain.text import encodable, plain

_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# A recipe nests three levels. libyaml crashes the process on some ten thousand.
_MAX_DEPTH = 20
_MAX_DIGITS = 100
_SHOWN = 200  # characters; PyYAML repeats the document's own, and a tag can have as many as that
# YAML 1.2.2, section 10.3.2: what a plain scalar can be other than a text, and its possible first letters.
_CORE_SCHEMA = (
    ("null", r"null|Null|NULL|~|", "nN~"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
)


class _Loader(_SafeLoader):
    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012  PyYAML's own class attribute


for _tag, _pattern, _letters in _CORE_SCHEMA:
    _first = [*_letters, ""] if _tag == "null" else list(_letters)
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


def _decimal(loader: Any, node: Any) -> int:
    text = loader.construct_scalar(node)
    if len(text) > _MAX_DIGITS:
        raise yaml.constructor.ConstructorError(None, None, "a number is too long", node.start_mark)
    return int(text, 16) if text.startswith("0x") else int(text)


def _float(loader: Any, node: Any) -> float:
    value = float(loader.construct_scalar(node))
    if not math.isfinite(value):
        raise yaml.constructor.ConstructorError(None, None, "a number is too large", node.start_mark)
    return value


def _text(loader: Any, node: Any) -> str:
    """A text; PyYAML without its C part accepts the escape of half a surrogate pair."""
    return encodable(loader.construct_scalar(node))


def _mapping(loader: Any, node: Any) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, Hashable) and key in seen:
            problem = f"{str(key)[:60]!r} is there twice"
            raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
        seen.add(key)
    values: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return values


_Loader.add_constructor("tag:yaml.org,2002:int", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:float", _float)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:str", _text)


def parse(body: bytes) -> object:
    """The document in `body`; RejectedError names the place that isn't YAML."""
    if len(body) > recipes.MAX_BYTES:
        raise RejectedError(recipes.bad_recipe(f"the file has more than {recipes.MAX_BYTES // 1024} KiB"))
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RejectedError(recipes.bad_recipe(f"the file isn't UTF-8 (byte {error.start})")) from None
    try:
        _check_shape(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  a safe loader
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or "it can't be read as YAML"
        if mark and text[mark.index : mark.index + 1] == "\t":
            problem = "YAML is indented with spaces, but here is a tab"
        raise RejectedError(recipes.bad_recipe(f"{where}{plain(problem, _SHOWN)}")) from None


def _check_shape(text: str) -> None:
    """ConstructorError for aliases and deep nesting, with which a few bytes could become endless."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        problem = None
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            problem = "it is nested too deeply" if depth > _MAX_DEPTH else None
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            problem = f"aliases such as *{str(event.anchor)[:60]} aren't allowed; write the value out"
        if problem:
            mark: Any = event.start_mark
            raise yaml.constructor.ConstructorError(None, None, problem, mark)
