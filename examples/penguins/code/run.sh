#!/usr/bin/env bash
# Fetch the data, train, and put the results where the job's environment says; all names there are S3 URIs.
set -euo pipefail

aws s3 cp --only-show-errors "$TEST_DATA" test.csv &
aws s3 cp --only-show-errors "$TRAINING_DATA" train.csv
wait $!

python train.py --train train.csv --test test.csv --model model --export export

aws s3 sync --only-show-errors model "$MODEL_DIR" &
aws s3 cp --only-show-errors --recursive export "$EXPORT_PATH"
wait $!
