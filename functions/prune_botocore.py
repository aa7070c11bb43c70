"""Leaves only what the adapters call of an installed botocore's data, so that clients are made of little.

usage: prune_botocore.py LAYER    (the folder with botocore/ and droptrain_core/)

An adapter names its service by its type (`from mypy_boto3_s3 import S3Client`), and every operation that it
calls or signs by its method. What isn't named is gone, and a call of it fails: the build's tests make each.
"""

import ast
import gzip
import json
import shutil
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

# botocore's own: it asks for a bucket's region where S3 says that it is another one.
OWN_CALLS = {"s3": {"headbucket"}}
KEPT_FILES = ("service-2", "service-2.sdk-extras", "endpoint-rule-set-1", "paginators-1")


def main() -> None:
    """Prune the botocore of a layer."""
    layer = Path(sys.argv[1])
    data = layer / "botocore" / "data"
    called = calls(layer / "droptrain_core" / "aws")
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in called:
            shutil.rmtree(folder)
    for service, names in called.items():
        prune_service(data / service, names)
    prune_endpoints(data / "endpoints.json", set(called))


def calls(adapters: Path) -> dict[str, set[str]]:
    """By service, every name in the adapters that could be one of its operations, in small letters."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(adapters.glob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        names |= {
            node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mypy_boto3_"):
                service = (node.module or "").removeprefix("mypy_boto3_")
                found[service] |= {name.replace("_", "") for name in names} | OWN_CALLS.get(service, set())
    return dict(found)


def prune_service(service: Path, names: set[str]) -> None:
    """Keep the newest version of a service's model, without documentation, and of it what `names` need."""
    *older, newest = sorted(service.iterdir())
    for folder in older:
        shutil.rmtree(folder)
    files = {path.name.removesuffix(".gz").removesuffix(".json"): path for path in newest.iterdir()}
    documents = {name: read(path) for name, path in files.items() if name in KEPT_FILES}
    model = documents["service-2"]
    operations = {name: it for name, it in model["operations"].items() if name.lower() in names}
    assert operations, f"No adapter calls {service.name}"
    shapes = {name: model["shapes"][name] for name in sorted(reached(operations, model["shapes"]))}
    # Elsewhere in a model botocore wants these texts to be there.
    model |= {"operations": undocumented(operations), "shapes": undocumented(shapes)}
    pages = documents.get("paginators-1", {"pagination": {}})
    pages["pagination"] = {name: it for name, it in pages["pagination"].items() if name in operations}
    for path in files.values():
        path.unlink()
    for name, document in documents.items():
        write(newest / f"{name}.json", document)


def reached(value: Any, shapes: dict[str, Any]) -> set[str]:
    """The names of all shapes that a part of a model refers to, directly or not."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            waiting.extend(part.values())
            shape = part.get("shape")
            if isinstance(shape, str) and shape not in found:
                found.add(shape)
                waiting.append(shapes[shape])
    return found


def undocumented(value: Any) -> Any:
    """The same without texts for people; a member may be called `documentation` too, and stays."""
    if isinstance(value, dict):
        return {
            name: undocumented(part)
            for name, part in value.items()
            if name != "documentation" or not isinstance(part, str)
        }
    return [undocumented(part) for part in value] if isinstance(value, list) else value


def prune_endpoints(path: Path, services: set[str]) -> None:
    """Keep the endpoints of these services, in every region."""
    endpoints = read(path)
    for partition in endpoints["partitions"]:
        partition["services"] = {name: it for name, it in partition["services"].items() if name in services}
    write(path, endpoints)


def read(path: Path) -> Any:
    """A document of botocore's, packed or not."""
    return json.loads(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())


def write(path: Path, document: Any) -> None:
    """Write a document without spaces, and not packed: a layer is packed anyway, and unpacking takes time."""
    path.write_text(json.dumps(document, separators=(",", ":")), "utf-8")


if __name__ == "__main__":
    main()
