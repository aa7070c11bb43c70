"""Overrides of a request against the recipe: what looks like a mistake is refused before anything starts."""

import pytest
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes import overrides
from droptrain_core.domain.recipes.recipe import Recipe

RECIPE = Recipe(
    hyperparameters={"epochs": 10, "learning_rate": 0.1, "batch_size": 32, "warm": True, "optimizer": "adam"}
)


@pytest.mark.parametrize(("name", "nearest"), [
    ("epoch", "epochs"),
    ("Epochs", "epochs"),
    ("epohcs", "epochs"),
    ("learning-rate", "learning_rate"),
    ("learningrate", "learning_rate"),
    ("lr", "learning_rate"),
    ("batch", "batch_size"),
    ("batchsize", "batch_size"),
    ("optimiser", "optimizer"),
])  # fmt: skip
def test_a_name_that_is_like_one_of_the_recipe_is_refused_with_that_one(name: str, nearest: str) -> None:
    with pytest.raises(
        RejectedError, match=rf"^hyperparameters\.{name}: .* the nearest is {nearest}\. .*--force"
    ):
        overrides.check(RECIPE, {"hyperparameters": {name: 5}})


@pytest.mark.parametrize(("name", "value", "said"), [
    ("epochs", "abc", "the recipe has a number here (10), not 'abc'"),
    ("epochs", True, "a number here (10), not true"),
    ("learning_rate", "0,1", "a number here (0.1), not '0,1'"),
    ("warm", "yes", "true or false here (true), not 'yes'"),
    ("warm", 1, "true or false here (true), not 1"),
])  # fmt: skip
def test_a_value_of_another_type_than_the_recipe_s_is_refused(name: str, value: object, said: str) -> None:
    with pytest.raises(RejectedError) as caught:
        overrides.check(RECIPE, {"hyperparameters": {name: value}})
    assert said in caught.value.cause.message
    assert "--force" in caught.value.cause.message
    assert '"force": true' in caught.value.cause.message


@pytest.mark.parametrize("given", [
    {}, {"resources": {"gpus": 2}}, {"hyperparameters": {}},
    {"hyperparameters": {"epochs": 5, "learning_rate": 1, "warm": False, "optimizer": 5}},
    {"hyperparameters": {"epochs": 1.5}},
    {"hyperparameters": {"epochs": ""}},
    {"hyperparameters": {"dropout": 0.5, "exit": 7, "x": 1}},
])  # fmt: skip
def test_what_fits_or_is_new_is_passed(given: dict[str, object]) -> None:
    overrides.check(RECIPE, given)


def test_a_recipe_without_hyperparameters_takes_any() -> None:
    overrides.check(Recipe(), {"hyperparameters": {"epoch": "abc"}})
