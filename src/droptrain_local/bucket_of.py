"""A bucket of one folder's files, in a server of S3 in this process."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from droptrain_local.aws_server import AwsServer
from droptrain_local.clients import REGION, Clients


@contextmanager
def bucket_of(name: str, files: Mapping[str, Path], markers: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The server's address and its client; the versioned bucket has the files by key, and empty markers."""
    server = AwsServer()
    clients = Clients(server.url)
    try:
        s3 = clients.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        for key, path in files.items():
            s3.upload_file(str(path), name, key)
        for key in markers:
            s3.put_object(Bucket=name, Key=key)
        yield server.url, s3
    finally:
        clients.close()
        server.close()
