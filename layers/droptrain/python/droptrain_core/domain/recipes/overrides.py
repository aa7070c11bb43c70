"""Whether the overrides of a request fit the project's recipe; imported only for requests with overrides."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from droptrain_core.domain.errors import Cause, RejectedError
from droptrain_core.domain.recipes.recipe import Recipe, Scalar

_ALIKE = 0.75
_LEAST_BEGINNING = 3
_FORCE = 'To pass it anyway, use --force; in the API, "force": true.'


def check(recipe: Recipe, overrides: Mapping[str, Any]) -> None:
    """RejectedError for a hyperparameter that looks like a mistake.

    Either the recipe lacks the name but has a similar one, or its value has another type. Other names are
    passed: code may have more hyperparameters than its recipe names.
    """
    for name, value in (overrides.get("hyperparameters") or {}).items():
        problem = problem_of(recipe.hyperparameters, name, value)
        if problem:
            raise RejectedError(
                Cause("bad_overrides", f"hyperparameters.{name}: {problem}. {_FORCE}", _FORCE)
            )


def laid_over(
    recipe: Recipe, kept: Mapping[str, Mapping[str, Any]], overrides: Mapping[str, Any]
) -> dict[str, Any]:
    """`overrides` laid over what a rerun has `kept` of its run.

    Of what is kept, hyperparameters that are as in the recipe are left out.
    """
    both = {
        section: {**kept.get(section, {}), **overrides.get(section, {})}
        for section in ("hyperparameters", "resources")
    }
    given, known = overrides.get("hyperparameters", {}), recipe.hyperparameters
    both["hyperparameters"] = {
        name: value
        for name, value in both["hyperparameters"].items()
        if name in given or name not in known or known[name] != value
    }
    return {section: values for section, values in both.items() if values}


def problem_of(known: Mapping[str, Scalar], name: str, value: Scalar) -> str | None:
    """What looks like a mistake in this name and value, beside the recipe's `known` hyperparameters."""
    if name not in known:
        nearest = _nearest(name, known)
        return f"the recipe has no hyperparameter of this name; the nearest is {nearest}" if nearest else None
    expected = known[name]
    if value == "":  # the value is unset
        return None
    if isinstance(expected, bool):
        fits, kind = isinstance(value, bool), "true or false"
    elif isinstance(expected, int | float):
        fits, kind = isinstance(value, int | float) and not isinstance(value, bool), "a number"
    else:
        return None
    return None if fits else f"the recipe has {kind} here ({_text(expected)}), not {_text(value)}"


def _nearest(name: str, known: Iterable[str]) -> str | None:
    """The name that was probably meant: a similar spelling, its beginning, or its words' first letters."""
    plain = {_plain(each): each for each in known}
    asked = _plain(name)
    begun = [
        each
        for each in plain
        if min(len(each), len(asked)) >= _LEAST_BEGINNING
        and (each.startswith(asked) or asked.startswith(each))
    ]
    initials = [_plain(each) for each in plain.values() if _initials(each) == asked]
    alike = difflib.get_close_matches(asked, plain, n=1, cutoff=_ALIKE)
    return next((plain[each] for each in (*alike, *begun, *initials)), None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _initials(name: str) -> str | None:
    words = [word for word in re.split(r"[_.-]", name.lower()) if word]
    return "".join(word[0] for word in words) if len(words) > 1 else None


def _text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)[:60]
