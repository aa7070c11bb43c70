"""Requests made to hurt the API: deep and huge bodies, thousands of wrong fields, impossible numbers."""

import json
import time
from typing import Any

import pytest
from support.golden import golden
from support.records import run

LONG = "9" * 5000


class Recording:
    """Stands for the launch: notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def request(self, project: str, dataset: str, **more: Any) -> Any:
        self.asked.append(more)
        return run(), True


@pytest.fixture
def post(runs_api, context):
    launch = Recording()
    runs_api.run_routes.use_cases.launch = lambda: launch
    event = golden("http/post_runs")

    def send(body: str) -> tuple[int, str, Recording]:
        answer = runs_api.handler(event | {"body": body, "isBase64Encoded": False}, context)
        return answer["statusCode"], answer["body"], launch

    return send


def overriding(hyperparameters: str) -> str:
    return f'{{"project": "p", "dataset": "d", "overrides": {{"hyperparameters": {hyperparameters}}}}}'


@pytest.mark.parametrize(("body", "status"), [
    ("[" * 200_000, 400),
    ('{"a":' * 100_000 + "1" + "}" * 100_000, 400),
    (overriding(f'{{"a": {LONG}}}'), 400),
    (overriding('{"a": 1e400}'), 422),
    (overriding('{"a": NaN}'), 422),
    (overriding('{"$(id)": 1}'), 422),
    (overriding(r'{"a": "half of \ud800 a character"}'), 422),
    (overriding('{"a": {"secret": "arn:x"}}'), 422),
    (overriding(json.dumps({f"n{number}": "x" * 1000 for number in range(5000)})), 422),
    (json.dumps({f"field{number}": 1 for number in range(100_000)}), 422),
    (json.dumps({"project": "p" * 5_000_000, "dataset": "d"}), 422),
    (json.dumps({"project": "p\u0000", "dataset": "d\ud800"}), 422),
])  # fmt: skip
def test_a_hostile_body_is_refused_in_a_short_answer(post, body: str, status: int) -> None:
    began = time.process_time()
    code, answer, launch = post(body)
    assert (code, launch.asked) == (status, []), answer[:300]
    assert len(answer) < 100_000, "Lambda answers with 6 MB at most, and a person reads it"
    assert time.process_time() - began < 10
