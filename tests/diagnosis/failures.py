"""Lets real libraries fail, one after another, and prints what each printed, as JSON: {name: traceback}."""

import argparse
import contextlib
import csv
import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
import traceback
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(tempfile.mkdtemp())


def _file(name: str, content: bytes) -> str:
    (FOLDER / name).write_bytes(content)
    return str(FOLDER / name)


def _arguments(*words: str) -> None:
    parser = argparse.ArgumentParser("train.py")
    parser.add_argument("--epochs", type=int)
    parser.parse_args(words)


def _rows(path: str, number: type = float) -> None:
    for row in csv.reader(Path(path).read_text("utf-8").splitlines()):
        [number(field) for field in row]


def _uv_offline() -> None:
    uv = Path(sys.executable).with_name("uv")
    where = ("--python", sys.executable, "--cache-dir", str(FOLDER / "cache"))
    command = (str(uv), "pip", "install", "--dry-run", "--offline", *where, "no-such-package")
    sys.stderr.write(subprocess.run(command, capture_output=True, check=False, text=True).stderr)


def plain() -> dict[str, Callable[[], Any]]:
    """Failures of Python's own library; the name begins with the cause."""
    return {
        "bad_hyperparameters unknown": lambda: _arguments("--epoch", "3", "--lr", "1"),
        "bad_hyperparameters type": lambda: _arguments("--epochs", "abc"),
        "bad_data latin-1": lambda: _rows(_file("a.csv", "é,1\n".encode("latin-1"))),
        "bad_data number": lambda: _rows(_file("b.csv", b'"1,000.50",2\n')),
        "bad_data gzip": lambda: gzip.open(_file("c.csv.gz", b"<html>")).read(),
        "no_network": lambda: urllib.request.urlopen("http://host.invalid/x"),
        "offline_mode uv": _uv_offline,
        "missing_module": lambda: __import__("no_such_package"),
        "script_raised": lambda: os.environ["SM_CHANNEL_NONE"],
    }


def tensorflow() -> dict[str, Callable[[], Any]]:
    """Failures of TensorFlow and Keras; the name begins with the cause."""
    import tensorflow as tf

    def rows(content: bytes) -> None:
        path = _file("d.csv", content)
        list(tf.data.experimental.make_csv_dataset(path, 1, column_defaults=[0.0, 0], num_epochs=1))

    def fit(labels: list[int]) -> None:
        model = tf.keras.Sequential([tf.keras.layers.Dense(3)])
        model.compile(loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(tf.zeros((4, 2)), tf.constant(labels), verbose=0)

    def model() -> Any:
        return tf.keras.Sequential([tf.keras.layers.Input((2,)), tf.keras.layers.Dense(1)])

    return {
        "bad_data csv": lambda: rows(b'a,b\n"1,000.50",1\n'),
        "column_mismatch csv": lambda: rows(b"a,b\nAdelie,1\n"),
        "column_mismatch fields": lambda: rows(b"a,b\n1,2,3\n"),
        "bad_data label": lambda: fit([0, 1, 2, 3]),
        "bad_data records": lambda: list(tf.data.TFRecordDataset(_file("e", b"no record at all"))),
        "bad_data picture": lambda: tf.io.decode_image(b"no picture"),
        "framework_mismatch contrib": lambda: __import__("tensorflow.contrib"),
        "framework_mismatch examples": lambda: __import__("tensorflow.examples.tutorials"),
        "framework_mismatch session": lambda: tf.Session,
        "framework_mismatch placeholder": lambda: tf.compat.v1.placeholder(tf.float32),
        "framework_mismatch lr": lambda: tf.keras.optimizers.Adam(lr=0.1),
        "framework_mismatch save": lambda: model().save(str(FOLDER / "model"), save_format="tf"),
        "out_of_memory": lambda: tf.zeros((1 << 40,)),
        "missing_module s3": lambda: tf.io.gfile.glob("s3://bucket/*"),
        "no_network weights": lambda: tf.keras.utils.get_file("x", "https://host.invalid/x"),
    }


def _printed(fails: Callable[[], Any]) -> str:
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            fails()
        except SystemExit:
            pass
        except Exception:  # noqa: BLE001  (every failure is one to look at)
            traceback.print_exc()
    return said.getvalue()


if __name__ == "__main__":
    chosen = {"plain": plain, "tensorflow": tensorflow}[sys.argv[1]]()
    sys.stdout.write(json.dumps({name: _printed(fails) for name, fails in chosen.items()}))
