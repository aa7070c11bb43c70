"""Checks bills of materials against CycloneDX's own schema; it runs where its library is."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def main(arguments: Sequence[str]) -> str | None:
    """What is wrong with the files, None if nothing is."""
    wrong = []
    for name in arguments:
        text = Path(name).read_text("utf-8")
        version = SchemaVersion.from_version(json.loads(text)["specVersion"])
        error = JsonStrictValidator(version).validate_str(text)
        if error:
            wrong.append(f"{name}: {error}")
    return "\n".join(wrong) or None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
