"""Learn a penguin's species from its measurements, and export a model that takes a CSV's raw fields.

By hand:  python code/train.py --train data/train.csv --test data/test.csv
A Batch job sets the rest by environment: HP_* (hyperparameters), CHECKPOINT_DIR (saved while training, read
when a job starts again) and METRICS_FILE (JSON lines).
"""

import argparse
import csv
import json
import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

# Read when TensorFlow is imported: a quiet log, and the same numbers on every CPU.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import tensorflow as tf

LABEL = "species"
NUMBERS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
CATEGORIES = ("island", "sex")  # an unknown sex is an empty field
VALIDATION_PART = 0.2
SEED = 7


class Penguins(NamedTuple):
    """Features by name, each of shape (rows, 1), and the species' names, of shape (rows,)."""

    features: dict[str, tf.Tensor]
    species: tf.Tensor


def train(options: argparse.Namespace) -> None:
    """Train, test and save, as `parse_options` says."""
    keras.utils.set_random_seed(SEED)

    everyone, test = read(options.train), read(options.test)
    training, validation = hold_out(everyone, VALIDATION_PART)
    print(
        f"{rows(training)} penguins to learn from, {rows(validation)} to validate, {rows(test)} to test",
        flush=True,
    )

    # Means, variances and vocabularies are learned from the training rows alone.
    label = keras.layers.StringLookup(num_oov_indices=0, vocabulary=sorted(set(strings(training.species))))
    model = build(training, classes=label.vocabulary_size())
    model.compile(
        optimizer=keras.optimizers.Adam(options.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
    )

    progress = Progress(model, options.checkpoints, options.metrics)
    first_epoch = progress.restore()
    model.fit(
        dataset(training, label, options.batch_size, shuffle=True),
        validation_data=dataset(validation, label, options.batch_size),
        initial_epoch=first_epoch,
        epochs=options.epochs,
        callbacks=[progress],
        shuffle=False,  # the dataset does
        verbose=0,
    )

    loss, accuracy = model.evaluate(dataset(test, label, options.batch_size), verbose=0)
    baseline = majority_baseline(training, test)
    progress.report(options.epochs, test_loss=loss, test_accuracy=accuracy, baseline_accuracy=baseline)
    print(f"test accuracy {accuracy:.3f}; always answering the commonest species: {baseline:.3f}", flush=True)

    save(model, label, options.model, options.export)


def parse_options() -> argparse.Namespace:
    """Options; hyperparameters and folders default to what the environment says."""
    parser = argparse.ArgumentParser(description="Learn a penguin's species from its measurements.")
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("model"), help="folder for the Keras model")
    parser.add_argument("--export", type=Path, default=Path("export"), help="folder for the SavedModel")
    say = os.environ.get
    parser.add_argument("--epochs", type=int, default=int(say("HP_EPOCHS", "12")))
    parser.add_argument("--batch-size", type=int, default=int(say("HP_BATCH_SIZE", "32")))
    parser.add_argument("--learning-rate", type=float, default=float(say("HP_LEARNING_RATE", "0.01")))
    parser.add_argument("--checkpoints", type=Path, default=Path(say("CHECKPOINT_DIR", "checkpoints")))
    parser.add_argument("--metrics", type=Path, default=Path(say("METRICS_FILE", "metrics.jsonl")))
    return parser.parse_args()


def read(path: Path) -> Penguins:
    """The penguins in a CSV with a header line; ends the training with a clear message if it can't."""
    with path.open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    if not table:
        raise SystemExit(f"{path} holds no penguins")
    if absent := {LABEL, *NUMBERS, *CATEGORIES} - table[0].keys():
        raise SystemExit(f"{path} lacks the columns {', '.join(sorted(absent))}")
    features: dict[str, tf.Tensor] = {}
    for name in NUMBERS:
        features[name] = tf.constant(
            [[number(path, place, name, row[name])] for place, row in enumerate(table)]
        )
    for name in CATEGORIES:
        features[name] = tf.constant([[row[name]] for row in table])
    return Penguins(features, tf.constant([row[LABEL] for row in table]))


def number(path: Path, place: int, name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SystemExit(f"{path}, row {place + 1}: {name} has to be a number, not {text!r}") from None


def hold_out(penguins: Penguins, part: float) -> tuple[Penguins, Penguins]:
    """(the rest, `part` of the rows): always the same ones, so that a resumed training holds out the same."""
    order = tf.random.experimental.stateless_shuffle(tf.range(rows(penguins)), seed=[SEED, 0])
    held = int(rows(penguins) * part)
    return choose(penguins, order[held:]), choose(penguins, order[:held])


def choose(penguins: Penguins, places: tf.Tensor) -> Penguins:
    features = {name: tf.gather(column, places) for name, column in penguins.features.items()}
    return Penguins(features, tf.gather(penguins.species, places))


def rows(penguins: Penguins) -> int:
    return int(penguins.species.shape[0])


def strings(tensor: tf.Tensor) -> list[str]:
    return [value.decode() for value in tensor.numpy().ravel()]


def dataset(
    penguins: Penguins, label: keras.layers.StringLookup, batch_size: int, *, shuffle: bool = False
) -> tf.data.Dataset:
    """Batches of (features, class number)."""
    examples = tf.data.Dataset.from_tensor_slices((penguins.features, label(penguins.species)))
    if shuffle:
        examples = examples.shuffle(rows(penguins), seed=SEED)
    return examples.batch(batch_size).prefetch(tf.data.AUTOTUNE)


def build(train: Penguins, classes: int) -> keras.Model:
    """A model over raw fields: normalised numbers and one-hot categories, two small layers, a softmax."""
    inputs: dict[str, keras.KerasTensor] = {}
    encoded: list[keras.KerasTensor] = []
    for name in NUMBERS:
        inputs[name] = keras.Input((1,), name=name, dtype="float32")
        normalise = keras.layers.Normalization(name=f"normal_{name}")
        normalise.adapt(train.features[name])
        encoded.append(normalise(inputs[name]))
    for name in CATEGORIES:
        inputs[name] = keras.Input((1,), name=name, dtype="string")
        vocabulary = sorted(set(strings(train.features[name])) - {""})
        one_hot = keras.layers.StringLookup(
            vocabulary=vocabulary, output_mode="one_hot", name=f"one_hot_{name}"
        )
        encoded.append(one_hot(inputs[name]))
    hidden = keras.layers.Concatenate()(encoded)
    hidden = keras.layers.Dense(16, activation="relu")(hidden)
    hidden = keras.layers.Dropout(0.2)(hidden)
    hidden = keras.layers.Dense(16, activation="relu")(hidden)
    return keras.Model(
        inputs, keras.layers.Dense(classes, activation="softmax", name=LABEL)(hidden), name="penguins"
    )


class Progress(keras.callbacks.Callback):
    """Says, records and saves each epoch; a training that starts again goes on after the last saved one."""

    def __init__(self, model: keras.Model, checkpoints: Path, metrics: Path) -> None:
        super().__init__()
        self._metrics = metrics
        self._epochs_done = tf.Variable(0, dtype=tf.int64)
        model.optimizer.build(model.trainable_variables)
        checkpoint = tf.train.Checkpoint(
            model=model, optimizer=model.optimizer, epochs_done=self._epochs_done
        )
        self._manager = tf.train.CheckpointManager(checkpoint, str(checkpoints), max_to_keep=2)

    def restore(self) -> int:
        """The epoch to go on with: 0, or the one after the newest checkpoint, which is restored."""
        path = self._manager.restore_or_initialize()
        done = int(self._epochs_done.numpy())
        if path:
            print(f"resuming after epoch {done} from {path}", flush=True)
        return done

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        values = {name: float(value) for name, value in (logs or {}).items()}
        self._epochs_done.assign(epoch + 1)
        self._manager.save(checkpoint_number=epoch + 1)
        self.report(epoch + 1, **values)
        shown = "  ".join(f"{name} {value:.3f}" for name, value in values.items())
        print(f"epoch {epoch + 1:>2}/{self.params['epochs']}  {shown}", flush=True)

    def report(self, step: int, **values: float) -> None:
        """Add a line to the metrics file."""
        with self._metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **values}) + "\n")


def majority_baseline(train: Penguins, test: Penguins) -> float:
    """The test accuracy of always answering the species that is commonest in training."""
    commonest = Counter(strings(train.species)).most_common(1)[0][0]
    answers = strings(test.species)
    return answers.count(commonest) / len(answers)


def save(model: keras.Model, label: keras.layers.StringLookup, folder: Path, export: Path) -> None:
    """The Keras model, to train on with, and a SavedModel that takes raw fields and answers by name."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "penguins.keras")
    names = tf.constant(label.get_vocabulary())

    def predict(features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        probabilities = model(features, training=False)
        return {
            "species": tf.gather(names, tf.argmax(probabilities, axis=-1)),
            "probabilities": probabilities,
        }

    signature = {
        name: tf.TensorSpec((None, 1), tensor.dtype, name=name) for name, tensor in model.input.items()
    }
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", predict, input_signature=[signature])
    archive.write_out(str(export), verbose=False)
    print(f"exported to {export}", flush=True)


if __name__ == "__main__":
    train(parse_options())
