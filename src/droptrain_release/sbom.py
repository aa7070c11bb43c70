"""Software bills of materials in CycloneDX's form: the console's. Python's are made by cyclonedx-py."""

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

SPEC_VERSION = "1.6"


def of_console(
    vendored: Iterable[Mapping[str, Any]], version: str, epoch: int, folder: str = "console/"
) -> str:
    """The libraries below `folder` in VENDORED.json, with the checksum of their npm package."""
    components = [
        {
            "type": "library",
            "bom-ref": f"{it['name']}@{it['version']}",
            "name": it["name"],
            "version": it["version"],
            "purl": f"pkg:npm/{it['name']}@{it['version']}",
            "licenses": [{"license": {"id": it["licence"]}}],
            "hashes": [{"alg": "SHA-512", "content": base64.b64decode(it["package_sha512"]).hex()}],
        }
        for it in vendored
        if all(file["file"].startswith(folder) for file in it["files"])
    ]
    document = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC_VERSION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).isoformat(),
            "component": {
                "type": "application",
                "bom-ref": "root-component",
                "name": "droptrain console",
                "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": components,
        "dependencies": [
            {"ref": "root-component", "dependsOn": [it["bom-ref"] for it in components]},
        ],
    }
    return json.dumps(document, indent=2) + "\n"
