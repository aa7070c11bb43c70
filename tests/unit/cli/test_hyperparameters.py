"""--set NAME=VALUE."""

import click
import pytest

from droptrain_cli.hyperparameter import Hyperparameter


@pytest.mark.parametrize(("text", "wanted"), [
    ("lr=0.1", ("lr", 0.1)), ("epochs=5", ("epochs", 5)), ("shuffle=true", ("shuffle", True)),
    ("name=adam", ("name", "adam")), ("empty=", ("empty", "")), ("f=a=b", ("f", "a=b")),
    ("x=null", ("x", "null")),
    ("x=[1]", ("x", "[1]")), ("x=NaN", ("x", "NaN")), ("x=1e999", ("x", "1e999")), ('x="7"', ("x", '"7"')),
])  # fmt: skip
def test_numbers_and_booleans_are_read_as_such_and_the_rest_is_text(text: str, wanted: tuple[str, object]):
    read = Hyperparameter().convert(text, None, None)
    assert read == wanted
    assert type(read[1]) is type(wanted[1])


@pytest.mark.parametrize("text", ["lr", "=1", ""])
def test_without_a_name_and_a_value_it_is_refused(text: str):
    with pytest.raises(click.BadParameter, match=r"lr=0\.1"):
        Hyperparameter().convert(text, None, None)
