"""Copies of what a run left in the bucket: the exported model and the log."""

import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

WORK_FOLDER = "laptop-cloud"  # the demo's laptop cloud keeps logs and working folders there
_MODEL_FILE = "saved_model.pb"


class NotOursError(Exception):
    """The folder holds an `export` that no demo made."""


@dataclass(frozen=True)
class Copies:
    """Where the copies are; None for what the run didn't leave."""

    export: Path | None
    log: Path | None


def make_room(folder: Path) -> None:
    """Remove what an earlier demo left in `folder`; NotOursError if what lies there is something else."""
    export = folder / "export"
    if export.exists():
        if not (export / _MODEL_FILE).is_file():
            raise NotOursError(f"{export} already exists, and isn't a model of a demo")
        shutil.rmtree(export)
    (folder / "log.txt").unlink(missing_ok=True)
    shutil.rmtree(folder / WORK_FOLDER, ignore_errors=True)


def fetch(s3: "S3Client", bucket: str, prefix: str, folder: Path) -> Copies:
    """Copy `export/` and `log.txt` below `prefix` into `folder`."""
    export = log = None
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            place = PurePosixPath(item["Key"][len(prefix) :])
            if place.parts[0] != "export" and str(place) != "log.txt":
                continue
            path = folder.joinpath(*place.parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, item["Key"], str(path))
            if place.parts[0] == "export":
                export = folder / "export"
            else:
                log = path
    return Copies(export, log)
