"""The penguins in SageMaker's script mode: hyperparameters are arguments, folders are SM_ variables."""

import argparse
import os
from pathlib import Path

import penguins

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=12)
parser.add_argument("--batch_size", type=int, default=32)
parser.add_argument("--learning_rate", type=float, default=0.01)
parser.add_argument("--training", type=Path, default=os.environ["SM_CHANNEL_TRAINING"])
parser.add_argument("--testing", type=Path, default=os.environ["SM_CHANNEL_TESTING"])
parser.add_argument("--model_dir", type=Path, default=os.environ["SM_MODEL_DIR"])
parser.add_argument("--output_dir", type=Path, default=os.environ["SM_OUTPUT_DATA_DIR"])
options = parser.parse_args()

options.train, options.test = options.training / "train.csv", options.testing / "test.csv"
options.model, options.export = options.model_dir / "keras", options.model_dir / "1"
options.checkpoints = options.model_dir.parent / "checkpoints"  # SageMaker's own place for them
options.metrics = options.output_dir / "metrics.jsonl"
penguins.train(options)
