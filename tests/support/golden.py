"""The golden events in tests/events: what AWS sends, as it documents it; its README says where."""

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "events"


def golden(name: str) -> dict[str, Any]:
    """The event `name`, such as "batch/running", made anew."""
    found: dict[str, Any] = json.loads(_text(name))
    return found


@cache
def _text(name: str) -> str:
    return (FOLDER / f"{name}.json").read_text("utf-8")


def names_of(folder: str) -> list[str]:
    """The names of a folder's events, such as "batch"."""
    return sorted(f"{folder}/{path.stem}" for path in (FOLDER / folder).glob("*.json"))


def queued(*bodies: object) -> dict[str, Any]:
    """A batch of a queue with these events, or texts, in it; its messages are m0, m1 and so on."""
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    return {
        "Records": [
            golden("sqs/message") | {"messageId": f"m{number}", "body": text}
            for number, text in enumerate(texts)
        ]
    }


def streamed(*records: object) -> dict[str, Any]:
    """A batch of the table's stream."""
    return {"Records": list(records)}
