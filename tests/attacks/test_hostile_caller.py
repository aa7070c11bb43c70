"""Links that the API signs, and the largest messages that a run can cause."""

import json
import re
from dataclasses import asdict, replace
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from droptrain_core.aws.client_configs import SIGNS
from droptrain_core.aws.signed_requests import SignedRequests
from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.notices import notice
from droptrain_core.domain.notices.notice import Places
from support.records import run

LIMIT = 256 * 1024  # of an SNS message and of an EventBridge entry
NAMES = [
    'a"; filename="evil.exe', "a\r\nSet-Cookie: x=1", "../../etc/passwd", "a\0b", "\u202egnp.exe",
    "größe 100%.csv", "<script>.html", "%0d%0aX: y", "x" * 1000, "",
]  # fmt: skip


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> SignedRequests:
    """As the API's function signs."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    return SignedRequests(boto3.client("s3", region_name="eu-west-1", config=SIGNS), "data")


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_link_names_one_object_for_an_hour_and_is_always_a_download(
    signed: SignedRequests, name: str
) -> None:
    request = signed.get("runs/p/r/export/" + name, name)
    said = query(request.url)
    assert (request.method, said["X-Amz-Expires"], said["X-Amz-SignedHeaders"]) == ("GET", "3600", "host")
    disposition = said["response-content-disposition"]
    assert re.fullmatch(
        r"attachment; filename=\"[A-Za-z0-9._ -]*\"; filename\*=UTF-8''[A-Za-z0-9._~%-]*", disposition
    )
    assert "X-Amz-Signature" in said


def test_the_largest_notice_and_event_of_a_run_fit() -> None:
    cause = Cause("script_failed", "m" * 3000, "f" * 1000, ("e" * 300,) * 5, None)
    found = Finding("long_row", "warning", "k" * 1024, 1, "c" * 1000, "m" * 2000, "f" * 500)
    ended = replace(
        run(),
        status="FAILED",
        cause=cause,
        metrics={f"{number:03}" + "n" * 97: 1.0 for number in range(50)},
        advice=("a" * 300,) * 5,
        warnings=(found,) * 20,
        launched_by="arn:" + "x" * 2000,
    )
    end_notice = notice.of_end(ended, Places("data"))
    assert end_notice.event
    for text in (end_notice.text, json.dumps(end_notice.chat), json.dumps(asdict(end_notice.event))):
        assert len(text.encode()) < LIMIT
