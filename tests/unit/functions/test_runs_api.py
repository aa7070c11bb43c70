"""The HTTP API's translation: requests to use cases, runs to JSON, errors to problem documents."""

import base64
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest
from droptrain_core.aws.signed_requests import SignedRequest
from droptrain_core.datasets import Deleted, NewFile, Upload
from droptrain_core.domain.costs.daily import DayCost
from droptrain_core.domain.costs.estimate import Estimate, Offer
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.errors import (
    AlreadyFinishedError,
    BadCursorError,
    BusyError,
    Cause,
    InUseError,
    KeyReusedError,
    ModelChangedError,
    NoEarlierModelError,
    NoModelError,
    NotFoundError,
    NotReadyError,
    PausedError,
    RejectedError,
)
from droptrain_core.domain.preflight.summary import ColumnSummary, Summary
from droptrain_core.domain.runs import timing
from droptrain_core.domain.runs.log_line import LogLine
from droptrain_core.domain.runs.model_pointer import pointer_of
from droptrain_core.domain.runs.preparation import JobRequest, Preparation
from droptrain_core.domain.runs.promotion import CurrentModel, promotion_of
from droptrain_core.domain.runs.retraining import Retraining
from droptrain_core.domain.runs.run import AttemptCost, Cost, GpuUse
from droptrain_core.domain.runs.series import Point, Series
from droptrain_core.domain.runs.sources import Source
from droptrain_core.query import Dataset, DatasetDetails, DatasetListing, Listing, Project, ProjectListing
from droptrain_core.read_costs import CostListing
from droptrain_core.read_models import Models, Promoted
from droptrain_core.read_retraining import NextRetraining
from droptrain_core.read_sources import SourceListing, SourceText
from droptrain_core.results import LogListing
from openapi_spec_validator import OpenAPIV31SpecValidator
from support.golden import golden
from support.records import RUN_ID, object_version, run

SHA256 = "A" * 43 + "="


class UseCases:
    """Stands for every use case: notes what it is asked, answers or raises."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[Any] = []

    def request(self, project: str, dataset: str, **more: Any) -> Any:
        self.asked.append((project, dataset, more))
        return self._give()

    def run(self, run_id: str, caller: Any = None) -> Any:
        self.asked.append((run_id, caller))
        return self._give()

    def repeat(self, run_id: str, **more: Any) -> Any:
        self.asked.append((run_id, more))
        return self._give()

    def dry_run(self, project: str, dataset: str, **more: Any) -> Any:
        self.asked.append((project, dataset, more))
        return self._give()

    def dry_repeat(self, run_id: str, **more: Any) -> Any:
        self.asked.append((run_id, more))
        return self._give()

    def projects(self, **filters: Any) -> Any:
        self.asked.append(filters)
        return self._give()

    def project(self, name: str) -> Any:
        self.asked.append(name)
        return self._give()

    def dataset(self, project: str, name: str) -> Any:
        self.asked.append((project, name))
        return self._give()

    def datasets(self, project: str, **filters: Any) -> Any:
        self.asked.append((project, filters))
        return self._give()

    def runs(self, **filters: Any) -> Any:
        self.asked.append(filters)
        return self._give()

    def logs(self, run_id: str, **more: Any) -> Any:
        self.asked.append((run_id, more))
        return self._give()

    def metrics(self, run_id: str) -> Any:
        self.asked.append(run_id)
        return self._give()

    def by_day(self, *asked: Any) -> Any:
        self.asked.append(asked)
        return self._give()

    def artifacts(self, run_id: str, **more: Any) -> Any:
        self.asked.append((run_id, more))
        return self._give()

    def list(self, run_id: str, **more: Any) -> Any:
        self.asked.append((run_id, more))
        return self._give()

    def text(self, run_id: str, path: str) -> Any:
        self.asked.append((run_id, path))
        return self._give()

    def uploads(self, project: str, dataset: str, files: Any) -> Any:
        self.asked.append((project, dataset, files))
        return self._give()

    def delete(self, project: str, dataset: str, caller: str) -> Any:
        self.asked.append((project, dataset, caller))
        return self._give()

    def of_project(self, project: str, **more: Any) -> Any:
        self.asked.append((project, more))
        return self._give()

    def by_request(self, run_id: str, caller: str) -> Any:
        self.asked.append((run_id, caller))
        return self._give()

    def rollback(self, project: str, caller: str, leaving: str | None = None) -> Any:
        self.asked.append((project, caller, leaving))
        return self._give()

    def _give(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def with_resources(**resources: Any) -> dict[str, Any]:
    return {"project": "p", "dataset": "d", "overrides": {"resources": resources}}


@pytest.fixture
def call(runs_api, context):
    def ask(
        use_cases: UseCases, method: str, path: str, body: Any = None, query="", headers=None, base64=False
    ):
        for name in (
            "launch", "query", "cancel", "describe", "results", "read_sources", "datasets",
            "costs", "promote", "read_models", "read_retraining", "read_timing",
        ):  # fmt: skip
            setattr(runs_api.run_routes.use_cases, name, lambda: use_cases)
        request = golden("http/post_runs_without_body")
        request["rawPath"] = request["requestContext"]["http"]["path"] = path
        request["requestContext"]["http"]["method"] = method
        request["rawQueryString"] = query
        request["queryStringParameters"] = dict(pair.split("=") for pair in query.split("&") if pair)
        request["headers"] |= headers or {}
        request["isBase64Encoded"] = base64
        request["body"] = body if isinstance(body, str | None) else json.dumps(body)
        answer = runs_api.handler(request, context)
        return answer["statusCode"], json.loads(answer["body"] or "null"), answer["headers"]

    return ask


@pytest.mark.parametrize(("new", "status"), [(True, 202), (False, 200)])
def test_a_launch_answers_202_for_a_new_run_and_200_for_the_same(call, new, status) -> None:
    use_cases = UseCases((run(), new))
    code, body, _ = call(use_cases, "POST", "/runs", {"project": "penguins", "dataset": "first"})
    assert (code, body["run_id"], body["status"]) == (status, RUN_ID, "CLAIMED")
    assert use_cases.asked == [
        ("penguins", "first", {
            "caller": "arn:aws:iam::123456789012:user/ann", "rerun": False, "overrides": {}, "force": False,
            "prepare_again": False,
            "request": None,
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


def test_the_log_of_a_run_in_its_preparation_step_is_the_step_s(call) -> None:
    step = Preparation("ab" * 32, JobRequest("prepare.py", 0, 4, 8192, 3, 1800, "auto"))
    _, body, _ = call(UseCases(run(preparation=step)), "GET", f"/runs/{RUN_ID}")
    assert body["links"]["log"] == f"s3://a-bucket_name/runs/penguins/{RUN_ID}/prepare/log.txt"


def test_a_run_tells_its_estimate_and_what_each_attempt_cost(call) -> None:
    estimate = Estimate((Offer("g5.xlarge", 1.1, None, None),), None, None, 3.3, 1.1, "basis", "2025-11-30")
    first = AttemptCost(1, 1, "g5.xlarge", "a", "spot", 60, 0.4, "spot", 0.006667, reclaimed=True)
    cost = Cost(0.006667, "g5.xlarge", 0.4, 60, "basis", "2025-11-30", 0.006667, (first,))
    _, body, _ = call(UseCases(run(estimate=estimate, cost=cost)), "GET", f"/runs/{RUN_ID}")
    assert body["estimate"] == {**asdict(estimate), "offers": [asdict(estimate.offers[0])]}
    assert body["cost"] == {**asdict(cost), "attempts": [asdict(first)]}


def test_a_run_tells_how_its_gpus_were_used_and_what_is_advised(call) -> None:
    use = GpuUse(1, 11.4, 13.25, None, 600.0)
    ended = run(status="SUCCEEDED", gpu=use, advice=("See docs/gpu.md.",))
    _, body, _ = call(UseCases(ended), "GET", f"/runs/{RUN_ID}")
    assert body["gpu"] == asdict(use)
    assert body["advice"] == ["See docs/gpu.md."]


PINNED = {"from_run": RUN_ID, "versions": "pinned"}
KEPT = {"hyperparameters": {"epochs": 3}, "resources": {}}


@pytest.mark.parametrize(("settings", "kept"), [({}, KEPT), ({"settings": "recipe"}, None)])
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_run_is_trained_again_with_its_settings_or_the_recipe_s(
    call, monkeypatch, settings, kept, dry_run
) -> None:
    use_cases = UseCases(run() if dry_run else (run(), True))

    def of_run(_: UseCases, run_id: str, *, keeps_settings: bool) -> Any:
        return "penguins", "first", KEPT if keeps_settings else None

    monkeypatch.setattr(UseCases, "of_run", of_run, raising=False)
    body = {"from_run": RUN_ID, "dry_run": dry_run, **settings}
    assert call(use_cases, "POST", "/runs", body)[0] == (200 if dry_run else 202)
    [(project, dataset, more)] = use_cases.asked
    assert (project, dataset, more["rerun"], more["kept"]) == ("penguins", "first", True, kept)


def test_a_run_is_repeated_by_its_id(call) -> None:
    use_cases = UseCases((run(), True))
    code, _, _ = call(use_cases, "POST", "/runs", PINNED)
    assert code == 202
    who = "arn:aws:iam::123456789012:user/ann"
    assert use_cases.asked == [(RUN_ID, {"caller": who, "prepare_again": False, "request": None})]


@pytest.mark.parametrize(("dataset", "given"), [("first", {"dataset": "first"}), ("", {})])
def test_a_dry_run_answers_with_the_run_that_would_be_launched(call, dataset, given) -> None:
    use_cases = UseCases(run())
    code, body, _ = call(use_cases, "POST", "/runs", {"project": "penguins", "dry_run": True, **given})
    assert (code, body["run_id"], body["status"]) == (200, RUN_ID, "CLAIMED")
    [(project, name, more)] = use_cases.asked
    assert (project, name, more["rerun"], more["overrides"]) == ("penguins", dataset, False, {})


def test_a_repeat_can_be_a_dry_run(call) -> None:
    use_cases = UseCases(run())
    code, _, _ = call(use_cases, "POST", "/runs", {**PINNED, "dry_run": True})
    assert code == 200
    assert use_cases.asked == [(RUN_ID, {"caller": "arn:aws:iam::123456789012:user/ann"})]


def test_projects_are_told_with_what_they_wait_for(call) -> None:
    waiting = DatasetRecord(
        project="penguins", dataset="second", since="2026-11-23T02:10:00Z", missing=("test.csv",),
        present=("Test.csv", "train.csv"),
    )  # fmt: skip
    found = ProjectListing((Project("penguins", run(), (waiting,)), Project("mice", None, ())), "next")
    use_cases = UseCases(found)
    code, body, _ = call(use_cases, "GET", "/projects", query="limit=2")
    assert (code, body["cursor"], use_cases.asked) == (200, "next", [{"limit": 2, "cursor": None}])
    penguins, mice = body["projects"]
    assert penguins["latest_run"]["run_id"] == RUN_ID
    assert penguins["waiting"] == [
        {
            "dataset": "second",
            "since": "2026-11-23T02:10:00Z",
            "missing": ["test.csv"],
            "present": ["Test.csv", "train.csv"],
            "due_at": None,
            "arrived_at": None,
        }
    ]
    assert mice == {"project": "mice", "latest_run": None, "waiting": []}


def test_one_project_is_told(call) -> None:
    use_cases = UseCases(Project("mice", None, ()))
    due_at, launched = "2026-11-23T06:00:00Z", {"outcome": "launched", "run_id": RUN_ID}
    known = Retraining(
        project="mice",
        schedule="0 6 * * *",
        time_zone="UTC",
        due_at=due_at,
        outcome="launched",
        run_id=RUN_ID,
    )
    use_cases.of = lambda project: NextRetraining(known, "2026-11-24T06:00:00Z")  # type: ignore[attr-defined]
    code, body, _ = call(use_cases, "GET", "/projects/mice")
    assert code == 200
    assert body == {
        "project": "mice",
        "latest_run": None,
        "waiting": [],
        "retraining": {
            "schedule": "0 6 * * *",
            "time_zone": "UTC",
            "next_at": "2026-11-24T06:00:00Z",
            "due_at": due_at,
            **launched,
        },
    }
    assert use_cases.asked == ["mice"]
    assert call(UseCases(NotFoundError("no project")), "GET", "/projects/nope")[0] == 404


def test_the_models_of_a_project_are_told(call) -> None:
    trained = run(status="SUCCEEDED", metric="loss", metric_goal="minimize", metrics={"loss": 0.25})
    promotion = promotion_of(trained, 0, None, "2026-11-23T03:00:00Z", "gate")
    now, history = CurrentModel(promotion, is_published=False), (Promoted(promotion, None),)
    use_cases = UseCases(Models(pointer_of(trained, "data"), None, now, history, "next", promotion))
    code, body, _ = call(use_cases, "GET", "/projects/penguins/models", query="limit=1")
    assert (code, body["best"], body["cursor"]) == (200, None, "next")
    assert body["served_run_id"] == RUN_ID
    assert use_cases.asked == [("penguins", {"limit": 1, "cursor": None})]
    assert body["promoted"] == [
        {
            "number": 1,
            "kind": "promoted",
            "run_id": RUN_ID,
            "dataset": "first",
            "metrics": {"loss": 0.25},
            "metric": {"name": "loss", "value": 0.25, "goal": "minimize"},
            "inputs_digest": None,
            "code_digest": "abcd",
            "promoted_at": "2026-11-23T03:00:00Z",
            "promoted_by": "gate",
            "back_to": None,
            "missing_at": None,
            "until": None,
        }
    ]
    assert body["current"] == {
        **body["promoted"][0],
        "is_copied": False,
        "is_published": False,
        "export": f"s3://a-bucket_name/models/penguins/current/{RUN_ID}/",
    }
    assert body["latest"] == {
        "run_id": RUN_ID, "dataset": "first", "finished_at": trained.updated_at, "replaced": None,
        "metric": {"name": "loss", "value": 0.25, "goal": "minimize"},
        "export": f"s3://data/runs/penguins/{RUN_ID}/export/",
        "model": f"s3://data/runs/penguins/{RUN_ID}/model/",
    }  # fmt: skip


@pytest.mark.parametrize(("path", "asked"), [
    (f"/runs/{RUN_ID}/promote", (RUN_ID, "arn:aws:iam::123456789012:user/ann")),
    ("/projects/penguins/rollback", ("penguins", "arn:aws:iam::123456789012:user/ann", RUN_ID)),
])  # fmt: skip
def test_a_promotion_and_a_rollback_name_their_caller_and_answer_what_is_current(call, path, asked) -> None:
    promotion = promotion_of(run(status="SUCCEEDED"), 0, None, "2026-11-23T03:00:00Z", "ann")
    use_cases = UseCases(CurrentModel(promotion, is_published=False))
    body = {"run_id": RUN_ID} if path.endswith("rollback") else None
    code, answer, _ = call(use_cases, "POST", path, body)
    assert (code, answer["run_id"], answer["promoted_by"]) == (202, RUN_ID, "ann")
    assert use_cases.asked == [asked]


@pytest.mark.parametrize(("error", "problem"), [
    (NoModelError("no files"), "no-model"), (NoEarlierModelError("the first"), "no-earlier-model"),
    (ModelChangedError("another one"), "model-changed"),
])  # fmt: skip
def test_why_nothing_was_promoted_is_a_problem_of_its_own(call, error, problem) -> None:
    code, answer, _ = call(UseCases(error), "POST", f"/runs/{RUN_ID}/promote")
    assert (code, answer["type"], answer["detail"]) == (409, f"urn:droptrain:problem:{problem}", str(error))


def test_the_costs_of_a_month_are_told(call) -> None:
    day = DayCost("2026-11-02", "penguins", 3, 0.5, 1, 2.0)
    use_cases = UseCases(CostListing("2026-11", (day,), "next"))
    code, body, _ = call(use_cases, "GET", "/costs", query="month=2026-11&cursor=abc")
    assert (code, body) == (200, {"month": "2026-11", "days": [asdict(day)], "cursor": "next"})
    assert use_cases.asked == [("2026-11", "abc")]
    assert call(UseCases(None), "GET", "/costs", query="month=2026-13")[0] == 422


def test_datasets_are_listed_with_what_they_wait_for(call) -> None:
    waiting = DatasetRecord(project="penguins", dataset="b", since="2026-11-23T02:10:00Z", missing=("x",))
    use_cases = UseCases(DatasetListing((Dataset("a", None), Dataset("b", waiting)), "next"))
    code, body, _ = call(use_cases, "GET", "/projects/penguins/datasets", query="limit=2&cursor=abc")
    assert (code, body["cursor"]) == (200, "next")
    assert use_cases.asked == [("penguins", {"limit": 2, "cursor": "abc"})]
    first, second = body["datasets"]
    assert first == {"dataset": "a", "waiting": None}
    assert (second["dataset"], second["waiting"]["missing"]) == ("b", ["x"])


def test_a_dataset_is_told_with_its_files_its_data_and_its_runs(call) -> None:
    version = object_version("projects/penguins/data/first/train.csv", "v1")
    column = ColumnSummary("mass_g", "numbers", 0.5, 2700.0, 6300.0, 4050.0, 3550.0, 4750.0, {})
    found = DatasetDetails(
        name="first", waiting=None, files=((version, datetime(2026, 11, 23, tzinfo=UTC)),),
        has_all_files=True, runs=(run(),), summary=Summary("first", 40, ",", True, 1, (column,)),
    )  # fmt: skip
    use_cases = UseCases(found)
    code, body, _ = call(use_cases, "GET", "/projects/penguins/datasets/first")
    assert (code, body["dataset"], body["waiting"], body["has_all_files"]) == (200, "first", None, True)
    assert body["files"] == [
        {"file": "train.csv", "version_id": "v1", "size": version.size, "uploaded_at": "2026-11-23T00:00:00Z"}
    ]
    assert body["data"] == {"rows": 40, "columns": 1, "first": [{
        "name": "mass_g", "kind": "numbers", "empty": 0.5, "least": 2700.0, "most": 6300.0, "median": 4050.0,
    }]}  # fmt: skip
    assert [each["run_id"] for each in body["runs"]] == [RUN_ID]
    assert use_cases.asked == [("penguins", "first")]


def test_a_list_is_filtered_and_paged(call) -> None:
    use_cases = UseCases(Listing((run(),), "next"))
    query = "project=penguins&dataset=first&status=FAILED&tag=best&versions=a,b&limit=5&cursor=abc"
    code, body, _ = call(use_cases, "GET", "/runs", query=query)
    assert (code, len(body["runs"]), body["cursor"]) == (200, 1, "next")
    assert use_cases.asked == [{
        "project": "penguins", "dataset": "first", "status": "FAILED", "versions": {"a", "b"}, "limit": 5,
        "tag": "best", "cursor": "abc", "by_metric": False,
    }]  # fmt: skip


def test_a_list_by_metric_is_of_one_project(call) -> None:
    use_cases = UseCases(Listing((run(),), None))
    assert call(use_cases, "GET", "/runs", query="project=penguins&sort=metric")[0] == 200
    assert use_cases.asked[0]["by_metric"] is True
    code, body, _ = call(use_cases, "GET", "/runs", query="sort=metric")
    assert (code, body["type"]) == (422, "urn:droptrain:problem:invalid-request")
    assert body["errors"] == [{"field": "query.project", "problem": "sort=metric needs a project"}]


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
    (InUseError("trains"), 409, "in-use"),
    (BusyError("busy"), 503, "busy"),
    (PausedError("no budget"), 503, "paused"),
])  # fmt: skip
def test_every_error_has_its_problem_document(call, error, status, kind) -> None:
    code, body, headers = call(UseCases(error), "POST", "/runs", {"project": "p", "dataset": "d"})
    assert code == body["status"] == status
    assert body["type"] == f"urn:droptrain:problem:{kind}"
    assert body["detail"] == str(error)
    assert headers["Content-Type"] == "application/problem+json"
    assert ("Retry-After" in headers) == (kind == "busy")


@pytest.mark.parametrize(("body", "field", "problem"), [
    ({"project": "p"}, "body", "project and dataset are needed, or from_run; dry_run needs no dataset"),
    ({"project": "p", "dataset": "d", "epochs": 3}, "body.epochs", "there is no such field"),
    ({"project": "P", "dataset": "d"}, "body.project", r"it has to match ^[a-z0-9][a-z0-9-]{0,39}$"),
    ({"project": "p", "dataset": 1}, "body.dataset", "it has to be a valid string"),
])  # fmt: skip
def test_what_is_wrong_with_a_request_is_said_in_plain_words(call, body, field, problem) -> None:
    code, answer, _ = call(UseCases(None), "POST", "/runs", body)
    assert (code, answer["errors"][0]) == (422, {"field": field, "problem": problem})
    assert answer["detail"].startswith(f"{field}: {problem}")


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


def test_a_body_in_base64_is_read_and_one_that_is_no_text_is_400(call) -> None:
    body = base64.b64encode(b'{"project": "p", "dataset": "d"}').decode()
    assert call(UseCases((run(), True)), "POST", "/runs", body, base64=True)[0] == 202
    code, answer, headers = call(UseCases(None), "POST", "/runs", "/w==", base64=True)
    assert (code, answer["type"]) == (400, "urn:droptrain:problem:malformed-json")
    assert headers["Content-Type"] == "application/problem+json"


def test_a_whole_number_may_have_a_point(call) -> None:
    use_cases = UseCases((run(), True))
    overrides = {"resources": {"gpus": 2.0}, "hyperparameters": {"rate": 1.5}}
    call(use_cases, "POST", "/runs", {"project": "p", "dataset": "d", "overrides": overrides})
    assert use_cases.asked[0][2]["overrides"] == {"resources": {"gpus": 2}, "hyperparameters": {"rate": 1.5}}


@pytest.mark.parametrize(("body", "field"), [
    (with_resources(gpus=1.5), "body.overrides.resources.gpus"),
    (with_resources(tpus=1), "body.overrides.resources.tpus"),
    ({"project": "p", "dataset": "d", "epochs": 3}, "body.epochs"),
    ({"project": "p"}, "body"),
    ({"from_run": RUN_ID, "project": "p"}, "body"),
    ({"from_run": "../x"}, "body.from_run"), ({**PINNED, "settings": "recipe"}, "body"),
    ({**PINNED, "overrides": {"hyperparameters": {"epochs": 3}}}, "body"),
    ({"project": "p", "dataset": "d", "versions": "newest"}, "body"),
    ({"from_run": RUN_ID, "versions": "oldest"}, "body.versions"),
    ({"project": "P!", "dataset": "d"}, "body.project"),
    ({"project": "p", "dataset": "d", "rerun": "yes"}, "body.rerun"),
    ({"project": "p", "dataset": "d", "overrides": {"spot": "never"}}, "body.overrides.spot"),
    ([], "body"), (None, "body"),
])  # fmt: skip
def test_a_wrong_field_is_422_and_named(call, body, field) -> None:
    code, answer, _ = call(UseCases(None), "POST", "/runs", body)
    assert code == 422
    assert field in [each["field"] for each in answer["errors"]]


@pytest.mark.parametrize("words", [
    {"name": "wide"}, {"note": None}, {"tags": ["a", "lr=0.1"]}, {"name": None, "note": "why\n", "tags": []},
])  # fmt: skip
def test_only_the_words_that_are_given_are_written(call, words) -> None:
    use_cases = UseCases(run(name="wide", tags=("a",)))
    code, answer, _ = call(use_cases, "PATCH", f"/runs/{RUN_ID}", words)
    assert (code, answer["name"], answer["tags"]) == (200, "wide", ["a"])
    assert use_cases.asked == [(RUN_ID, words)]


@pytest.mark.parametrize(("words", "field", "problem"), [
    ({}, "body", "name, note or tags is needed"),
    ({"name": "n" * 101}, "body.name", "it has to have at most 100 characters"),
    ({"name": "two\nlines"}, "body.name", "it has to match"),
    ({"note": "n" * 2001}, "body.note", "it has to have at most 2000 characters"),
    ({"tags": ["-"]}, "body.tags.0", "it has to match"),
    ({"tags": ["a"] * 21}, "body.tags", "at most 20"),
    ({"status": "SUCCEEDED"}, "body.status", "there is no such field"),
])  # fmt: skip
def test_words_that_can_not_be_are_422_and_named(call, words, field, problem) -> None:
    code, answer, _ = call(UseCases(None), "PATCH", f"/runs/{RUN_ID}", words)
    assert code == 422
    assert [each["field"] for each in answer["errors"]] == [field]
    assert problem in answer["detail"]


@pytest.mark.parametrize("query", [
    "tag=-", "limit=0", "limit=101", "limit=x", "status=DONE", "project=A", "dataset=..", "versions=a,,b",
    "versions=" + ",".join("v" * 101),
])  # fmt: skip
def test_a_wrong_filter_is_422(call, query) -> None:
    code, answer, _ = call(UseCases(None), "GET", "/runs", query=query)
    assert code == 422
    assert query.split("=")[0] in answer["detail"]


def test_a_run_that_is_as_it_was_is_304(call) -> None:
    _, _, headers = call(UseCases(run()), "GET", f"/runs/{RUN_ID}")
    tag = headers["ETag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        code, body, again = call(UseCases(run()), "GET", f"/runs/{RUN_ID}", headers={"if-none-match": known})
        assert (code, body, again.get("ETag")) == (304, None, tag)
    changed = UseCases(run(status="RUNNING"))
    code, _, headers = call(changed, "GET", f"/runs/{RUN_ID}", headers={"if-none-match": tag})
    assert code == 200
    assert headers["ETag"] != tag


def test_a_log_is_told_by_attempt(call) -> None:
    listing = LogListing((LogLine("2026-11-23T02:10:00Z", 1, "epoch 1"), LogLine(None, None, "ü")), "next")
    use_cases = UseCases(listing)
    code, body, _ = call(use_cases, "GET", f"/runs/{RUN_ID}/logs", query="limit=2&cursor=abc")
    assert (code, body["cursor"]) == (200, "next")
    assert body["lines"] == [
        {"at": "2026-11-23T02:10:00Z", "attempt": 1, "text": "epoch 1"},
        {"at": None, "attempt": None, "text": "ü"},
    ]
    assert use_cases.asked == [(RUN_ID, {"limit": 2, "cursor": "abc", "step": None})]


def test_metrics_are_told_by_step(call) -> None:
    found = (Series("loss", 2, (Point(1, 0.7), Point(2, 0.5))),)
    code, body, _ = call(UseCases(found), "GET", f"/runs/{RUN_ID}/metrics")
    assert code == 200
    points = [{"step": 1, "value": 0.7}, {"step": 2, "value": 0.5}]
    assert body == {"series": [{"name": "loss", "count": 2, "points": points}]}


def test_the_timing_of_a_run_is_told(call) -> None:
    usual = timing.Usual(170, 8, "project")
    parts = (
        timing.Part("queued", "2026-11-23T02:10:01Z", None, None, None),
        timing.Part("instance_started", "2026-11-23T02:13:00Z", "queued", 179, usual),
    )
    underway = timing.Underway("container_started", "2026-11-23T02:13:00Z", None)
    use_cases = UseCases(None)
    use_cases.of = {RUN_ID: timing.Timing(1, parts, underway)}.__getitem__  # type: ignore[attr-defined]
    code, body, _ = call(use_cases, "GET", f"/runs/{RUN_ID}/timing")
    assert code == 200
    assert body["underway"] == {"name": "container_started", "since": "2026-11-23T02:13:00Z", "usual": None}
    assert body["parts"][1] == {
        "name": "instance_started", "at": "2026-11-23T02:13:00Z", "after": "queued", "seconds": 179,
        "usual": {"seconds": 170, "runs": 8, "of": "project"},
    }  # fmt: skip


def test_the_code_of_a_run_is_listed_and_read(call) -> None:
    source = Source("code/train.py", "projects/penguins/code/train.py", "v1", 6)
    listing = UseCases(SourceListing((source,), "next"))
    file = {"path": "code/train.py", "version_id": "v1", "size": 6}
    code, body, _ = call(listing, "GET", f"/runs/{RUN_ID}/code", query="limit=5")
    assert (code, body) == (200, {"files": [file], "cursor": "next"})
    use_cases = UseCases(SourceText(source, None, "binary"))
    code, body, _ = call(use_cases, "GET", f"/runs/{RUN_ID}/code/text", query="path=code/train.py")
    assert (code, body) == (200, {**file, "text": None, "unshown": "binary"})
    assert use_cases.asked == [(RUN_ID, "code/train.py")]
    assert call(use_cases, "GET", f"/runs/{RUN_ID}/code/text")[0] == 422


def test_uploads_are_signed_with_and_without_a_size(call) -> None:
    at = datetime(2026, 11, 23, 3, 10, tzinfo=UTC)
    put = SignedRequest("PUT", "https://s3/x", {"x-amz-checksum-sha256": SHA256})
    use_cases = UseCases([Upload("train.csv", "projects/p/data/d/train.csv", at, put, None)])
    files = [
        {"name": "train.csv", "size": 5, "sha256": SHA256}, "sub/test.csv",
        {"name": "large.csv", "size": 64 << 20, "crc32": "y6N3aw=="},
    ]  # fmt: skip
    code, body, _ = call(use_cases, "POST", "/projects/p/datasets/d/uploads", {"files": files})
    assert code == 200
    assert body["uploads"][0]["put"] == {
        "method": "PUT", "url": "https://s3/x", "headers": {"x-amz-checksum-sha256": SHA256},
    }  # fmt: skip
    assert body["run"] == "/runs?dataset=d&project=p&versions="
    assert use_cases.asked == [("p", "d", [
        NewFile("train.csv", 5, SHA256), NewFile("sub/test.csv"),
        NewFile("large.csv", 64 << 20, None, "y6N3aw=="),
    ])]  # fmt: skip


@pytest.mark.parametrize("file", [
    "", "/x", "../x", "a/../b", "a//b", ".hidden", "a/.b", "a\\b", "a\nb", "x" * 201, 7, None, {"name": "x"},
    {"name": "x", "size": -1, "sha256": SHA256}, {"name": "x", "size": 1, "sha256": SHA256[1:]},
    {"name": "../x", "size": 1, "sha256": SHA256}, {"name": "x", "size": 1 << 41, "crc32": "y6N3aw=="},
    {"name": "x", "size": 1, "crc32": "y6N3aw=="}, {"name": "x", "size": 64 << 20, "sha256": SHA256},
])  # fmt: skip
def test_a_file_that_can_not_be_dropped_is_422(call, file) -> None:
    code, body, _ = call(UseCases(None), "POST", "/projects/p/datasets/d/uploads", {"files": [file]})
    assert (code, body["type"]) == (422, "urn:droptrain:problem:invalid-request")


@pytest.mark.parametrize("path", [
    "/projects/P/datasets/d", "/projects/p/datasets/..", "/projects/p%0A/datasets/d", "/projects/é/datasets/d"
])  # fmt: skip
def test_a_dataset_that_can_not_be_is_422(call, path) -> None:
    assert call(UseCases(None), "DELETE", path)[0] == 422


def test_a_file_can_be_asked_for_once(call) -> None:
    code, body, _ = call(UseCases(None), "POST", "/projects/p/datasets/d/uploads", {"files": ["a", "b", "a"]})
    assert (code, "each name can be there once" in body["detail"]) == (422, True)


def test_more_than_an_answer_has_links_for_is_422_and_says_what_to_do(call) -> None:
    files = [{"name": name, "size": 600 << 30, "crc32": "y6N3aw=="} for name in ("a", "b")]
    code, body, _ = call(UseCases(None), "POST", "/projects/p/datasets/d/uploads", {"files": files})
    assert (code, "ask for some of them in another request" in body["detail"]) == (422, True)


def test_a_dataset_is_deleted_in_its_caller_s_name(call) -> None:
    use_cases = UseCases(Deleted(3, complete=True))
    code, body, _ = call(use_cases, "DELETE", "/projects/p/datasets/d")
    assert (code, body) == (200, {"deleted": 3, "complete": True})
    assert use_cases.asked == [("p", "d", "arn:aws:iam::123456789012:user/ann")]


def test_the_description_is_that_of_the_routes(runs_api) -> None:
    made = runs_api.description.describe(runs_api.app, runs_api.ROUTES)
    assert json.loads(runs_api.description.FILE.read_text("utf-8")) == made, "say: make openapi"
    OpenAPIV31SpecValidator(made).validate()


def test_the_description_is_served(call) -> None:
    code, body, _ = call(UseCases(None), "GET", "/openapi.json")
    assert (code, body["openapi"]) == (200, "3.1.0")


@pytest.mark.parametrize(("method", "path", "allowed"), [
    ("DELETE", "/runs", "GET, POST"), ("PUT", f"/runs/{RUN_ID}", "GET, PATCH"), ("HEAD", "/projects", "GET"),
])  # fmt: skip
def test_a_method_that_a_path_lacks_is_405(call, method, path, allowed) -> None:
    code, answer, headers = call(UseCases(None), method, path)
    assert (code, answer["type"]) == (405, "urn:droptrain:problem:no-such-method")
    assert headers["Allow"] == allowed


def test_an_unknown_path_is_404(call) -> None:
    code, answer, _ = call(UseCases(None), "GET", "/walks")
    assert (code, answer["type"]) == (404, "urn:droptrain:problem:no-such-route")


def test_the_log_names_the_request(load, context, capsys) -> None:
    request = golden("http/get_nothing")
    load("runs_api").handler(request, context)
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"level"' in line]
    assert line["correlation_id"] == request["requestContext"]["requestId"]
