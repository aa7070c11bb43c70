"""The consumers of docs/models.md work as they stand there, on an event that a promotion has sent."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from support.records import run

PAGE = (Path(__file__).parents[3] / "docs/models.md").read_text("utf-8")
RUN_ID = "penguins-first-00000000000a"
REGION = "eu-west-1"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def handler(code: str) -> Callable[[Any, Any], Any]:
    names: dict[str, Any] = {}
    exec(code, names)
    function: Callable[[Any, Any], Any] = names["handler"]
    return function


@pytest.fixture
def event(stack) -> dict[str, Any]:
    for file in ("saved_model.pb", "variables/variables.index", "model.tar.gz"):
        stack.put(f"runs/penguins/{RUN_ID}/export/{file}", file.encode())
    stack.table.claim(run(run_id=RUN_ID, status="SUCCEEDED"))
    stack.promote.by_request(RUN_ID, "ann")
    stack.publish_model.go_on("penguins", 10)
    (sent,) = stack.events_on_bus()
    assert sent["detail-type"] == "Model Promoted"
    found: dict[str, Any] = sent
    return found


def test_a_lambda_function_fetches_the_model_with_its_folders(event, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODEL_DIR", str(tmp_path))
    answer = handler(blocks("python")[1])(event, None)
    assert answer == {"run_id": RUN_ID, "folder": str(tmp_path / "1")}
    assert (tmp_path / "1" / "variables" / "variables.index").read_text() == "variables/variables.index"


def test_a_sagemaker_endpoint_is_updated_by_requests_that_aws_accepts(event, monkeypatch) -> None:
    settings = {
        "ENDPOINT": "penguins",
        "ROLE_ARN": "arn:aws:iam::123456789012:role/serves",
        "IMAGE_URI": "image",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    sagemaker = boto3.client("sagemaker", region_name=REGION)
    with Stubber(sagemaker) as stubber:
        arn = f"arn:aws:sagemaker:{REGION}:123456789012:"
        stubber.add_response("create_model", {"ModelArn": f"{arn}model/penguins-1"})
        stubber.add_response(
            "create_endpoint_config", {"EndpointConfigArn": f"{arn}endpoint-config/penguins-1"}
        )
        stubber.add_response(
            "update_endpoint",
            {"EndpointArn": f"{arn}endpoint/penguins"},
            {"EndpointName": "penguins", "EndpointConfigName": "penguins-1"},
        )
        monkeypatch.setattr(boto3, "client", lambda *_: sagemaker)
        assert handler(blocks("python")[2])(event, None) == {"endpoint": "penguins", "config": "penguins-1"}
        stubber.assert_no_pending_responses()


def test_github_gets_a_dispatch_that_it_understands(event) -> None:
    (transformer,) = (json.loads(each) for each in blocks("json") if "InputTemplate" in each)
    body = transformer["InputTemplate"]
    for name, path in transformer["InputPathsMap"].items():
        body = body.replace(f"<{name}>", event["detail"][path.removeprefix("$.detail.")])
    assert json.loads(body) == {
        "event_type": "model-promoted",
        "client_payload": {"project": "penguins", "run": RUN_ID, "export": event["detail"]["export"]},
    }


def test_the_rule_of_the_page_takes_the_event(event) -> None:
    (pattern,) = (json.loads(each) for each in blocks("json") if '"detail-type"' in each)
    assert event["source"] in pattern["source"]
    assert event["detail-type"] in pattern["detail-type"]
    assert event["detail"]["project"] in pattern["detail"]["project"]
