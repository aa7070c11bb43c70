"""What a function of a batch answers and prints."""

import json
from collections import Counter
from typing import Any


def failed(answer: dict[str, Any]) -> list[str]:
    """The identifiers of the records that failed."""
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def metrics_in(output: str) -> Counter[str]:
    """The metrics in what was printed, summed by name."""
    found: Counter[str] = Counter()
    for line in output.splitlines():
        blob = json.loads(line)
        for directive in blob.get("_aws", {}).get("CloudWatchMetrics", []):
            for metric in directive["Metrics"]:
                found[metric["Name"]] += sum(blob[metric["Name"]])
    return found
