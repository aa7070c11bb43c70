"""The HTTP API on the laptop cloud: what a script does with it, and what it is refused."""

import base64
import hashlib
import time
import urllib.error
import urllib.request
import zlib
from email.message import Message
from typing import Any

import pytest
from support.waiting import wait_for

SCRIPT = """
for epoch in 1 2 3; do
  echo "epoch $epoch"
  echo "{\\"step\\": $epoch, \\"loss\\": 0.$((9 - epoch))}" >> "$METRICS_FILE"
done
echo model > model.txt
aws s3 cp --quiet model.txt "$EXPORT_PATH/a b/mödel.txt"
"""


def crc32(content: bytes) -> str:
    return base64.b64encode(zlib.crc32(content).to_bytes(4)).decode()


def sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def send(request: dict[str, Any], body: bytes = b"") -> tuple[int, Message, bytes]:
    """Send a signed request as somebody without credentials."""
    # urllib would call the body a form, which moto then takes apart.
    headers = {"Content-Type": "application/octet-stream", **request["headers"]}
    asked = urllib.request.Request(request["url"], body or None, headers, method=request["method"])
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return answer.status, answer.headers, answer.read()


def drop(user, files: dict[str, bytes]) -> str:
    """Drop files by signed requests; where their run is found."""
    asked = [
        {"name": name, "size": len(content), "sha256": sha256(content)} for name, content in files.items()
    ]
    status, answer = user.call("POST", f"/projects/{user.project}/datasets/first/uploads", {"files": asked})
    assert status == 200
    versions = []
    for upload in answer["uploads"]:
        status, headers, _ = send(upload["put"], files[upload["file"]])
        assert status == 200
        versions.append(headers["x-amz-version-id"])
    return answer["run"] + "%2C".join(versions)


def test_a_dataset_is_dropped_trained_and_fetched_by_the_api_alone(user) -> None:
    user.publish(SCRIPT)
    path = drop(user, {"train.csv": b"a,b\n1,2\n", "test.csv": b"a,b\n3,4\n"})
    run = user.run_with("SUCCEEDED")
    assert [each["run_id"] for each in user.call("GET", path)[1]["runs"]] == [run["run_id"]]
    address = f"/runs/{run['run_id']}"

    status, page = user.call("GET", f"{address}/logs")
    assert status == 200
    said = [line["text"] for line in page["lines"]]
    assert [text for text in said if text.startswith("epoch")] == ["epoch 1", "epoch 2", "epoch 3"]
    assert {line["attempt"] for line in page["lines"]} == {1}
    assert user.call("GET", f"{address}/logs?cursor={page['cursor']}")[1] == {"lines": [], "cursor": None}

    assert user.call("GET", f"{address}/metrics")[1]["series"] == [
        {
            "name": "loss",
            "count": 3,
            "points": [{"step": 1, "value": 0.8}, {"step": 2, "value": 0.7}, {"step": 3, "value": 0.6}],
        }
    ]

    found, cursor = {}, ""
    while cursor is not None:
        _, page = user.call(
            "GET", f"{address}/artifacts?" + (f"cursor={cursor}&" if cursor else "") + "limit=2"
        )
        found |= {each["path"]: each for each in page["artifacts"]}
        cursor = page["cursor"]
    assert list(found) == ["export/a b/mödel.txt", "log.txt", "metrics.jsonl", "outcome.json", "run.json"]
    link = {"url": found["export/a b/mödel.txt"]["url"], "method": "GET", "headers": {}}
    status, headers, content = send(link)
    assert (status, content) == (200, b"model\n")
    disposition = headers["content-disposition"]
    assert disposition == "attachment; filename=\"m_del.txt\"; filename*=UTF-8''m%C3%B6del.txt"


def test_a_link_is_used_up_and_a_replacement_gets_one_of_its_own_and_its_own_run(user) -> None:
    user.publish(SCRIPT)
    drop(user, {"train.csv": b"a,b\n1,2\n", "test.csv": b"a,b\n3,4\n"})
    first = user.run_with("SUCCEEDED")
    asked = {"files": [{"name": "train.csv", "size": 8, "sha256": sha256(b"a,b\n5,6\n")}]}
    _, answer = user.call("POST", f"/projects/{user.project}/datasets/first/uploads", asked)
    [upload] = answer["uploads"]
    status, headers, _ = send(upload["put"], b"a,b\n5,6\n")
    signed = ["if-match", "x-amz-checksum-sha256", "x-amz-meta-droptrain-link"]
    assert (status, list(upload["put"]["headers"])) == (200, signed)
    with pytest.raises(urllib.error.HTTPError, match="412"):
        send(upload["put"], b"a,b\n5,6\n")
    path = answer["run"] + headers["x-amz-version-id"]
    second = wait_for("the run of the replacement", lambda: user.call("GET", path)[1]["runs"])
    assert [run["dataset"] for run in second] == ["first"]
    assert second[0]["run_id"] != first["run_id"]
    user.run_with("SUCCEEDED")
    assert len(user.runs()) == 2


def test_a_link_for_the_bytes_that_are_there_starts_one_run_however_often_it_is_used(user) -> None:
    user.publish(SCRIPT)
    content = b"a,b\n1,2\n"
    drop(user, {"train.csv": content, "test.csv": b"a,b\n3,4\n"})
    user.run_with("SUCCEEDED")
    asked = {"files": [{"name": "train.csv", "size": 8, "sha256": sha256(content)}]}
    _, answer = user.call("POST", f"/projects/{user.project}/datasets/first/uploads", asked)
    [upload] = answer["uploads"]
    for _ in range(3):
        assert send(upload["put"], content)[0] == 200
        wait_for("second run", lambda: len(user.runs()) > 1)
        # Longer than the settle time, so that each upload is handled alone.
        time.sleep(3)
    assert len(user.runs()) == 2


def test_a_large_file_is_dropped_in_parts(user) -> None:
    content = bytes(range(256)) * (70 << 12)  # 70 MiB
    asked = {"name": "train.csv", "size": len(content), "crc32": crc32(content)}
    path = f"/projects/{user.project}/datasets/large/uploads"
    [upload] = user.call("POST", path, {"files": [asked]})[1]["uploads"]
    assert upload["put"] is None
    parts, size = upload["multipart"]["parts"], upload["multipart"]["part_size"]
    tags = []
    for part in parts:
        start = (part["number"] - 1) * size
        _, headers, _ = send(part, content[start : start + size])
        tags.append(f"<Part><PartNumber>{part['number']}</PartNumber><ETag>{headers['ETag']}</ETag></Part>")
    body = f"<CompleteMultipartUpload>{''.join(tags)}</CompleteMultipartUpload>".encode()
    assert send(upload["multipart"]["complete"], body)[0] == 200
    head = user.cloud.client("s3").head_object(Bucket=user.cloud.ready.bucket, Key=upload["key"])
    assert head["ContentLength"] == len(content)


def test_an_upload_in_parts_can_be_given_up(user) -> None:
    asked = {"name": "train.csv", "size": 70 << 20, "crc32": crc32(b"")}
    path = f"/projects/{user.project}/datasets/large/uploads"
    [upload] = user.call("POST", path, {"files": [asked]})[1]["uploads"]
    assert send(upload["multipart"]["abort"])[0] == 204
    left = user.cloud.client("s3").list_multipart_uploads(Bucket=user.cloud.ready.bucket)
    assert upload["key"] not in [each["Key"] for each in left.get("Uploads", [])]


def test_a_run_says_whether_it_has_changed(user) -> None:
    user.publish("exit 0\n")
    user.drop()
    run = user.run_with("SUCCEEDED")
    user.notice()
    status, _, headers = user.ask("GET", f"/runs/{run['run_id']}")
    assert status == 200
    status, body, _ = user.ask("GET", f"/runs/{run['run_id']}", **{"if-none-match": headers["etag"]})
    assert (status, body) == (304, b"")


def test_a_dataset_that_is_deleted_is_gone_in_every_version(user) -> None:
    user.publish("sleep 600\n")
    user.drop()
    user.drop()
    run = user.run_with("RUNNING")
    path = f"/projects/{user.project}/datasets/first"
    status, problem = user.call("DELETE", path)
    assert (status, problem["type"]) == (409, "urn:droptrain:problem:in-use")
    for active in user.runs():
        user.call("POST", f"/runs/{active['run_id']}/cancel")
    wait_for("cancelled runs", lambda: all(each["status"] == "CANCELLED" for each in user.runs()))
    user.put(f"runs/{user.project}/{run['run_id']}/pinned/training/train.csv", "a,b\n1,2\n")
    other = f"runs/{user.project}/{user.project}-first-x-0123456789ab/pinned/training/train.csv"
    user.put(other, "a,b\n1,2\n")
    assert user.call("DELETE", path) == (200, {"deleted": 5, "complete": True})
    assert user.call("DELETE", path) == (200, {"deleted": 0, "complete": True})
    versions = user.cloud.client("s3").list_object_versions(Bucket=user.cloud.ready.bucket)["Versions"]
    mine = [each["Key"] for each in versions if user.project in each["Key"]]
    assert not [key for key in mine if "/data/" in key]
    assert [key for key in mine if "/pinned/" in key] == [other]


def test_what_this_api_does_not_have_is_told(user) -> None:
    status, problem = user.call("PUT", "/runs")
    assert (status, problem["type"]) == (405, "urn:droptrain:problem:no-such-method")
    status, problem = user.call("GET", "/walks/x")
    assert (status, problem["type"]) == (404, "urn:droptrain:problem:no-such-route")


READS = [
    ("GET", "/runs"), ("GET", "/runs/x"), ("GET", "/runs/x/logs"), ("GET", "/runs/x/metrics"),
    ("GET", "/runs/x/artifacts"), ("GET", "/runs/x/code"), ("GET", "/runs/x/code/text?path=a"),
    ("GET", "/projects/p/datasets/d"), ("GET", "/projects"), ("GET", "/openapi.json"), ("GET", "/walks"),
]  # fmt: skip
WRITES = [
    ("POST", "/runs"), ("PATCH", "/runs/x"), ("POST", "/runs/x/cancel"),
    ("POST", "/projects/p/datasets/d/uploads"), ("DELETE", "/projects/p/datasets/d"), ("PUT", "/walks"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), READS + WRITES)
def test_every_route_wants_a_valid_signature_of_a_caller_that_may(user, method, path) -> None:
    assert user.ask(method, path, key=None)[0] == 403
    assert user.ask(method, path, secret="wrong")[0] == 403
    assert user.ask(method, path, late_seconds=400)[0] == 403
    assert user.ask(method, path)[0] != 403
    assert user.ask(method, path, key="operator", secret="operator")[0] != 403
    is_read = (method, path) in READS
    assert (user.ask(method, path, key="reader", secret="reader")[0] != 403) == is_read


def test_the_budget_counts_what_a_run_cost_and_holds_nothing_after_it(user) -> None:
    before = user.call("GET", "/budget")[1]
    user.publish("sleep 1\n")
    user.drop()
    run = user.run_with("SUCCEEDED")
    after = wait_for(
        "settled run",
        lambda: (now := user.call("GET", "/budget")[1])["spent_usd"] > before["spent_usd"] and now,
    )
    assert after["spent_usd"] - before["spent_usd"] == pytest.approx(run["cost"]["estimate_usd"], abs=2e-6)
    assert (after["cap_usd"], after["reserved_usd"], after["running"]) == (100_000, 0, 0)
    assert run["created_at"].startswith(after["month"])
