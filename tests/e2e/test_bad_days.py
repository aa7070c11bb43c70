"""What roles do when something goes wrong: they may do all of it, and the run goes on."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from droptrain_core.aws.notices import NoticeTopic
from droptrain_core.aws.price_table import PriceTable
from droptrain_core.domain.costs.pricing import PriceList, Refreshed
from droptrain_core.domain.datasets.dataset import ObjectVersion
from droptrain_core.domain.recipes import push as pushes
from droptrain_core.domain.recipes.push import Published
from permissions.calls import recording
from support.laptop_user import User
from support.waiting import wait_for

from droptrain_local.batch import Fault
from droptrain_local.clients import ACCOUNT, Clients
from droptrain_local.cloud import LaptopCloud
from droptrain_local.permissions.sessions import RoleSessions

QUICK = "echo done\n"
WAITS = "trap 'exit 143' TERM; sleep 600 & wait\n"
MEASURES = """echo '{"step": 1, "test_accuracy": %s}' >> "$METRICS_FILE"\n"""
EXPORTS = "echo model > model.txt\naws s3 cp --only-show-errors model.txt $EXPORT_PATH/model.txt\n"
METRIC = "metric: {name: test_accuracy}\n"
OUTAGES = ("BatchJobChangedRole", "DatasetUploadedRole", "RunChangedRole", "TrialEndedRole")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaptopCloud]:
    """A laptop cloud whose functions fail where a test takes their permissions."""
    with (
        recording(tmp_path_factory.mktemp("calls"), OUTAGES) as record,
        LaptopCloud(work_dir=tmp_path_factory.mktemp("laptop"), record=record, retry_seconds=1) as running,
    ):
        yield running


@pytest.fixture
def user(cloud: LaptopCloud) -> User:
    return User(cloud, f"p-{uuid.uuid4().hex[:8]}", [])


@contextmanager
def outage(cloud: LaptopCloud, role: str, action: str) -> Iterator[None]:
    """A role may not do something for a while."""
    iam, place = cloud.client("iam"), {"RoleName": f"droptrain-{role}", "PolicyName": "outage"}
    deny = {"Effect": "Deny", "Action": action, "Resource": "*"}
    iam.put_role_policy(**place, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    try:
        yield
    finally:
        iam.delete_role_policy(**place)


def reconcile(user: User, run_id: str | None = None) -> None:
    """A pass of the reconciler, for which a run has been quiet for minutes."""
    if run_id:
        user.age(f"RUN#{run_id}", "updated_at", timedelta(minutes=3))
    user.cloud.invoke("ReconcileRunsFunction", {})


def claim_that_died(user: User) -> str:
    """A rerun that is claimed and has no Batch job; its id."""
    user.cloud.engine.inject(Fault("SubmitJob", code="ServerException"))
    status, run = user.call("POST", "/runs", {"project": user.project, "dataset": "first", "rerun": True})
    assert (status, run["status"]) == (202, "CLAIMED")
    user.age(f"RUN#{run['run_id']}", "claimed_at", timedelta(minutes=3))
    return str(run["run_id"])


def job_of(user: User, run_id: str, queue: str = "SpotJobQueue") -> dict[str, Any]:
    """The run's Batch job, by its name."""
    batch = user.cloud.client("batch")
    arn = user.cloud.ready.job_queue_arn.replace("SpotJobQueue", queue)
    named = [{"name": "JOB_NAME", "values": [run_id]}]
    listed = wait_for(
        f"Batch job of {run_id}", lambda: batch.list_jobs(jobQueue=arn, filters=named)["jobSummaryList"]
    )
    [job] = batch.describe_jobs(jobs=[listed[0]["jobId"]])["jobs"]
    return job


def status_of(user: User, run_id: str, *statuses: str) -> dict[str, Any]:
    def look() -> Any:
        run = user.call("GET", f"/runs/{run_id}")[1]
        return run if run["status"] in statuses else None

    return wait_for(f"{run_id} {' or '.join(statuses)}", look)


def run_of(user: User, dataset: str, status: str) -> dict[str, Any]:
    """The run of a dataset, once it has that status."""
    return wait_for(
        f"run of {dataset} {status}",
        lambda: next((it for it in user.runs() if (it["dataset"], it["status"]) == (dataset, status)), None),
    )


@pytest.mark.parametrize("spot", ["auto", "never"])
def test_a_launch_that_died_is_finished_by_the_reconciler(user: User, spot: str) -> None:
    user.publish(QUICK, f"spot: {spot}\n")
    user.drop()
    user.run_with("SUCCEEDED")
    run_id = claim_that_died(user)
    reconcile(user, run_id)
    assert status_of(user, run_id, "SUCCEEDED")["batch_job_id"]


def test_a_rerun_goes_to_the_queue_that_the_recipe_wants(user: User) -> None:
    user.publish(QUICK, "spot: never\n")
    user.drop()
    user.run_with("SUCCEEDED")
    status, run = user.call("POST", "/runs", {"project": user.project, "dataset": "first", "rerun": True})
    assert status == 202
    assert job_of(user, run["run_id"], "OnDemandJobQueue")


def test_a_run_follows_the_job_that_holds_its_lease_whoever_notices(user: User) -> None:
    user.publish(QUICK)
    user.drop()
    user.run_with("SUCCEEDED")
    by_event = claim_that_died(user)
    lease = json.dumps({"batch_job_id": "another", "job_number": 1})
    user.put(f"runs/{user.project}/{by_event}/lease", lease)
    reconcile(user, by_event)
    wait_for("the lease's job", lambda: status_is_followed(user, by_event))
    with outage(user.cloud, "BatchJobChangedRole", "dynamodb:*"):
        by_reconciler = claim_that_died(user)
        user.put(f"runs/{user.project}/{by_reconciler}/lease", lease)
        reconcile(user, by_reconciler)
        wait_for("the job's end", lambda: job_of(user, by_reconciler)["status"] == "FAILED")
        reconcile(user, by_reconciler)
        assert status_is_followed(user, by_reconciler)


def status_is_followed(user: User, run_id: str) -> bool:
    return bool(user.call("GET", f"/runs/{run_id}")[1]["batch_job_id"] == "another")


def test_changes_that_were_lost_are_made_up_for(user: User) -> None:
    user.publish(QUICK)
    with outage(user.cloud, "BatchJobChangedRole", "dynamodb:*"):
        user.drop()
        run_id = user.run_with("SUBMITTED")["run_id"]
        wait_for("the job's end", lambda: job_of(user, run_id)["status"] == "SUCCEEDED")
        reconcile(user, run_id)
        status_of(user, run_id, "SUCCEEDED")


def test_a_cancelled_launch_whose_answer_was_lost_is_ended_with_its_job(user: User) -> None:
    user.publish(WAITS)
    with outage(user.cloud, "BatchJobChangedRole", "dynamodb:*"):
        user.cloud.engine.inject(Fault("SubmitJob", lose_answer=True))
        user.drop()
        run_id = user.run_with("CLAIMED")["run_id"]
        job_of(user, run_id)
        assert user.call("POST", f"/runs/{run_id}/cancel")[0] == 202
        user.age(f"RUN#{run_id}", "claimed_at", timedelta(minutes=3))
        wait_for("the job's end", lambda: job_of(user, run_id)["status"] == "FAILED")
    status_of(user, run_id, "CANCELLED")


def test_a_cancellation_that_died_halfway_reaches_the_job(user: User) -> None:
    user.publish(WAITS)
    user.drop()
    run_id = user.run_with("RUNNING")["run_id"]
    user.cloud.client("dynamodb").update_item(
        TableName=user.cloud.ready.table,
        Key={"pk": {"S": f"RUN#{run_id}"}},
        UpdateExpression="SET cancelled_by = :who",
        ExpressionAttributeValues={":who": {"S": "somebody"}},
    )
    reconcile(user, run_id)
    status_of(user, run_id, "CANCELLED")


def test_a_dataset_whose_event_was_lost_is_launched_with_what_was_there_before_a_push(user: User) -> None:
    user.publish(QUICK, "timeout: 2h\n")
    under_way(user)
    user.put(f"projects/{user.project}/data/first/train.csv", "a,b\n1,2\n")
    waiting = f"DATASET#{user.project}/first"
    user.age(waiting, "created_order", timedelta(minutes=61))
    with outage(user.cloud, "DatasetUploadedRole", "dynamodb:*"):
        user.put(f"projects/{user.project}/data/first/test.csv", "a,b\n3,4\n")
        reconcile(user)
        run_id = user.run_with("SUCCEEDED")["run_id"]
    user.drop("second")
    wait_for("the other run", lambda: len(user.runs()) == 2)
    assert user.call("POST", "/runs", {"project": user.project, "dataset": "first"})[1]["run_id"] == run_id


@pytest.mark.parametrize("names_run", [False, True])
def test_the_reconciler_launches_a_training_that_continues_from_a_model(user: User, names_run: bool) -> None:
    user.publish(MEASURES % "0.9" + EXPORTS, METRIC)
    user.drop("earlier")
    good = run_of(user, "earlier", "SUCCEEDED")["run_id"]
    current = f"models/{user.project}/current.json"
    s3, bucket = user.cloud.client("s3"), user.cloud.ready.bucket
    wait_for("the model", lambda: s3.list_objects_v2(Bucket=bucket, Prefix=current).get("Contents"))
    user.publish(QUICK, f"warm_start: {good if names_run else 'current'}\n")
    user.put(f"projects/{user.project}/data/lost/train.csv", "a,b\n1,2\n")
    user.age(f"DATASET#{user.project}/lost", "created_order", timedelta(minutes=61))
    with outage(user.cloud, "DatasetUploadedRole", "dynamodb:*"):
        user.put(f"projects/{user.project}/data/lost/test.csv", "a,b\n3,4\n")
        reconcile(user)
        assert run_of(user, "lost", "SUCCEEDED")["warm_start"]["run_id"] == good


def under_way(user: User) -> None:
    """A push that has begun, and changed the recipe already."""
    s3, bucket = user.cloud.client("s3"), user.cloud.ready.bucket

    def version(key: str) -> ObjectVersion:
        head = s3.head_object(Bucket=bucket, Key=key)
        return ObjectVersion(key, head["VersionId"], head["ContentLength"], head["ETag"].strip('"'))

    folder = f"projects/{user.project}/"
    before = Published(version(f"{folder}train.yaml"), (version(f"{folder}code/run.sh"),))
    user.put(f"{folder}push.json", json.dumps(pushes.pushing(before, "2026-11-23T02:10:00Z")))
    user.put(f"{folder}train.yaml", "no recipe")


def test_the_reconciler_announces_what_the_stream_did_not(user: User) -> None:
    for accuracy in ("0.5", "0.9"):
        user.publish(MEASURES % accuracy, METRIC)
        with outage(user.cloud, "RunChangedRole", "dynamodb:GetRecords"):
            user.drop(f"at-{accuracy}")
            run_id = run_of(user, f"at-{accuracy}", "SUCCEEDED")["run_id"]
            reconcile(user, run_id)
        assert user.notice()["Subject"].endswith(f"test_accuracy={accuracy}")
    for name in ("best", "latest"):
        assert json.loads(user.text(f"models/{user.project}/{name}.json"))["run_id"] == run_id


def test_the_reconciler_publishes_a_model_that_the_stream_did_not(user: User) -> None:
    """Also what another process has left of an older copy goes."""
    half = f"models/{user.project}/current/half/model.txt"
    runs = []
    with outage(user.cloud, "RunChangedRole", "dynamodb:GetRecords"):
        for accuracy in ("0.5", "0.9"):
            user.publish(MEASURES % accuracy + EXPORTS, METRIC)
            user.drop(f"at-{accuracy}")
            runs.append(run_of(user, f"at-{accuracy}", "SUCCEEDED")["run_id"])
            reconcile(user, runs[-1])
            user.put(half)
            publish(user, runs[-1])
        assert user.call("POST", f"/projects/{user.project}/rollback", {})[0] == 202
        publish(user, runs[0])
    bucket = {"Bucket": user.cloud.ready.bucket, "Prefix": half}
    assert "Contents" not in user.cloud.client("s3").list_objects_v2(**bucket)


def publish(user: User, run_id: str) -> None:
    """A pass of the reconciler publishes this run's model, whose promotion has been quiet for minutes."""
    user.age(f"MODELS#{user.project}", "created_order", timedelta(minutes=3))
    reconcile(user)
    assert json.loads(user.text(f"models/{user.project}/current.json"))["run_id"] == run_id


def test_the_reconciler_continues_and_announces_a_sweep_that_the_stream_did_not(user: User) -> None:
    user.publish(MEASURES % "0.5", "metric: {name: test_accuracy}\nhyperparameters: {units: 1}\n")
    user.drop()
    run_of(user, "first", "SUCCEEDED")
    user.notice()
    given = {"project": user.project, "method": "grid", "space": {"units": [1, 2]}, "parallel": 1}
    with outage(user.cloud, "TrialEndedRole", "dynamodb:GetRecords"):
        _, sweep = user.call("POST", "/sweeps", given)
        for number in (1, 2):
            user.age(f"SWEEP#{sweep['sweep_id']}", "updated_at", timedelta(minutes=3))
            reconcile(user)
            trial_ended(user, sweep["sweep_id"], number)
        with outage(user.cloud, "RunChangedRole", "dynamodb:GetRecords"):
            for _ in range(2):
                user.age(f"SWEEP#{sweep['sweep_id']}", "updated_at", timedelta(minutes=3))
                reconcile(user)
            assert user.notice()["Subject"].startswith("SUCCEEDED sweep of ")


def trial_ended(user: User, sweep_id: str, number: int) -> None:
    def look() -> bool:
        _, answer = user.call("GET", f"/runs?sweep={sweep_id}")
        return [run["status"] for run in answer["runs"]] == ["SUCCEEDED"] * number

    wait_for(f"end of trial {number}", look)


def test_the_reconciler_announces_a_rejection_that_the_stream_did_not(user: User) -> None:
    with outage(user.cloud, "RunChangedRole", "dynamodb:GetRecords"):
        user.drop()  # there is no code
        run_id = user.run_with("REJECTED")["run_id"]
        reconcile(user, run_id)
    assert user.notice()["Subject"].startswith("REJECTED")


def test_a_pointer_that_somebody_deleted_is_made_again(user: User) -> None:
    best = f"models/{user.project}/best.json"
    for accuracy in ("0.9", "0.5"):
        user.publish(MEASURES % accuracy, METRIC)
        user.drop(f"at-{accuracy}")
        run_of(user, f"at-{accuracy}", "SUCCEEDED")
        user.notice()
        if accuracy == "0.9":
            user.cloud.client("s3").delete_object(Bucket=user.cloud.ready.bucket, Key=best)
    assert json.loads(user.text(best))["metric"]


def test_prices_are_read_and_spot_that_costs_too_much_work_is_left(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert user.cloud.invoke("RefreshPricesFunction", {})["sizes"] == 4 + 8  # with GPUs, and without
    prices = PriceTable(as_role(user, "RefreshPricesRole", "dynamodb"), user.cloud.ready.table, PriceList({}))
    types = ("g4dn.xlarge", "g4dn.2xlarge", "g5.xlarge", "g5.2xlarge")
    at = "2099-01-01T00:00:00Z"
    read = Refreshed(dict.fromkeys(types, 1.0), at, {name: {"a": 0.5} for name in types}, at)
    assert prices.refresh(read, at)
    user.publish(WAITS)
    user.drop()
    run = user.run_with("RUNNING")
    wait_for("a while of work", lambda: run_is_old(user, run["run_id"]))
    # AWS starts another instance in minutes; the run leaves Spot before that.
    scheduler = user.cloud.engine._scheduler
    monkeypatch.setattr(scheduler, "_machine", replace(scheduler._machine, provisioning=20.0))
    user.cloud.engine.reclaim(run["batch_job_id"])
    assert job_of(user, f"{run['run_id']}-2", "OnDemandJobQueue")
    user.call("POST", f"/runs/{run['run_id']}/cancel")


def run_is_old(user: User, run_id: str) -> bool:
    return time.time() * 1000 - job_of(user, run_id).get("startedAt", time.time() * 1000) > 2000


def test_a_queue_that_is_blocked_is_told_of(user: User) -> None:
    user.publish(WAITS)
    user.drop()
    run = user.run_with("RUNNING")
    seems_to_wait(user, run["run_id"])
    detail = {
        **job_of(user, run["run_id"]),
        "status": "RUNNABLE",
        "statusReason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - no instance has room for it",
    }
    user.age(f"QUEUE#{detail['jobQueue'].rpartition('/')[2]}", "moved_at", timedelta(minutes=11))
    user.cloud.client("events").put_events(
        Entries=[
            {
                "Source": "aws.batch",
                "DetailType": "Batch Job Queue Blocked",
                "Detail": json.dumps(detail),
            }
        ]
    )
    assert "(does_not_fit)" in user.notice_of_the_stack()["Subject"]
    user.call("POST", f"/runs/{run['run_id']}/cancel")


def seems_to_wait(user: User, run_id: str) -> None:
    """Let the record say that the run has waited for an instance for ten minutes."""
    user.age(f"RUN#{run_id}", "updated_at", timedelta(minutes=11))
    user.cloud.client("dynamodb").update_item(
        TableName=user.cloud.ready.table,
        Key={"pk": {"S": f"RUN#{run_id}"}},
        UpdateExpression="SET #status = :waits",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":waits": {"S": "RUNNABLE"}},
    )


def test_the_reconciler_may_count_who_hears_notices(user: User) -> None:
    """It does so in the first minutes of an hour, which this test doesn't wait for."""
    topic = NoticeTopic(as_role(user, "ReconcileRunsRole", "sns"), user.cloud.ready.topic_arn)
    assert topic.confirmed() == 0, "moto confirms none"


def test_training_code_keeps_few_checkpoints_and_ends_uploads_that_fail(user: User) -> None:
    user.publish(
        'for step in 1 2 3; do echo "$step" > "$CHECKPOINT_DIR/step"; sleep 4; done\n'
        'folder="${EXPORT_PATH#s3://}"; place=(--bucket "${folder%%/*}" --key "${folder#*/}/large")\n'
        'upload="$(aws s3api create-multipart-upload "${place[@]}" --query UploadId --output text)"\n'
        'aws s3api abort-multipart-upload "${place[@]}" --upload-id "$upload"\n',
        "checkpoints: {interval: 1s, keep: 1}\n",
    )
    user.drop()
    run = user.run_with("SUCCEEDED", "FAILED")
    assert run["status"] == "SUCCEEDED", run["cause"]


def test_training_code_gets_the_secret_that_its_recipe_names(user: User) -> None:
    secrets = user.cloud.client("secretsmanager")
    secret = secrets.create_secret(Name=f"droptrain/{user.project}", SecretString="opensesame")["ARN"]
    user.publish('test "$TOKEN" = opensesame\n', f"environment: {{TOKEN: {{secret: {secret}}}}}\n")
    user.drop()
    run = user.run_with("SUCCEEDED", "FAILED")
    assert run["status"] == "SUCCEEDED", run["cause"]


def as_role(user: User, role: str, service: str) -> Any:
    """A client with a session of a role."""
    session = RoleSessions(user.cloud.client("sts")).assume(
        f"arn:aws:iam::{ACCOUNT}:role/droptrain-{role}", "test"
    )
    return Clients(user.cloud.ready.endpoint_url).client(service, session)
