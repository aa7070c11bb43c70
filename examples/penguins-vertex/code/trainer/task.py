"""The penguins for Vertex AI and Cloud ML Engine: `python -m trainer.task --job-dir DIR`."""

import argparse
import os
from pathlib import Path

from trainer import penguins

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--job-dir", default="job", help="Cloud ML Engine's folder for what the job writes")
parser.add_argument("--epochs", type=int, default=12)
parser.add_argument("--batch_size", type=int, default=32)
parser.add_argument("--learning_rate", type=float, default=0.01)
options = parser.parse_args()

options.train = Path(os.environ["AIP_TRAINING_DATA_URI"])
options.test = Path(os.environ["AIP_TEST_DATA_URI"])
options.model = Path(os.environ["AIP_MODEL_DIR"], "keras")
options.export = Path(os.environ["AIP_MODEL_DIR"], "1")
options.checkpoints = Path(os.environ["AIP_CHECKPOINT_DIR"])
options.metrics = Path(os.environ["AIP_TENSORBOARD_LOG_DIR"], "metrics.jsonl")
penguins.train(options)
