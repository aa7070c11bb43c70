"""A signed upload link, used by somebody else: it is good for one version of one file."""

import base64
import hashlib
import zlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from droptrain_core.aws.client_configs import SIGNS
from droptrain_core.aws.signed_requests import SignedRequest, SignedRequests
from droptrain_core.datasets import Datasets, NewFile
from droptrain_core.domain.datasets.dataset import MULTIPART_FROM, Created
from droptrain_core.domain.datasets.fair_share import share_seconds
from support.core_stack import Stack

KEY = "projects/penguins/data/first/train.csv"
ID = "x-amz-meta-droptrain-link"
OLD, NEW, OTHER = b"a,b\n1,2\n", b"a,b\n3,4\n", b"a,b\n5,6\n"


@pytest.fixture
def datasets(stack: Stack) -> Datasets:
    """Signs as the API's function does."""
    made = stack.datasets
    made._signed = SignedRequests(boto3.client("s3", region_name="eu-west-1", config=SIGNS), "data")
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


def send_again(stack: Stack, request: SignedRequest, content: bytes = OLD) -> Created:
    """Use a link that keeps the ETag; what S3 reports."""
    answer = requests.put(request.url, content, headers=request.headers)
    assert answer.status_code == 200
    key = urlsplit(request.url).path[1:]
    return Created(key, answer.headers["x-amz-version-id"], stack.now, "PutObject")


def handled(stack: Stack, *uploads: Created) -> list[str]:
    """The answers to uploads, after the settle time."""
    stack.later(seconds=30)
    return [stack.launch.uploads.upload(upload).answer for upload in uploads]


def trained(stack: Stack, recipe: bytes = b"", last: str = KEY) -> None:
    """A dataset that has its run; its files have the OLD bytes, and `last` is the last of them."""
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", recipe)
    stack.put("projects/penguins/data/first/test.csv", OLD)
    stack.put(KEY, OLD)
    handled(stack, Created(*stack.put(last, OLD), stack.now))
    stack.rested()
    assert len(stack.query.runs(limit=10).runs) == 1


def heads(stack: Stack) -> list[str]:
    """The HeadObject calls from now on."""
    calls: list[str] = []
    stack.s3.meta.events.register("before-call.s3.HeadObject", lambda model, **_: calls.append(model.name))
    return calls


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
    always = {"content-length", "x-amz-checksum-sha256", ID}
    assert signed_headers(link(datasets, NEW)) == {"if-none-match", *always}
    stack.put(KEY, OLD)
    replacing = link(datasets, NEW)
    assert signed_headers(replacing) == {"if-match", *always}
    assert replacing.headers["if-match"] == f'"{hashlib.md5(OLD, usedforsecurity=False).hexdigest()}"'
    assert signed_headers(link(datasets)) == {"if-match", ID}


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


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_link_for_the_bytes_that_are_there_starts_one_run(
    stack: Stack, datasets: Datasets, newest_first: bool
) -> None:
    trained(stack)
    replacing = link(datasets, OLD)
    uploads = []
    for _ in range(3):
        stack.later(seconds=60)
        uploads.append(send_again(stack, replacing))
    if newest_first:
        uploads.reverse()
    assert handled(stack, *uploads) == ["launched", "repeated", "repeated"]
    stack.later(minutes=10)
    assert handled(stack, send_again(stack, replacing), *uploads) == ["repeated"] * 4
    assert len(stack.query.runs(limit=10).runs) == 2


def test_a_link_whose_version_another_upload_s_event_launched_is_used_up(
    stack: Stack, datasets: Datasets
) -> None:
    trained(stack)
    replacing = link(datasets, OLD)
    by_link = send_again(stack, replacing)
    own = Created(*stack.put("projects/penguins/data/first/test.csv", NEW), stack.now, "PutObject")
    assert handled(stack, own, by_link) == ["launched", "repeated"]
    stack.later(seconds=60)
    assert handled(stack, send_again(stack, replacing)) == ["repeated"]


def test_a_link_whose_upload_is_postponed_is_used_up(stack: Stack, datasets: Datasets) -> None:
    trained(stack)
    replacing = link(datasets, OLD)
    stack.dataset_table.add_load("penguins", share_seconds(4), stack.now)
    first = send_again(stack, replacing)
    assert handled(stack, first) == ["postponed"]
    stack.later(minutes=3)
    assert handled(stack, send_again(stack, replacing), first) == ["repeated", "launched"]


def test_each_use_of_a_link_is_answered_by_its_run(stack: Stack, datasets: Datasets) -> None:
    trained(stack)
    replacing = link(datasets)
    stack.launch.uploads.upload(send_again(stack, replacing))
    newest = stack.query.runs(limit=1).runs[0].run_id
    stack.later(seconds=60)
    answer = stack.launch.uploads.upload(send_again(stack, replacing))
    assert (answer.answer, answer.run_id) == ("repeated", newest)


def test_a_link_to_a_part_of_a_large_dataset_lets_it_rest_once(stack: Stack, datasets: Datasets) -> None:
    for number in range(30):
        stack.put(f"projects/penguins/data/first/part-{number}.csv", OLD)
    trained(stack, b"inputs: {training: '*.csv'}\n")
    replacing = link(datasets, OLD)
    assert handled(stack, send_again(stack, replacing)) == ["waiting"]
    assert stack.rested() == ["launched"]
    for _ in range(5):
        assert handled(stack, send_again(stack, replacing)) == ["repeated"]
    assert stack.rested() == []
    assert len(stack.query.runs(limit=10).runs) == 2


def test_a_link_to_the_marker_starts_one_run(stack: Stack, datasets: Datasets) -> None:
    trained(stack, b"trigger: marker\n", "projects/penguins/data/first/_SUCCESS")
    [upload] = datasets.uploads("penguins", "first", [NewFile("_SUCCESS")])
    assert upload.put
    answers = []
    for _ in range(3):
        stack.later(seconds=60)
        answers += handled(stack, send_again(stack, upload.put))
    assert answers == ["launched", "repeated", "repeated"]


def test_the_same_bytes_by_credentials_or_by_another_link_start_a_run_each(
    stack: Stack, datasets: Datasets
) -> None:
    trained(stack)
    for _ in range(2):
        stack.later(seconds=60)
        assert handled(stack, send_again(stack, link(datasets, OLD))) == ["launched"]
    own = Created(*stack.put(KEY, OLD), stack.now, "PutObject")
    assert handled(stack, own) == ["launched"]


def test_a_copy_of_what_a_link_uploaded_is_a_drop_of_its_own(stack: Stack, datasets: Datasets) -> None:
    trained(stack)
    stack.put("projects/penguins/data/second/test.csv", OLD)
    assert handled(stack, send_again(stack, link(datasets, OLD))) == ["launched"]
    assert handled(stack, Created(*stack.put(KEY, OTHER), stack.now, "PutObject")) == ["launched"]
    there = stack.s3.list_object_versions(Bucket="data", Prefix=KEY)["Versions"]
    source: Any = {"Bucket": "data", "Key": KEY, "VersionId": there[1]["VersionId"]}
    for key in (KEY, KEY.replace("first", "second")):
        stack.later(seconds=60)
        copied = stack.s3.copy_object(Bucket="data", Key=key, CopySource=source)
        head = stack.s3.head_object(Bucket="data", Key=key)
        assert set(head["Metadata"]) == {"droptrain-link"}
        upload = Created(key, copied["VersionId"], stack.now, "CopyObject")
        assert handled(stack, upload) == ["launched"]


@pytest.mark.parametrize("written", ["x" * 1900, "0" * 31, "größe"])
def test_metadata_that_names_no_link_is_no_link(stack: Stack, datasets: Datasets, written: str) -> None:
    trained(stack)
    link(datasets)
    stack.later(seconds=60)
    for _ in range(2):
        headers = {ID: written.encode().decode("latin-1")}
        body = stack.s3.generate_presigned_url("put_object", Params={"Bucket": "data", "Key": KEY})
        request = SignedRequest("PUT", body, headers)
        assert handled(stack, send_again(stack, request)) == ["launched"]


def test_what_is_gone_before_its_link_is_read_is_looked_for_once_more(
    stack: Stack, datasets: Datasets
) -> None:
    trained(stack)
    upload = send_again(stack, link(datasets, OLD))
    stack.s3.delete_object(Bucket="data", Key=KEY, VersionId=upload.version_id)
    assert handled(stack, upload) == ["repeated"]


def test_a_drop_without_links_costs_no_call_more(stack: Stack, datasets: Datasets) -> None:
    calls = heads(stack)
    trained(stack)
    assert calls == []
    link(datasets)
    stack.later(seconds=60)
    own = Created(*stack.put(KEY, OLD), stack.now, "PutObject")
    assert handled(stack, own) == ["launched"]
    assert calls == ["HeadObject"]
    stack.later(days=2)
    own = Created(*stack.put(KEY, OLD), stack.now, "PutObject")
    assert handled(stack, own) == ["launched"]
    assert calls == ["HeadObject"]
