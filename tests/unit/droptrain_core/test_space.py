"""Search spaces: texts and lists become values, and values become texts."""

import pytest
from droptrain_core.domain.recipes.readers import WrongValueError
from droptrain_core.domain.recipes.space import (
    Choices,
    Range,
    parsed,
    read_space,
    read_values,
    size_of,
    text_of,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("given_values", "values", "count"),
    [
        ("0.0001..0.1:log", Range(0.0001, 0.1, is_log=True), None),
        ("-5..10", Range(-5, 10), None),
        ("0..0.5:step=0.1", Range(0, 0.5, step=0.1), 6),
        ("0..1:step=0.3", Range(0, 0.9, step=0.3), 4),
        ("1..4:int", Range(1, 4, is_int=True), 4),
        ("1..10:step=3", Range(1, 10, is_int=True, step=3), 4),
        ("1..1000:int:log", Range(1, 1000, is_int=True, is_log=True), 1000),
        ("1e3..1e5:int", Range(1000, 100_000, is_int=True), 99_001),
        ("0..1:step=0.000001", Range(0, 1, step=0.000001), 1_000_001),
        ("32,64,128", Choices((32, 64, 128)), 3),
        ("1_000,2_000", Choices(("1_000", "2_000")), 2),
        ("adam, sgd", Choices(("adam", "sgd")), 2),
        ("true,false", Choices((True, False)), 2),
        ([0.1, 1], Choices((0.1, 1)), 2),
        (["1", "2"], Choices(("1", "2")), 2),
        (["a,b", "c"], Choices(("a,b", "c")), 2),
    ],
)
def test_a_text_or_a_list_is_read_and_has_one_form(given_values, values, count) -> None:
    assert read_values(given_values) == values
    assert read_values(text_of(values)) == values
    assert values.count == count


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ("5", "a single value is a hyperparameter"),
        ("1..0", "begin with its lower end"),
        ("1.5..4:int", "whole numbers"),
        ("0..1:log", "begin above 0"),
        ("1..4:foo", "'foo' isn't :log, :int or :step=x"),
        ("1..4:step=9", "step above 0 that fits"),
        ("1..4:log:step=1", "not both"),
        ("0..1:step=0.0000001", "at most a million times"),
        ("0..1e-12:step=1e-13", "step above 0 that fits"),
        ("0..nan", "has to be low..high"),
        ("0..inf", "too large"),
        ("1e-300..1:log", "too close to 0"),
        ([1, 1e200], "too large"),
        ("1_0..2_0", "has to be low..high"),
        ("0,1:log", "lists '1:log': write a range with two dots"),
        ("a..b", "has to be low..high"),
        (3, "has to be low..high"),
        ([1, 1], "lists a value twice"),
        ([1, [2]], "isn't a number, a text or true/false"),
        ([*range(101)], "2 to 100 values"),
    ],
)
def test_a_wrong_text_says_what_is_wrong(wrong, problem) -> None:
    with pytest.raises(WrongValueError, match=problem):
        read_values(wrong)


SCALARS = st.one_of(
    st.text(min_size=1, max_size=20),
    st.integers(-(10**9), 10**9),
    st.floats(-1e9, 1e9).map(lambda x: x + 0.5),
)


@given(st.lists(SCALARS, min_size=2, max_size=8, unique=True))
def test_every_list_survives_its_text(values) -> None:
    found = read_values(text_of(read_values(values)))
    assert isinstance(found, Choices)
    assert [(type(each), each) for each in found.values] == [(type(each), each) for each in values]


@given(st.floats(-100, 100).map(lambda low: round(low, 9)), st.floats(0.1, 1000), st.integers(1, 50))
def test_every_value_of_a_stepped_range_lies_in_it(low, width, steps) -> None:
    values = read_values(f"{low!r}..{low + width!r}:step={width / steps!r}")
    assert values.count == steps + 1
    assert all(low - 1e-6 <= float(values.at(place)) <= low + width + 1e-6 for place in range(values.count))


def test_a_space_has_the_combinations_of_its_values() -> None:
    space = parsed(read_space({"units": [16, 32], "layers": "1..3:int"}))
    assert size_of(space) == 6
    assert size_of(parsed(read_space({"units": [16, 32], "rate": "0..1"}))) is None


def test_a_wrong_space_names_its_parameter() -> None:
    with pytest.raises(WrongValueError) as wrong:
        read_space({"rate": "2..1"})
    assert wrong.value.path == ".rate"
