"""Uploads and requests become runs, exactly once, whatever repeats or dies."""

import json
from io import BytesIO
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from droptrain_core.domain.datasets import dataset
from droptrain_core.domain.errors import (
    BusyError,
    DeniedError,
    KeyReusedError,
    NotFoundError,
    NotReadyError,
    RejectedError,
    UnsureError,
)
from droptrain_core.domain.runs.claims import RequestClaim
from support.core_stack import STACK_ID

TRAIN = "projects/penguins/data/first/train.csv"


def uploaded(stack, events) -> list[str]:
    return [stack.launch.upload(*event).answer for event in events]


def faults(stack, **fault) -> None:
    import urllib.request

    request = urllib.request.Request(
        f"{stack.batch.meta.endpoint_url}/local/faults", json.dumps(fault).encode(), method="POST"
    )
    urllib.request.urlopen(request).close()


def test_two_files_launch_one_run_with_one_job(stack) -> None:
    stack.publish_project()
    events = stack.drop()
    assert uploaded(stack, events * 2) == ["launched", "repeated", "repeated", "repeated"]
    (job,) = stack.batch_jobs()
    run = stack.query.run(job["jobName"])
    assert (run.status, run.batch_job_id) == ("SUBMITTED", job["jobId"])
    assert {item.object.version_id for item in run.inputs} == {version for _, version in events}


def test_the_first_file_alone_waits(stack) -> None:
    stack.publish_project()
    assert uploaded(stack, stack.drop("first", "train.csv")) == ["waiting"]
    assert stack.batch_jobs() == []
    assert uploaded(stack, stack.drop("first", "test.csv")) == ["launched"]


def test_one_replaced_file_is_one_new_run_and_pushed_code_is_none(stack) -> None:
    stack.publish_project()
    events = stack.drop()
    uploaded(stack, events)
    stack.publish_project(b"echo new code\n")
    assert uploaded(stack, events) == ["repeated", "repeated"]
    assert uploaded(stack, stack.drop("first", "train.csv")) == ["launched"]
    assert len(stack.batch_jobs()) == 2


def test_the_plan_in_the_bucket_pins_what_the_record_pins(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"hyperparameters: {epochs: 3}\nmetric: {name: acc}\n")
    uploaded(stack, stack.drop())
    (run,) = stack.query.runs(limit=10).runs
    body = stack.s3.get_object(Bucket="data", Key=f"runs/penguins/{run.run_id}/run.json")["Body"].read()
    plan = json.loads(body)
    assert plan["hyperparameters"] == {"epochs": 3}
    assert [item["version_id"] for item in plan["inputs"]] == [i.object.version_id for i in run.inputs]
    assert plan["recipe"]["version_id"] == run.recipe.version_id
    assert run.metric == "acc"


def test_a_marker_launches_what_has_many_parts(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"trigger: marker\ninputs: {training: 'train/*.csv'}\n")
    parts = stack.drop("big", "train/part-1.csv", "train/part-2.csv")
    assert uploaded(stack, parts) == ["waiting", "waiting"]
    marker = stack.drop("big", "_SUCCESS")
    assert uploaded(stack, marker + parts) == ["launched", "repeated", "repeated"]
    assert uploaded(stack, stack.drop("big", "_SUCCESS")) == ["launched"], "a new marker is a new drop"


@pytest.mark.parametrize("name", ["größe + 100%.csv", "a b+c.csv", "日本.csv", "q%20uote'\".csv"])
def test_any_letter_may_stand_in_a_file_s_name(stack, name: str) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"inputs: {data: '*.csv'}\n")
    assert uploaded(stack, stack.drop("first", name)) + stack.rested() == ["waiting", "launched"]
    (run,) = stack.query.runs(limit=10).runs
    assert run.inputs[0].object.key.endswith(name)


@pytest.mark.parametrize(("recipe", "code", "said"), [
    (b"epochs: 10", "bad_recipe", "train.yaml: there is no field 'epochs'"),
    (b"attempts: many", "bad_recipe", "train.yaml: attempts: has to be a whole number from 1 to 10"),
    (b"a: [", "bad_recipe", "train.yaml: line 2, column 1"),
    (b"entrypoint: other.sh", "code_missing", "The project has no s3://data/projects/penguins/code/other.sh"),
    (b"max_cost_usd: 0.001", "bad_recipe", "max_cost_usd: 0.001 doesn't pay for the shortest training"),
])  # fmt: skip
def test_what_can_not_train_is_one_rejected_run(stack, recipe, code, said) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", recipe)
    events = stack.drop()
    assert uploaded(stack, events * 2) == ["rejected", "repeated", "repeated", "repeated"]
    (run,) = stack.query.runs(limit=10).runs
    assert (run.status, run.cause.code) == ("REJECTED", code)
    assert said in run.cause.message
    assert stack.batch_jobs() == []


def test_without_a_recipe_a_python_script_runs_and_a_run_script_before_it(stack) -> None:
    assert uploaded(stack, stack.drop("first")[-1:]) == ["rejected"]
    (run,) = stack.query.runs(limit=10).runs
    folder = "s3://data/projects/penguins/code/"
    assert run.cause.message == f"The project has neither {folder}run.sh nor train.py"
    for name, script in (("second", "train.py"), ("third", "run.sh")):
        stack.put(f"projects/penguins/code/{script}", b"x")
        assert "launched" in uploaded(stack, stack.drop(name))
        run = stack.query.runs(limit=10).runs[0]
        body = stack.s3.get_object(Bucket="data", Key=f"runs/penguins/{run.run_id}/run.json")["Body"].read()
        assert json.loads(body)["entrypoint"] == script


def test_an_unreadable_recipe_is_rejected_over_data_files_of_any_kind(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"a: [")
    assert uploaded(stack, stack.drop("first", "train.TSV.gz")) == ["rejected"]
    (run,) = stack.query.runs(limit=10).runs
    assert (run.status, run.cause.code) == ("REJECTED", "bad_recipe")


def test_an_empty_file_is_rejected(stack) -> None:
    stack.publish_project()
    stack.drop("first", "test.csv")
    stack.launch.upload(*stack.put(TRAIN, b""))
    (run,) = stack.query.runs(limit=10).runs
    assert (run.status, run.cause.code) == ("REJECTED", "empty_input")


def test_an_empty_part_beside_a_part_with_rows_launches_with_a_warning(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"inputs: {training: 'part-*.csv'}\n")
    parts = {"part-0.csv": b"", "part-1.csv": b"a,b\n1,2\n3,4\n"}
    events = [stack.put(TRAIN.replace("train.csv", name), body) for name, body in parts.items()]
    assert uploaded(stack, events) + stack.rested() == ["waiting", "waiting", "launched"]
    (run,) = stack.query.runs(limit=10).runs
    assert [each.rule for each in run.warnings] == ["empty_part"]


def test_more_files_than_a_run_can_have_are_rejected(stack, monkeypatch) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"inputs: {training: '*.csv'}\n")
    monkeypatch.setattr(dataset, "MAX_INPUTS", 110)
    event = stack.drop("first", *(f"{number}.csv" for number in range(111)))[-1]
    assert uploaded(stack, [event, event]) + stack.rested() == ["waiting", "waiting", "rejected"]
    assert uploaded(stack, [event]) + stack.rested() == ["waiting", "repeated"]
    (run,) = stack.query.runs(limit=10).runs
    assert run.cause.code == "too_many_inputs"
    assert "111 input files" in run.cause.message


def test_the_plan_names_all_inputs_and_the_record_the_first_hundred(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"inputs: {training: '*.csv'}\n")
    event = stack.drop("first", *(f"{number}.csv" for number in range(120)))[-1]
    assert uploaded(stack, [event]) + stack.rested() == ["waiting", "launched"]
    (run,) = stack.query.runs(limit=10).runs
    assert (len(run.inputs), run.input_count) == (100, 120)
    plan = stack.s3.get_object(Bucket="data", Key=f"runs/penguins/{run.run_id}/run.json")["Body"]
    assert len(json.load(plan)["inputs"]) == 120


@pytest.mark.parametrize("key", ["projects/p/data//x.csv", "projects//data/d/x.csv", "projects/p/data/x.csv"])
def test_an_empty_name_is_a_rejected_run_that_can_be_read(stack, key: str) -> None:
    event = stack.put(key)
    assert uploaded(stack, [event, event]) == ["rejected", "repeated"]
    (run,) = stack.query.runs(limit=10).runs
    assert run.cause.code == "bad_name"
    stack.later(minutes=5)
    assert stack.reconcile.all()["notified"] == 1


def test_a_bad_name_is_a_rejected_run_once(stack) -> None:
    event = stack.put("projects/penguins/data/My Data/train.csv")
    assert uploaded(stack, [event, event]) == ["rejected", "repeated"]
    (run,) = stack.query.runs(limit=10).runs
    assert run.cause.message == f"'{event[0]}': 'My Data' can't be a dataset's name"


def test_keys_outside_the_contract_are_ignored(stack) -> None:
    assert uploaded(stack, [("notes.txt", "1"), ("projects/p/code/run.sh", "1")]) == ["ignored", "ignored"]


def test_a_throttled_launch_is_finished_by_the_event_s_next_delivery(stack) -> None:
    stack.publish_project()
    event, other = stack.drop()
    faults(stack, operation="SubmitJob", code="TooManyRequestsException", times=1)
    with pytest.raises(BusyError):
        stack.launch.upload(*event)
    assert stack.batch_jobs() == []
    assert uploaded(stack, [event, other]) == ["launched", "repeated"]
    assert len(stack.batch_jobs()) == 1


def test_a_lost_answer_of_submitjob_leads_to_no_second_job(stack) -> None:
    stack.publish_project()
    event, _ = stack.drop()
    faults(stack, operation="SubmitJob", lose_answer=True, times=1)
    with pytest.raises(UnsureError):
        stack.launch.upload(*event)
    for _ in range(2):
        with pytest.raises(BusyError, match="by another process"):
            stack.launch.upload(*event)  # a young claim isn't taken over, and the event isn't lost
    stack.later(seconds=60)
    assert stack.launch.upload(*event).answer == "launched"
    (job,) = stack.batch_jobs()
    assert stack.query.run(job["jobName"]).batch_job_id == job["jobId"]


def test_only_one_of_many_takes_over_an_old_claim(stack) -> None:
    stack.publish_project()
    event, _ = stack.drop()
    faults(stack, operation="SubmitJob", code="TooManyRequestsException", times=1)
    with pytest.raises(BusyError):
        stack.launch.upload(*event)
    (claim,) = stack.query.runs(limit=10).runs
    stack.submit.finish(claim)
    with pytest.raises(BusyError, match="by another process"):
        stack.submit.finish(claim)
    assert len(stack.batch_jobs()) == 1


def test_a_stack_without_permission_keeps_the_run_until_it_has_one(stack) -> None:
    stack.publish_project()
    event, _ = stack.drop()
    faults(stack, operation="SubmitJob", code="AccessDeniedException", times=3)
    with pytest.raises(DeniedError, match="AccessDeniedException"):
        stack.launch.upload(*event)
    with pytest.raises(DeniedError):
        stack.launch.request("penguins", "first", caller="ann", rerun=True)
    stack.later(minutes=5)
    assert stack.reconcile.all() == {"active": 2, "finished": 1, "failed": 1}
    assert stack.reconcile.all()["finished"] == 1
    assert len(stack.batch_jobs()) == 2


def test_a_drop_waits_while_its_job_queue_is_disabled(stack) -> None:
    stack.publish_project()
    event, _ = stack.drop()
    stack.batch.update_job_queue(jobQueue="spot", state="DISABLED")
    with pytest.raises(DeniedError, match="DISABLED"):
        stack.launch.upload(*event)
    (run,) = stack.query.runs(limit=10).runs
    assert run.status == "CLAIMED"
    stack.batch.update_job_queue(jobQueue="spot", state="ENABLED")
    stack.later(minutes=5)
    assert stack.reconcile.all()["finished"] == 1
    assert len(stack.batch_jobs()) == 1


def test_a_drop_waits_while_its_job_definition_is_not_active(stack) -> None:
    stack.publish_project()
    event, _ = stack.drop()
    stack.batch.deregister_job_definition(jobDefinition="training:1")
    with pytest.raises(DeniedError, match="JobDefinition"):
        stack.launch.upload(*event)
    (run,) = stack.query.runs(limit=10).runs
    assert run.status == "CLAIMED"


def test_a_refused_job_is_a_rejected_run(stack) -> None:
    stack.publish_project()
    event, _ = stack.drop()
    faults(stack, operation="SubmitJob", code="ClientException", times=1)
    assert stack.launch.upload(*event).answer == "launched"
    (run,) = stack.query.runs(limit=10).runs
    assert (run.status, run.cause.code) == ("REJECTED", "refused_by_batch")


def test_a_request_for_the_same_run_finds_it(stack) -> None:
    stack.publish_project()
    uploaded(stack, stack.drop())
    run, new = stack.launch.request("penguins", "first", caller="ann")
    assert not new
    assert len(stack.batch_jobs()) == 1
    stack.publish_project(b"echo new code\n")
    again, new = stack.launch.request("penguins", "first", caller="ann")
    assert new
    assert (again.status, again.launched_by) == ("SUBMITTED", "ann")
    assert again.run_id != run.run_id


def test_a_request_may_come_before_the_event(stack) -> None:
    stack.publish_project()
    events = stack.drop()
    _, new = stack.launch.request("penguins", "first", caller="ann")
    assert new
    assert uploaded(stack, events) == ["repeated", "repeated"]


def test_reruns_are_new_runs_each(stack) -> None:
    stack.publish_project()
    uploaded(stack, stack.drop())
    stack.later(seconds=1)
    ids = [stack.launch.request("penguins", "first", caller="ann", rerun=True)[0].run_id for _ in range(2)]
    first = stack.query.runs(limit=10).runs[-1]
    assert len({first.run_id, *ids}) == 3
    assert [stack.query.run(run_id).rerun_of for run_id in ids] == [first.run_id] * 2


def test_overrides_are_another_run_of_the_same_dataset(stack) -> None:
    stack.publish_project()
    uploaded(stack, stack.drop())
    overrides = {"hyperparameters": {"epochs": 9}, "resources": {"vcpus": 8}}
    run, new = stack.launch.request("penguins", "first", caller="ann", overrides=overrides)
    assert new
    assert run.job.vcpus == 8
    assert run.hyperparameters == {"epochs": 9}
    again, new = stack.launch.request("penguins", "first", caller="bob", overrides=overrides)
    assert (again.run_id, new) == (run.run_id, False)


def test_overrides_that_do_not_fit_the_recipe_launch_nothing_unless_forced(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"hyperparameters: {epochs: 10}")
    stack.drop()
    misspelt = {"caller": "ann", "overrides": {"hyperparameters": {"epoch": 5}}}
    with pytest.raises(RejectedError, match="the nearest is epochs"):
        stack.launch.request("penguins", "first", **misspelt)
    with pytest.raises(RejectedError, match="a number here"):
        stack.launch.request(
            "penguins", "first", caller="ann", overrides={"hyperparameters": {"epochs": "a"}}
        )
    assert stack.query.runs(limit=10).runs == ()
    run, new = stack.launch.request("penguins", "first", force=True, **misspelt)
    assert new
    assert run.status != "REJECTED"


def test_an_idempotency_key_gives_the_same_run_even_for_a_rerun(stack) -> None:
    stack.publish_project()
    uploaded(stack, stack.drop())
    key = RequestClaim("k", "body", 2_000_000_000)
    ask = {"caller": "ann", "rerun": True, "request": key}
    first, new = stack.launch.request("penguins", "first", **ask)
    again, new_again = stack.launch.request("penguins", "first", **ask)
    assert (new, new_again, again.run_id) == (True, False, first.run_id)
    with pytest.raises(KeyReusedError):
        stack.launch.request("penguins", "first", caller="ann", request=RequestClaim("k", "other", 1))


def test_a_request_says_what_is_missing(stack) -> None:
    stack.publish_project()
    with pytest.raises(NotFoundError, match="no dataset 'first' of a project 'penguins'"):
        stack.launch.request("penguins", "first", caller="ann")
    stack.drop("first", "train.csv")
    with pytest.raises(NotReadyError, match=r"penguins/first still lacks test\.csv"):
        stack.launch.request("penguins", "first", caller="ann")


def test_a_job_has_its_stack_as_a_tag_by_which_alone_it_can_be_ended(stack) -> None:
    stack.publish_project()
    uploaded(stack, stack.drop())
    (job,) = stack.batch_jobs()
    (described,) = stack.batch.describe_jobs(jobs=[job["jobId"]])["jobs"]
    assert described["tags"]["droptrain:stack"] == STACK_ID


def test_max_cost_shortens_the_timeout_of_the_whole_run(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"max_cost_usd: 0.587\nattempts: 2\n")
    uploaded(stack, stack.drop())
    [run] = stack.query.runs(limit=1).runs
    assert run.job.timeout_seconds == 3600 - 1080
    assert run.estimate.worst_usd == pytest.approx(0.587)
    (job,) = stack.batch_jobs()
    (described,) = stack.batch.describe_jobs(jobs=[job["jobId"]])["jobs"]
    assert described["timeout"]["attemptDurationSeconds"] == 3600
    assert described["retryStrategy"]["attempts"] == 2


def test_two_launches_at_the_same_moment_are_no_error(stack) -> None:
    """What DynamoDB answers when another transaction holds the item (moto has no such moment)."""
    stack.publish_project()
    event, _ = stack.drop()
    body = {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}],
    }
    answer: Any = AWSResponse("", 400, {}, BytesIO(json.dumps(body).encode()))
    answer._content = json.dumps(body).encode()
    stack.dynamodb.meta.events.register_first(
        "before-send.dynamodb.TransactWriteItems", lambda **_: answer, unique_id="conflict"
    )
    with pytest.raises(BusyError, match="by another process"):
        stack.launch.upload(*event)
