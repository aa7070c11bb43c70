"""The rules of Amazon SNS and EventBridge for what is published.

Sources: SNS API reference, Publish (subject, 256 KiB for message and attributes, nothing empty); SQS API
reference, SendMessage (the characters of a message; that attributes in SNS have no others is an assumption);
EventBridge API reference, PutEvents (1 MB).
"""

import json
import re
from typing import Any

from chaos.model.rules import refused, text_bytes

CODE = "InvalidParameter"
MAX_SUBJECT = 99
MAX_MESSAGE_BYTES = 256 * 1024
MAX_ENTRY_BYTES = 1000 * 1000
_NO_CHARACTER = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


class NoticeRules:
    """A client that applies the rules to what is published, and publishes nothing."""

    def publish(self, **request: Any) -> None:
        subject, attributes = request["Subject"], request["MessageAttributes"]
        if not subject.isprintable() or not 1 <= len(subject) <= MAX_SUBJECT:
            raise refused(CODE, f"Subject: {subject!a}")
        size = text_bytes(request["Message"], CODE)
        _check_json(request["Message"])
        for name, attribute in attributes.items():
            value = attribute["StringValue"]
            if not value or _NO_CHARACTER.search(value):
                raise refused(CODE, f"{name}: {value!a}")
            size += text_bytes(name + attribute["DataType"] + value, CODE)
        if size > MAX_MESSAGE_BYTES:
            raise refused(CODE, f"The message has {size} bytes")

    def put_events(self, **request: Any) -> dict[str, Any]:
        for entry in request["Entries"]:
            size = sum(text_bytes(entry[name], CODE) for name in ("Source", "DetailType", "Detail"))
            _check_json(entry["Detail"])
            if size > MAX_ENTRY_BYTES:
                raise refused(CODE, f"The entry has {size} bytes")
        return {"FailedEntryCount": 0}

    def get_topic_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {}}


def _check_json(text: str) -> None:
    """ClientError if the JSON has an escaped lone surrogate, which is no text after parsing."""
    text_bytes(json.dumps(json.loads(text), ensure_ascii=False), CODE)
