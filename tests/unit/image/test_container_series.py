"""Metrics of code that doesn't write METRICS_FILE: definitions, Keras's lines, event files."""

import json
import struct
import time
from pathlib import Path

import pytest
from droptrain_container import event_files
from droptrain_container.definitions import Definitions
from droptrain_container.event_files import EventFiles
from droptrain_container.folder import Folder
from droptrain_container.keras_lines import KerasLines
from droptrain_container.layout import Layout
from droptrain_container.plan import MetricDefinition
from droptrain_container.points import Points
from droptrain_container.points import lines as lines_of
from droptrain_container.screen import LINE_CHARACTERS, Screen
from droptrain_container.series import Series
from hypothesis import given
from hypothesis import strategies as st
from support.training_machine import REPOSITORY
from support.waiting import wait_for

EVENTS = REPOSITORY / "tests" / "events"
# What Keras and TensorFlow wrote themselves: `fit` twice with two epochs each, `evaluate` in between.
RECORDED = [EVENTS / "keras_verbose_1.out", EVENTS / "keras_verbose_2.out"]
BOARD = EVENTS / "tensorboard"
KERAS_2 = (
    b"Epoch 1/2\n\r 1/12 [=>............................] - ETA: 5s - loss: 0.7000 - accuracy: 0.5000"
    b"\b\b\b\b\b\b\r 9/12 [=====================>........] - ETA: 0s - loss: 0.6000 - accuracy: 0.6000"
    b"\b\b\b\b\b\b\r12/12 [==============================] - 1s 31ms/step - loss: 0.5000 - accuracy: 0.7500"
    b" - val_loss: 0.4500 - val_accuracy: 0.8000\n"
    b"Epoch 2/2\r\n12/12 - 1s - loss: 1.0e-04 - accuracy: nan - val_loss: -2.5 - 1s/epoch - 83ms/step\r\n"
)


def rows(content: bytes) -> list[dict[str, float]]:
    return [json.loads(line) for line in content.splitlines()]


def keras(output: bytes, size: int = 1 << 16) -> list[dict[str, float]]:
    """What is read of `output` that comes in chunks of `size` bytes."""
    points, screen = Points(), Screen()
    lines = KerasLines(points)
    for start in range(0, len(output), size):
        for line in screen.feed(output[start : start + size]):
            lines.read(line)
    return rows(lines_of(points))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_keras_3_gives_one_point_for_each_epoch_and_none_for_evaluate(path: Path, size: int) -> None:
    found = keras(path.read_bytes(), size)
    assert [row["step"] for row in found] == [1, 2, 3, 4]
    assert [set(row) - {"step"} for row in found] == [
        *[{"accuracy", "loss", "val_accuracy", "val_loss"}] * 2,
        *[{"accuracy", "loss"}] * 2,
    ]


def test_keras_s_numbers_are_those_of_its_event_files() -> None:
    """Both were recorded in the same training."""
    found = keras(RECORDED[0].read_bytes())[:2]
    board = EventFiles([Folder(BOARD / name, [BOARD]) for name in ("train", "validation")])
    board.look()
    in_files = [row for row in rows(lines_of(board.points())) if row["step"] < 2]
    for line, file in zip(found, in_files, strict=True):
        for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
            assert line[name] == pytest.approx(file[name], abs=6e-5)


@pytest.mark.parametrize("size", [5, 1 << 16])
def test_keras_2_is_read_with_its_carriage_returns(size: int) -> None:
    assert keras(KERAS_2, size) == [
        {"step": 1, "loss": 0.5, "accuracy": 0.75, "val_loss": 0.45, "val_accuracy": 0.8},
        {"step": 2, "loss": 0.0001, "val_loss": -2.5},
    ]


def test_fits_of_one_epoch_have_no_header_and_count_by_their_validation() -> None:
    output = b"".join(
        b"2/2 - 0s - 9ms/step - loss: %d.0 - val_loss: 1.0\n1/1 - 0s - loss: 9.0\n" % number
        for number in (3, 2)
    )
    once = [{"step": 1, "loss": 3, "val_loss": 1}, {"step": 2, "loss": 2, "val_loss": 1}]
    assert keras(output) == once
    after = [row | {"step": row["step"] + 2} for row in once]
    assert keras(KERAS_2 + output)[2:] == after


def test_an_epoch_that_was_not_finished_is_no_point() -> None:
    assert keras(b"Epoch 4/9\n 3/12 [==>...] - ETA: 1s - loss: 0.5\nKilled\n") == []
    assert keras(b"12/12 - 1s - loss: 0.5\n") == [], "evaluate, with no epoch before it"


def test_a_training_that_goes_on_keeps_keras_s_numbers() -> None:
    assert [row["step"] for row in keras(b"Epoch 4/9\n2/2 - 1s - loss: 0.5\nEpoch 5/9\n2/2 - loss: 1\n")] == [
        4,
        5,
    ]


def test_a_long_epoch_is_bounded_in_memory() -> None:
    screen = Screen()
    assert list(screen.feed(b"Epoch 1/1\n")) == ["Epoch 1/1"]
    for number in range(2000):
        assert list(screen.feed(b"\r%d/2000 - loss: 0.5" % number + b" " * 100)) == []
    assert len(screen._pending) < 1 << 17
    assert [line.strip() for line in screen.feed(b"\r2000/2000 - loss: 0.25\n")] == ["2000/2000 - loss: 0.25"]
    assert len(next(screen.feed(b"x" * 1_000_000 + b"\n"))) == LINE_CHARACTERS


def test_colours_and_backspaces_are_not_part_of_a_line() -> None:
    assert list(Screen().feed(b"a\r\x1b[1m\x1b[32mloss\x1b[0m: 1\b\b\r\n\xff\n")) == ["loss: 1", "\ufffd"]


pieces = st.sampled_from([
    b"Epoch 1/3\n", b"\r", b"\b", b"12/12", b" - ", b"loss: ", b"0.5", b"\n", b"\x1b[", b"0;1", b"m",
    b"1e999", b"-", b"9" * 400, b": ", b"step: 3",
])  # fmt: skip


@given(st.lists(st.lists(pieces, max_size=30).map(b"".join) | st.binary(max_size=50), max_size=8))
def test_whatever_a_script_writes_it_is_read_without_an_error(chunks: list[bytes]) -> None:
    points, screen = Points(), Screen()
    lines = KerasLines(points)
    for chunk in chunks:
        for line in screen.feed(chunk):
            lines.read(line)
    assert all("step" in row for row in rows(lines_of(points)))


@pytest.mark.parametrize("line", [
    b"9" * 60_000, b"\x1b[" * 30_000, b"12/12 - " + b"a" * 60_000, b"12/12" + b" - a: 1" * 9_000,
    b"Epoch " + b"1" * 60_000, b"\r" * 60_000, b"\x1b[" + b"0;" * 30_000, b" " * 60_000,
])  # fmt: skip
def test_no_line_stalls_the_reading(line: bytes) -> None:
    started = time.process_time()
    for _ in range(10):
        keras(b"Epoch 1/3\n" + line + b"\n")
    assert time.process_time() - started < 1


def test_event_files_of_several_writers_are_told_apart() -> None:
    board = EventFiles([Folder(BOARD, [BOARD])])
    board.look()
    board.look()
    found = rows(lines_of(board.points()))
    assert {"step": 5, "v1/loss": 2.0} in found
    assert {"step": 7, "own/x": 3.5} in found
    assert [row["step"] for row in found if "val_loss" in row] == [0, 1]


def test_an_event_file_is_read_on_while_it_is_written(tmp_path: Path) -> None:
    whole = next((BOARD / "train").iterdir()).read_bytes()
    path = tmp_path / "events.out.tfevents.1.host"
    board = EventFiles([Folder(tmp_path, [tmp_path])])
    for size in range(0, len(whole) + 1, 100):
        path.write_bytes(whole[:size])
        board.look()
    path.write_bytes(whole)
    board.look()
    assert [row["step"] for row in rows(lines_of(board.points()))] == [0, 1]


def record(event: bytes) -> bytes:
    return struct.pack("<QI", len(event), 0) + event + b"\0" * 4


@given(st.binary(max_size=200))
def test_whatever_an_event_holds_the_next_one_is_read(tmp_path_factory, event: bytes) -> None:
    path = tmp_path_factory.mktemp("events") / "x.tfevents.1"
    whole = next((BOARD / "v1").iterdir()).read_bytes()
    path.write_bytes(record(event) + whole)
    found, offset = event_files.read_scalars(path)
    assert found[-1] == (5, "loss", 2.0)
    assert offset == path.stat().st_size


@given(st.integers(0, 700), st.binary(min_size=1, max_size=4))
def test_a_damaged_event_file_is_no_error(tmp_path_factory, at: int, damage: bytes) -> None:
    path = tmp_path_factory.mktemp("events") / "x.tfevents.1"
    whole = bytearray(next((BOARD / "validation").iterdir()).read_bytes())
    whole[at : at + len(damage)] = damage
    path.write_bytes(whole)
    assert len(event_files.read_scalars(path)[0]) <= 8


def defined(points: Points, said: list[str], *pairs: tuple[str, str], last_step: float = 0) -> Definitions:
    definitions = [MetricDefinition(name, regex) for name, regex in pairs]
    return Definitions(definitions, points, said.append, last_step)


def wait_for_points(points: Points, count: int) -> None:
    wait_for(f"{count} points", lambda: len(list(points)) >= count)


def test_definitions_find_numbers_and_count_them_on() -> None:
    points, said = Points(), list[str]()
    made = defined(points, said, ("loss", r"loss=([0-9.e+-]+|nan|x)"), ("val", r"val=(\S+)"), last_step=10)
    for line in ("loss=0.5 val=1", "nothing", "größe loss=1e-3", "loss=nan", "loss=x", "val=3%"):
        made.read(line)
    made.finish()
    assert rows(lines_of(points)) == [
        {"step": 11, "loss": 0.5, "val": 1},
        {"step": 12, "loss": 0.001},
    ]
    assert said == []


def test_a_definition_of_the_step_gives_the_axis() -> None:
    points = Points()
    made = defined(points, [], ("step", r"step (\d+)"), ("loss", r"loss (\S+)"))
    for line in ("step 100", "loss 3", "step 200 loss 2", "loss 1"):
        made.read(line)
    made.finish()
    assert rows(lines_of(points)) == [{"step": 100, "loss": 3}, {"step": 200, "loss": 1}]


def test_a_regex_that_never_ends_stalls_nothing_and_the_others_go_on() -> None:
    points, said = Points(), list[str]()
    made = defined(points, said, ("slow", r"(a+)+$ ([0-9]+)"), ("loss", r"loss=([0-9.]+)"))
    started = time.monotonic()
    for number in range(1000):
        made.read("a" * 60 + f"! loss={number}")
    assert time.monotonic() - started < 0.5, "whoever writes lines never waits"
    wait_for_points(points, 1001)
    made.finish()
    assert rows(lines_of(points))[-1] == {"step": 1000, "loss": 999}
    assert len(said) == 1
    assert said[0].startswith("metric_definitions: the regex of slow takes too long for a line")


def test_a_regex_that_is_wrong_or_takes_long_to_compile_is_not_used_and_the_others_are() -> None:
    points, said = Points(), list[str]()
    endless = "(?i)(x)" + "[\x01-\U0010ffff]" * 100
    pairs = (("slow", endless), ("open", "("), ("huge", "a{99999999999}()"), ("bare", "loss"))
    made = defined(points, said, *pairs, ("loss", r"loss=([0-9.]+)"))
    made.read("loss=1")
    wait_for_points(points, 1)
    made.finish()
    assert rows(lines_of(points)) == [{"step": 1, "loss": 1}]
    whys = ("slow takes too long to compile", "open can't be read", "huge can't be read", "bare has no group")
    for line, why in zip(said, whys, strict=True):
        assert line.startswith(f"metric_definitions: the regex of {why}")


def test_lines_that_come_too_fast_are_passed_over_and_counted(monkeypatch) -> None:
    monkeypatch.setattr("droptrain_container.definitions._LINES_WAITING", 2)
    said: list[str] = []
    made = defined(Points(), said, ("slow", r"(a+)+$()"))
    for _ in range(20_000):
        made.read("a" * 4000 + "!")
    made.finish()
    assert "lines were passed over" in said[-1]


def test_points_are_bounded_and_keep_their_ends() -> None:
    points = Points()
    for step in range(100_000):
        points.add("loss", step, 1.0)
    for number in range(1000):
        points.add(f"name {number}", 1, 1.0)
    points.add("x" * 101, 1, 1.0)
    points.add("loss", 100_001, float("inf"))
    found = [row for row in rows(lines_of(points)) if "loss" in row]
    assert (found[0]["step"], found[-1]["step"]) == (0, 99_999)
    assert 1000 <= len(found) <= 2001
    assert len({name for name, _, _ in points}) == 200


def write_board(layout: Layout) -> None:
    folder = layout.tensorboard / "train"
    folder.mkdir(parents=True)
    source = next((BOARD / "train").iterdir())
    (folder / source.name).write_bytes(source.read_bytes())


def test_each_name_is_read_from_the_best_source_that_has_it(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    series = Series(layout, print)
    layout.metrics_file.write_text('{"step": 3, "loss": 9}\n')
    series.start([MetricDefinition("mine", r"mine=(\d+)"), MetricDefinition("val_loss", r"x=(\d+)")])
    assert series.derived() == b""
    write_board(layout)
    assert rows(series.derived())[0].keys() == {"step", "loss", "accuracy", "learning_rate"}
    series.read(KERAS_2)
    of_keras = [row for row in rows(series.derived()) if "val_loss" in row]
    assert of_keras[0].keys() == {"step", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"}
    series.read(b"mine=7\nx=5\n")
    series.finish()
    assert [row["val_loss"] for row in rows(series.derived()) if "val_loss" in row] == [5]
    with layout.metrics_file.open("a") as file:
        file.write('{"step": 4, "loss": 8}\n')
    names = {name for row in rows(series.derived()) for name in row}
    assert names == {"step", "mine", "val_loss", "accuracy", "val_accuracy", "learning_rate"}


def test_names_of_a_metrics_file_are_read_on_while_it_is_written(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    series = Series(layout, print)
    series.start([])
    series.read(KERAS_2)
    with layout.metrics_file.open("a") as file:
        for text, left in (('{"los', {"loss", "accuracy", "val_loss", "val_accuracy"}),
                           ('s": 1}', {"accuracy", "val_loss", "val_accuracy"}),
                           ('\n{"val_loss": NaN}\n', {"accuracy", "val_accuracy"})):  # fmt: skip
            file.write(text)
            file.flush()
            assert {name for row in rows(series.derived()) for name in row} - {"step"} == left
    layout.metrics_file.write_text('{"a": 1}\n')
    assert {name for row in rows(series.derived()) for name in row} - {"step"} == {
        "loss", "accuracy", "val_loss", "val_accuracy",
    }, "a file that was begun anew has other names"  # fmt: skip


@pytest.mark.parametrize(("output", "file", "names"), [
    (b"Epoch 1/1\n9/9 - 1s - loss: nan - accuracy: 0.5\n", "", ["loss"]),
    (b"Epoch 1/2\n9/9 - 1s - loss: nan\nEpoch 2/2\n9/9 - 1s - loss: 0.5\n", "", []),
    (b"Epoch 1/1\n9/9 - 1s - loss: inf - val_loss: -inf\n", "", ["loss", "val_loss"]),
    (b"Epoch 1/1\n9/9 - 1s - loss: nan\n", '{"loss": 0.5}\n', []),
    (b"", '{"loss": 0.5}\n{"loss": NaN}\n', ["loss"]),
    (b"", '{"loss": NaN}\n{"loss": 0.5}', []),
    (b"found: nan\n", "", ["defined"]),
    (b"found: inf\nfound: 1\n", "", []),
])  # fmt: skip
def test_names_whose_last_value_is_not_finite_are_known(
    tmp_path: Path, output: bytes, file: str, names: list[str]
) -> None:
    layout = Layout(tmp_path)
    series = Series(layout, print)
    series.start([MetricDefinition("defined", r"found: (\S+)")])
    series.read(output)
    layout.metrics_file.write_text(file)
    series.finish()
    assert series.not_finite() == names
