"""The smallest thing that learns: the temperature from which on a canary sings."""

import csv
import json
import os
import sys
from pathlib import Path

source, target = map(Path, sys.argv[1:])
with source.open(newline="") as file:
    rows = [(float(row["celsius"]), row["sings"] == "1") for row in csv.DictReader(file)]
right, threshold = max((sum((celsius >= each) is sings for celsius, sings in rows), each) for each, _ in rows)
target.write_text(json.dumps({"sings_from_celsius": threshold}))
with Path(os.environ["METRICS_FILE"]).open("a") as metrics:
    metrics.write(json.dumps({"accuracy": right / len(rows)}) + "\n")
print(f"{right} of {len(rows)} right with a threshold of {threshold}")
