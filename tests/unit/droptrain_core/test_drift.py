"""Drift: values that moved since the last good dataset are reported, and ordinary data never are."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from droptrain_core.domain import preflight
from droptrain_core.domain.datasets.dataset import Input, ObjectVersion
from droptrain_core.domain.preflight.facts import Piece, ranges
from droptrain_core.domain.preflight.sample import MAX_ROWS, RowSample
from droptrain_core.domain.preflight.summary import MAX_BYTES, Summary, from_text, to_text

PENGUINS = Path("examples/penguins/raw/penguins.csv").read_text("utf-8")
Cell = Callable[[random.Random, int], object]


def files(*bodies: str) -> dict[str, bytes]:
    return {f"part-{number:02}.csv": body.encode() for number, body in enumerate(bodies)}


def read(parts: dict[str, bytes], says: dict[str, Any]) -> Any:
    def sample(item: ObjectVersion) -> list[Piece]:
        body = parts[item.key]
        return [Piece(start, body[start : start + length]) for start, length in ranges(len(body))]

    inputs = [Input("training", ObjectVersion(name, "v", len(body), "e")) for name, body in parts.items()]
    return preflight.read(inputs, sample, says), inputs


def summary(*bodies: str, last: Summary | None = None) -> Summary:
    facts, inputs = read(files(*bodies), {})
    found = preflight.summarize("monday", facts, {}, inputs, last)
    assert found
    return found


def drift(now: str, last: Summary, **says: Any) -> list[str]:
    facts, inputs = read(files(now), says)
    found = preflight.judge(facts, says, inputs, last)
    return [f"{each.column}: {each.message}" for each in found if each.rule == "drift"]


def table(rows: int, seed: int, start: int = 0, **columns: Cell) -> str:
    dice = random.Random(seed)
    lines = [",".join(str(cell(dice, start + n)) for cell in columns.values()) for n in range(rows)]
    return "\n".join([",".join(columns), *lines]) + "\n"


def amounts(median: float) -> Cell:
    return lambda dice, n: f"{dice.lognormvariate(0, 0.5) * median:.2f}"


def one_of(*values: str, weights: Sequence[float] | None = None) -> Cell:
    return lambda dice, n: dice.choices(values, weights)[0]


def gaps(share: float) -> Cell:
    return lambda dice, n: "" if dice.random() < share else f"{dice.random():.3f}"


SINCE = "since monday, the last good dataset"
DRIFTS: dict[str, tuple[Cell, Cell, str]] = {
    "another unit": (lambda dice, n: n % 25, lambda dice, n: 9388 + n % 25,
                     f"x: the median moved from 12 to 9,400 {SINCE}"),
    "a column of zeros": (amounts(12), lambda dice, n: 0,
                          "x: 100 % of the values are '0', and it was under 5 %"),
    "a new category": (one_of("cat", "dog"), one_of("cat", "dog", "fish"),
                       " % of the values are 'fish', and it was under 5 %"),
    "other names of categories": (one_of("cat", "dog"), one_of("CAT", "DOG"),
                                  "x: under 5 % of the values are 'cat', and it was "),
    "another balance": (one_of("0", "1", weights=(9, 1)), one_of("0", "1", weights=(4, 6)),
                        "of the values are '1', and it was "),
    "values padded to a fixed width": (lambda dice, n: f"{dice.choice('ab'):>50}",
                                       lambda dice, n: f"{dice.choice('cd'):>50}",
                                       "x: under 5 % of the values are 'a', and it was "),
    "one value in all rows that became empty": (lambda dice, n: "EUR", lambda dice, n: "",
                                                "x: 100 % of the values are empty, and it was under 5 %"),
    "empty cells": (gaps(0.02), gaps(0.45), " % of the values are empty, and it was under 5 %"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DRIFTS)
def test_values_that_moved_are_named_with_what_they_were(kind: str) -> None:
    before, after, message = DRIFTS[kind]
    found = drift(table(1000, 2, x=after, y=amounts(5)), summary(table(1000, 1, x=before, y=amounts(5))))
    assert any(message in each for each in found), found
    assert all(each.startswith("x: ") for each in found)


ORDINARY: dict[str, Cell] = {
    "id": lambda dice, n: n,
    "shuffled_id": lambda dice, n: n * 7919 % 100_003,
    "shuffled_number": lambda dice, n: n // 1000 * 1000 + dice.randrange(1000),
    "seconds": lambda dice, n: 1_760_000_000 + 60 * n + dice.randrange(3600),
    "day": lambda dice, n: 20_261_100 + n // 1000 + dice.randrange(3),
    "date": lambda dice, n: f"2026-11-{n // 1000 % 28 + 1:02}",
    "shop": lambda dice, n: f"shop {'abcdefghijklmnop'[n // 1000 % 16]}",
    "year": lambda dice, n: 2020 + n // 1000,
    "amount": amounts(12),
    "wild": lambda dice, n: f"{dice.paretovariate(0.8):.3g}",
    "two_humps": lambda dice, n: f"{dice.gauss(0, 1) + 1000 * (dice.random() < 0.5):.3f}",
    "mostly_zero": lambda dice, n: 0 if dice.random() < 0.74 else f"{dice.expovariate(0.01):.1f}",
    "flag": one_of("true", "false"),
    "bit": one_of("0", "1"),
    "grade": one_of("1", "2", "3", "4", "5"),
    "name": lambda dice, n: f"name {dice.randrange(10_000)}",
    "gap": gaps(0.5),
    "mixed": one_of("1", "2", "n/a"),
    "zero_as_int_or_float": lambda dice, n: dice.choice([0, 0, 0, 1]) * (1 if n // 1000 % 2 else 1.0),
    "zero_with_a_sign": lambda dice, n: "0" if n // 1000 % 2 else "-0",
}


@pytest.mark.parametrize("rows", [120, 1000, 9000])
def test_ordinary_data_of_other_days_give_no_warning(rows: int) -> None:
    last = summary(table(rows, 1, **ORDINARY))
    for day in (1, 2):
        now = table(rows, day, start=1000 * day, **ORDINARY)
        assert drift(now, last) == []
        last = summary(now, last=last)


LONG = "the_beginning_that_all_columns_of_a_flattened_table_have_in_common_"
SAME_NAMES = {
    "names that occur twice": ["size", "size"],
    "names that begin alike": [f"{LONG}{n}" for n in range(2)],
    "many columns": [f"measurement_of_sensor_{n}" for n in range(100)],
    "columns that end the names that are kept": [f"{n}_{LONG}" for n in range(150)],
}


def wide(names: Sequence[str], order: Sequence[int]) -> str:
    dice = random.Random(1)
    rows = [[f"{dice.gauss(1000 * n, 1):.2f}" for n in range(len(names))] for _ in range(120)]
    return "\n".join(",".join(row[n] for n in order) for row in [names, *rows]) + "\n"


def compared(now: str, last: str) -> list[str]:
    """What is found in a dataset, compared with an earlier one's summary as it is stored."""
    facts, inputs = read(files(now), {})
    found = preflight.judge(facts, {}, inputs, from_text(to_text(summary(last))))
    return [each.message for each in found if each.rule in ("drift", "format_changed")]


@pytest.mark.parametrize("kind", SAME_NAMES)
def test_the_same_data_give_no_warning_whatever_the_columns_are_called(kind: str) -> None:
    table_ = wide(SAME_NAMES[kind], range(len(SAME_NAMES[kind])))
    assert compared(table_, table_) == []


def test_columns_in_another_order_are_compared_by_name_in_a_wide_table_too() -> None:
    names = [f"c{n}" for n in range(150)]
    assert compared(wide(names, range(149, -1, -1)), wide(names, range(150))) == []


def test_a_column_that_is_gone_is_named_although_later_columns_are_not_kept() -> None:
    names = SAME_NAMES["many columns"]
    now = wide(names, [n for n in range(100) if n != 3])
    assert compared(now, wide(names, range(100))) == [
        "it lacks the columns 'measurement_of_sensor_3', which the last good dataset had"
    ]


def test_random_halves_of_a_table_of_measurements_give_no_warning() -> None:
    header, *rows = PENGUINS.splitlines()
    for seed in range(40):
        random.Random(seed).shuffle(rows)
        halves = ["\n".join([header, *part]) + "\n" for part in (rows[::2], rows[1::2])]
        assert drift(halves[0], summary(halves[1])) == []


def test_a_large_file_that_is_sorted_by_its_classes_is_not_compared_by_the_parts_that_were_read() -> None:
    def is_sorted(rows: int, classes: int) -> str:
        return table(rows, 1, kind=lambda dice, n: "abcdefghij"[n * classes // rows], x=amounts(3))

    assert drift(is_sorted(30_000, 7), summary(is_sorted(30_000, 5))) == []


def test_a_column_that_moves_with_each_dataset_is_reported_once() -> None:
    def week(number: int) -> str:
        return table(500, number, x=lambda dice, n: number * 10 + dice.randrange(2), y=amounts(3))

    first = summary(week(1))
    second = summary(week(2), last=first)
    assert len(drift(week(2), first)) == 1
    third = summary(week(3), last=second)
    assert [drift(week(3), second), drift(week(4), third)] == [[], []]
    calm = summary(week(3), last=third)
    assert len(drift(week(9), calm)) == 1, "it had come to rest"


def test_the_recipe_turns_drift_into_a_rejection_or_off() -> None:
    last, now = summary(table(500, 1, amount=amounts(12))), table(500, 2, amount=amounts(9400))
    assert drift(now, last, drift="ignore") == drift(now, last, ignore=["drift"]) == []
    assert len(drift(now, last, drift="warn")) == 1
    facts, inputs = read(files(now), {})
    cause = preflight.rejection(preflight.judge(facts, {"drift": "reject"}, inputs, last))
    assert cause and "column amount: the median moved from 11.89 to 9,424.08" in cause.message
    assert cause.fix == (
        "Check whether the data is right. If the data is right: set csv: {drift: warn} in train.yaml."
    )


def test_all_parts_of_a_dataset_count_not_the_first_alone() -> None:
    good, bad = table(300, 1, x=amounts(12)), table(300, 2, x=amounts(9400))
    facts, inputs = read(files(good, *[bad] * 5), {})
    last = summary(*[good] * 6)
    assert [each.rule for each in preflight.judge(facts, {}, inputs, last)] == ["drift"]


def test_a_sample_is_bounded_and_spread_over_the_whole_file() -> None:
    sample = RowSample()
    for start in range(0, 50_000, 1000):
        sample.add([[str(n), "x" * 500, *["y"] * 200] for n in range(start, start + 1000)])
    rows = sample.rows(MAX_ROWS)
    numbers = [int(row[0]) for row in rows]
    assert MAX_ROWS / 2 <= len(rows) <= MAX_ROWS and numbers == sorted(numbers)
    assert max(after - before for before, after in zip([0, *numbers], [*numbers, 50_000], strict=True)) < 200
    assert {(len(row), len(row[1])) for row in rows} == {(100, 40)}
    for period in (2, 3, 7, 10, 24, 55, 60, 89, 144, 365):
        shares = [sum(n % period == rest for n in numbers) * period / len(rows) for rest in range(period)]
        assert min(shares) > 0.3 and max(shares) < 2.5, period


def test_a_summary_of_many_categories_stays_within_its_size() -> None:
    columns = {
        f"c{n}": one_of(*[f"\U0001f600 {value} {'x' * 30}" for value in range(10)]) for n in range(100)
    }
    assert len(to_text(summary(table(110, 1, **columns)))) <= MAX_BYTES
