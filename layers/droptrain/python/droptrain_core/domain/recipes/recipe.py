"""The recipe, `train.yaml`: read as a whole, with errors that name file, field and fix."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from droptrain_core.domain.errors import Cause, RejectedError
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.recipes.fields import DEFAULT_SCRIPTS, FIELDS
from droptrain_core.domain.recipes.jobs import PREPARED, WARM_START
from droptrain_core.domain.recipes.readers import WrongValueError
from droptrain_core.domain.recipes.values import (
    EVENTS,
    Checkpoints,
    Gate,
    Metric,
    MetricDefinition,
    Prepare,
    Recipe,
    Resources,
    Scalar,
    Secret,
    file_of,
)

__all__ = [
    "DEFAULT_SCRIPTS", "EVENTS", "FIELDS", "Checkpoints", "Gate", "Metric", "MetricDefinition", "Prepare",
    "Recipe", "Resources", "Scalar", "Secret", "entrypoint_of", "file_of",
]  # fmt: skip

FILE = "train.yaml"
MAX_BYTES = 64 * 1024
_PROBLEMS_NAMED = 10
# With a span, an input that begins so is one of every dataset.
_EVERY_DATASET = "*/"


@frozen
class Wrong:
    """The problem of a field (by its first name; empty: of the file), in a sentence with the fix."""

    field: str
    problem: str


def parse(document: object) -> Recipe:
    """The recipe in a parsed YAML document; RejectedError names all wrong fields at once."""
    recipe, problems = check(document)
    if problems:
        named = "; ".join(wrong.problem for wrong in problems[:_PROBLEMS_NAMED])
        more = len(problems) - _PROBLEMS_NAMED
        raise RejectedError(bad_recipe(f"{named}; and {more} more" if more > 0 else named))
    return recipe


def check(document: object) -> tuple[Recipe, list[Wrong]]:
    """The recipe, with defaults for wrong fields, and all problems of the document."""
    problems: list[Wrong] = []
    return _parse(document, problems), problems


def inputs_of(document: object) -> Recipe | None:
    """The recipe with only its inputs and trigger, if these two can be read, and defaults otherwise."""
    if not isinstance(document, Mapping | None):
        return None
    recipe, problems = check(
        {name: document[name] for name in ("inputs", "trigger", "quiet_for", "span") if name in document}
        if document
        else None
    )
    return None if problems else recipe


def override(document: object, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's document, with `overrides` replacing fields of hyperparameters and resources."""
    whole = dict(document) if isinstance(document, Mapping) else {}
    for name, changes in overrides.items():
        whole[name] = {**whole.get(name, {}), **changes}
    return whole


def entrypoint_of(recipe: Recipe, code: Collection[str]) -> str | None:
    """What runs of these code files (paths): the recipe's entrypoint or a default, None if it isn't there."""
    named = (recipe.entrypoint,) if recipe.entrypoint else DEFAULT_SCRIPTS
    return next((script for script in named if file_of(script) in code), None)


def bad_recipe(problem: str) -> Cause:
    """The cause of a rejection for a recipe that can't be used."""
    return Cause(
        code="bad_recipe",
        message=f"{FILE}: {problem}",
        fix=f"Correct {FILE}, upload it, and launch the dataset with POST /runs or by dropping it again.",
    )


def _parse(document: object, problems: list[Wrong]) -> Recipe:
    if document is None:
        return Recipe()
    if not isinstance(document, Mapping):
        problems.append(Wrong("", "the file has to be a mapping of fields, such as `entrypoint: run.sh`"))
        return Recipe()
    values: dict[str, Any] = {}
    for name, value in document.items():
        if name not in FIELDS:
            problems.append(Wrong(str(name), _no_field(str(name))))
            continue
        known_field = FIELDS[name]
        try:
            values[known_field.attribute] = known_field.read(value)
        except WrongValueError as error:
            problems.append(Wrong(name, f"{name}{error.path}: {error}"))
    recipe = replace(Recipe(), **values)
    if recipe.span != 1:
        recipe = _spanning(recipe, problems)
    problems += _contradictions(recipe)
    if "trigger" not in values and recipe.has_patterns:
        return replace(recipe, trigger="quiet")
    if recipe.trigger == "files" and recipe.has_patterns:
        reason = "files needs an input for each file, but here is a pattern, which later files can match too"
        problems.append(Wrong("trigger", f"trigger: {reason}. Leave it out, for quiet; or use marker"))
    return recipe


def _contradictions(recipe: Recipe) -> Iterator[Wrong]:
    """Fields that are right, but don't go together."""
    for channel, is_taken, why in (
        (PREPARED, recipe.prepare, "is the preparation step's"),
        (WARM_START, recipe.warm_start, "has the model of warm_start"),
    ):
        if is_taken and channel in recipe.inputs:
            yield Wrong("inputs", f"inputs.{channel}: this channel {why}; rename yours")
    if recipe.promote and recipe.promote.when == "better" and recipe.metric is None:
        reason = "better compares runs by the headline metric, and the recipe has none. Name one with metric"
        yield Wrong("promote", f"promote.when: {reason}, or use always")


def _spanning(recipe: Recipe, problems: list[Wrong]) -> Recipe:
    """The recipe with the inputs in one dataset's folder, and the channels of those that span datasets."""
    spans = tuple(channel for channel, pattern in recipe.inputs.items() if pattern.startswith(_EVERY_DATASET))
    if not spans:
        fix = "begin each that does with */, such as inputs: {training: '*/train.csv'}"
        problems.append(Wrong("span", f"span: no input spans datasets; {fix}"))
    inputs = {name: pattern.removeprefix(_EVERY_DATASET) if name in spans else pattern
              for name, pattern in recipe.inputs.items()}  # fmt: skip
    return replace(recipe, inputs=inputs, spans=spans)


def _no_field(name: str) -> str:
    import difflib  # noqa: PLC0415  a correct recipe does without it

    near = difflib.get_close_matches(name[:60], FIELDS, n=1, cutoff=0.75)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"there is no field {name[:60]!r}{hint}; the fields are {', '.join(FIELDS)}"
