"""A signed upload link, in the hands of whoever got it: it is good for one version of one file."""

import base64
import hashlib
import zlib
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from core_stack import Stack
from droptrain_core.aws.signed_requests import MULTIPART_FROM, SignedRequest, SignedRequests
from droptrain_core.datasets import Datasets, NewFile
from droptrain_core.wiring import _SIGNS

KEY = "projects/penguins/data/first/train.csv"
OLD, NEW, OTHER = b"a,b\n1,2\n", b"a,b\n3,4\n", b"a,b\n5,6\n"


@pytest.fixture
def datasets(stack: Stack) -> Datasets:
    """Signs as the API's function does."""
    made = stack.datasets
    made._signed = SignedRequests(boto3.client("s3", region_name="eu-west-1", config=_SIGNS), "data")
    return made


def link(datasets: Datasets, content: bytes | None = None) -> SignedRequest:
    """A link for train.csv: for this content, or for any."""
    sha256 = base64.b64encode(hashlib.sha256(content or b"").digest()).decode()
    file = NewFile("train.csv") if content is None else NewFile("train.csv", len(content), sha256)
    [upload] = datasets.uploads("penguins", "first", [file])
    assert upload.put
    return upload.put


def send(request: SignedRequest, content: bytes = b"") -> int:
    return requests.request(request.method, request.url, data=content, headers=request.headers).status_code


def signed_headers(request: SignedRequest) -> set[str]:
    query = parse_qs(urlsplit(request.url).query)
    assert query["X-Amz-Expires"] == ["3600"]
    return set(query["X-Amz-SignedHeaders"][0].split(";")) - {"host"}


def versions(stack: Stack) -> int:
    return len(stack.s3.list_object_versions(Bucket="data", Prefix=KEY).get("Versions", []))


@pytest.mark.parametrize("content", [OLD, None], ids=["its content", "any content"])
def test_a_link_for_a_new_file_is_good_once(stack: Stack, datasets: Datasets, content: bytes | None) -> None:
    first = link(datasets, content)
    assert [send(first, OLD) for _ in range(3)] == [200, 412, 412]
    assert versions(stack) == 1


@pytest.mark.parametrize("content", [NEW, None], ids=["its content", "any content"])
def test_a_link_that_replaces_a_file_is_good_once(
    stack: Stack, datasets: Datasets, content: bytes | None
) -> None:
    stack.put(KEY, OLD)
    replacing = link(datasets, content)
    assert [send(replacing, NEW) for _ in range(3)] == [200, 412, 412]
    assert versions(stack) == 2


def test_a_link_is_void_once_anybody_has_replaced_the_file(stack: Stack, datasets: Datasets) -> None:
    stack.put(KEY, OLD)
    replacing = link(datasets, NEW)
    stack.put(KEY, OTHER)
    assert send(replacing, NEW) == 412


def test_of_two_links_for_the_same_version_one_wins(stack: Stack, datasets: Datasets) -> None:
    one, two = link(datasets, NEW), link(datasets, OTHER)
    assert (send(one, NEW), send(two, OTHER)) == (200, 412)


def test_a_link_without_its_condition_is_not_what_was_signed(stack: Stack, datasets: Datasets) -> None:
    """moto doesn't check signatures; S3 refuses a request that lacks a signed header."""
    assert signed_headers(link(datasets, NEW)) == {"content-length", "if-none-match", "x-amz-checksum-sha256"}
    stack.put(KEY, OLD)
    replacing = link(datasets, NEW)
    assert signed_headers(replacing) == {"content-length", "if-match", "x-amz-checksum-sha256"}
    assert replacing.headers["if-match"] == f'"{hashlib.md5(OLD, usedforsecurity=False).hexdigest()}"'
    assert signed_headers(link(datasets)) == {"if-match"}


def test_an_upload_in_parts_ends_once_and_only_in_the_place_of_what_was_there(
    stack: Stack, datasets: Datasets
) -> None:
    content = OLD * (MULTIPART_FROM // len(OLD) + 1)
    crc32 = base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()
    file = NewFile("train.csv", len(content), None, crc32)
    whole = {"x-amz-checksum-crc32", "x-amz-checksum-type", "x-amz-mp-object-size"}

    def upload() -> tuple[SignedRequest, bytes]:
        [signed] = datasets.uploads("penguins", "first", [file])
        assert signed.multipart
        tags = []
        for part in signed.multipart.parts:
            assert signed_headers(part.request) == {"content-length"}
            start = (part.number - 1) * signed.multipart.part_size
            body = content[start : start + signed.multipart.part_size]
            tag = requests.put(part.request.url, body, headers=part.request.headers).headers["ETag"]
            tags.append(f"<Part><PartNumber>{part.number}</PartNumber><ETag>{tag}</ETag></Part>")
        ended = f"<CompleteMultipartUpload>{''.join(tags)}</CompleteMultipartUpload>"
        return signed.multipart.complete, ended.encode()

    one, two = upload(), upload()
    assert signed_headers(one[0]) == {"if-none-match", *whole}
    assert [send(*one), send(*two)] == [200, 412]
    assert versions(stack) == 1
    assert signed_headers(upload()[0]) == {"if-match", *whole}, "moto doesn't check it here"
