"""The HTTP API's translation: requests to use cases, runs to JSON, errors to problem documents."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from droptrain.domain.dataset import Waiting
from droptrain.domain.errors import (
    AlreadyFinishedError,
    BadCursorError,
    BusyError,
    Cause,
    KeyReusedError,
    NotFoundError,
    NotReadyError,
    RejectedError,
)
from droptrain.domain.run import GpuUse
from droptrain.query import Listing, Project, ProjectListing
from records import RUN_ID, run

REQUEST = json.loads((Path(__file__).parents[2] / "events" / "http_request.json").read_text("utf-8"))


class UseCases:
    """Stands for launch, query and cancel: notes what it is asked, answers a run or raises."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[Any] = []

    def request(self, project: str, dataset: str, **more: Any) -> Any:
        self.asked.append((project, dataset, more))
        return self._give()

    def run(self, run_id: str, caller: str | None = None) -> Any:
        self.asked.append((run_id, caller))
        return self._give()

    def repeat(self, run_id: str, **more: Any) -> Any:
        self.asked.append((run_id, more))
        return self._give()

    def projects(self, **filters: Any) -> Any:
        self.asked.append(filters)
        return self._give()

    def runs(self, **filters: Any) -> Any:
        self.asked.append(filters)
        return self._give()

    def _give(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def call(load, context):
    app = load("runs_api")

    def ask(use_cases: UseCases, method: str, path: str, body: Any = None, query="", headers=None):
        app.launch = app.query = app.cancel = use_cases
        request = json.loads(json.dumps(REQUEST))
        request["routeKey"] = f"{method} {path}"
        request["rawPath"] = request["requestContext"]["http"]["path"] = path
        request["requestContext"]["http"]["method"] = method
        request["rawQueryString"] = query
        request["queryStringParameters"] = dict(pair.split("=") for pair in query.split("&") if pair)
        request["headers"] |= headers or {}
        request["body"] = body if isinstance(body, str | None) else json.dumps(body)
        answer = app.handler(request, context)
        return answer["statusCode"], json.loads(answer["body"]), answer["headers"]

    return ask


@pytest.mark.parametrize(("new", "status"), [(True, 202), (False, 200)])
def test_a_launch_answers_202_for_a_new_run_and_200_for_the_same(call, new, status) -> None:
    use_cases = UseCases((run(), new))
    code, body, _ = call(use_cases, "POST", "/runs", {"project": "penguins", "dataset": "first"})
    assert (code, body["run_id"], body["status"]) == (status, RUN_ID, "CLAIMED")
    assert use_cases.asked == [
        ("penguins", "first", {
            "caller": "arn:aws:iam::123456789012:user/ann", "rerun": False, "overrides": {}, "request": None,
        })
    ]  # fmt: skip


def test_an_idempotency_key_belongs_to_its_caller_and_body(call) -> None:
    body = {"project": "p", "dataset": "d", "overrides": {"hyperparameters": {"epochs": 1}}}
    use_cases = UseCases((run(), True))
    for sent in (body, body, body | {"rerun": True}):
        call(use_cases, "POST", "/runs", sent, headers={"idempotency-key": "k1"})
    requests = [more["request"] for _, _, more in use_cases.asked]
    assert len({each.key for each in requests}) == 1
    assert requests[0].body_digest == requests[1].body_digest != requests[2].body_digest
    assert "k1" not in requests[0].key
    assert use_cases.asked[0][2]["overrides"] == {"hyperparameters": {"epochs": 1}}


def test_a_run_is_told_in_the_contract_s_words(call) -> None:
    code, body, _ = call(UseCases(run(batch_job_id="j-1")), "GET", f"/runs/{RUN_ID}")
    assert code == 200
    assert body["inputs"][0] == {
        "channel": "training", "key": "projects/penguins/data/first/train.csv", "version_id": "v1",
        "size": 10,
    }  # fmt: skip
    assert body["links"]["export"] == f"s3://a-bucket_name/runs/penguins/{RUN_ID}/export/"
    assert (body["cause"], body["cost"], body["attempts"], body["batch_job_id"]) == (None, None, [], "j-1")


def test_a_run_tells_how_its_gpus_were_used_and_what_is_advised(call) -> None:
    use = GpuUse(1, 11.4, 13.25, None, 600.0)
    ended = run(status="SUCCEEDED", gpu=use, advice=("See docs/gpu.md.",))
    _, body, _ = call(UseCases(ended), "GET", f"/runs/{RUN_ID}")
    assert body["gpu"] == asdict(use)
    assert body["advice"] == ["See docs/gpu.md."]


def test_a_run_is_repeated_by_its_id(call) -> None:
    use_cases = UseCases((run(), True))
    code, _, _ = call(use_cases, "POST", "/runs", {"from_run": RUN_ID})
    assert code == 202
    assert use_cases.asked == [(RUN_ID, {"caller": "arn:aws:iam::123456789012:user/ann", "request": None})]


def test_projects_are_told_with_what_they_wait_for(call) -> None:
    waiting = Waiting("penguins", "second", "2026-11-23T02:10:00Z", ("test.csv",))
    found = ProjectListing((Project("penguins", run(), (waiting,)), Project("mice", None, ())), "next")
    use_cases = UseCases(found)
    code, body, _ = call(use_cases, "GET", "/projects", query="limit=2")
    assert (code, body["cursor"], use_cases.asked) == (200, "next", [{"limit": 2, "cursor": None}])
    penguins, mice = body["projects"]
    assert penguins["latest_run"]["run_id"] == RUN_ID
    assert penguins["waiting"] == [
        {"dataset": "second", "since": "2026-11-23T02:10:00Z", "missing": ["test.csv"]}
    ]
    assert mice == {"project": "mice", "latest_run": None, "waiting": []}


def test_a_list_is_filtered_and_paged(call) -> None:
    use_cases = UseCases(Listing((run(),), "next"))
    query = "project=penguins&status=FAILED&limit=5&cursor=abc"
    code, body, _ = call(use_cases, "GET", "/runs", query=query)
    assert (code, len(body["runs"]), body["cursor"]) == (200, 1, "next")
    assert use_cases.asked == [{"project": "penguins", "status": "FAILED", "limit": 5, "cursor": "abc"}]


def test_a_cancel_names_its_caller(call) -> None:
    use_cases = UseCases(run(cancelled_by="ann"))
    code, body, _ = call(use_cases, "POST", f"/runs/{RUN_ID}/cancel")
    assert (code, body["cancelled_by"]) == (202, "ann")
    assert use_cases.asked == [(RUN_ID, "arn:aws:iam::123456789012:user/ann")]


@pytest.mark.parametrize(("error", "status", "kind"), [
    (NotFoundError("no run"), 404, "not-found"),
    (NotReadyError("lacks test.csv"), 409, "not-ready"),
    (AlreadyFinishedError("ended"), 409, "already-finished"),
    (KeyReusedError("reused"), 422, "idempotency-key-reused"),
    (RejectedError(Cause("bad_recipe", "hyperparameters.x", "f")), 422, "bad-overrides"),
    (BadCursorError("cursor"), 400, "bad-cursor"),
    (BusyError("busy"), 503, "busy"),
])  # fmt: skip
def test_every_error_has_its_problem_document(call, error, status, kind) -> None:
    code, body, headers = call(UseCases(error), "POST", "/runs", {"project": "p", "dataset": "d"})
    assert code == body["status"] == status
    assert body["type"] == f"urn:droptrain:problem:{kind}"
    assert body["detail"] == str(error)
    assert headers["Content-Type"] == "application/problem+json"
    assert ("Retry-After" in headers) == (status == 503)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain"])
def test_a_body_is_json_whatever_the_client_calls_it(call, kind) -> None:
    code, body, _ = call(
        UseCases((run(), True)),
        "POST",
        "/runs",
        {"project": "p", "dataset": "d"},
        headers={"content-type": kind},
    )
    assert (code, body["run_id"]) == (202, RUN_ID)


@pytest.mark.parametrize("body", ["{", "nonsense", '{"project": "p",}'])
def test_what_is_not_json_is_400(call, body) -> None:
    code, answer, _ = call(UseCases(None), "POST", "/runs", body)
    assert (code, answer["type"]) == (400, "urn:droptrain:problem:malformed-json")


@pytest.mark.parametrize(("body", "field"), [
    ({"project": "p", "dataset": "d", "epochs": 3}, "body.epochs"),
    ({"project": "p"}, "body"),
    ({"from_run": RUN_ID, "project": "p"}, "body"),
    ({"from_run": "../x"}, "body.from_run"),
    ({"project": "P!", "dataset": "d"}, "body.project"),
    ({"project": "p", "dataset": "d", "rerun": "yes"}, "body.rerun"),
    ({"project": "p", "dataset": "d", "overrides": {"spot": "never"}}, "body.overrides.spot"),
    ([], "body"), (None, "body"),
])  # fmt: skip
def test_a_wrong_field_is_422_and_named(call, body, field) -> None:
    code, answer, _ = call(UseCases(None), "POST", "/runs", body)
    assert code == 422
    assert field in [each["field"] for each in answer["errors"]]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "status=DONE", "project=A"])
def test_a_wrong_filter_is_422(call, query) -> None:
    code, answer, _ = call(UseCases(None), "GET", "/runs", query=query)
    assert code == 422
    assert query.split("=")[0] in answer["detail"]


def test_an_unknown_path_is_404(call) -> None:
    code, answer, _ = call(UseCases(None), "GET", "/walks")
    assert (code, answer["type"]) == (404, "urn:droptrain:problem:no-such-route")
