#!/usr/bin/env bash
# Fetch, learn one threshold, save a checkpoint, report, export: a little of everything, in a second.
set -euo pipefail

aws s3 cp --only-show-errors "$TRAINING_DATA" train.csv
python learn.py train.csv threshold.json
cp threshold.json "$CHECKPOINT_DIR/"
aws s3 cp --only-show-errors threshold.json "$EXPORT_PATH/"
