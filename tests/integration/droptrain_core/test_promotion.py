"""A project's current model: the gate, promotion and rollback by request, the registry, the copy."""

import json
import time

import pytest
from chaos.crash_points.faults import Calls, watched
from droptrain_core import cursors
from droptrain_core.aws.model_files import ModelFiles
from droptrain_core.aws.model_table import ModelTable
from droptrain_core.domain.errors import (
    BadCursorError,
    ModelChangedError,
    NoEarlierModelError,
    NoModelError,
    NotFoundError,
)
from droptrain_core.domain.recipes.values import Gate, Requirement
from support.records import job_detail, run

METRIC = {"metric": "test_accuracy", "metric_goal": "maximize"}
PATIENCE_SECONDS = 10


def run_id(number: int) -> str:
    return f"penguins-first-{number:012x}"


def trained(stack, number: int, accuracy: float | None = None, *, exports: bool = True, **changes) -> str:
    """Launch a run as number `number`; it succeeds, and its notice is sent."""
    name, job_id = run_id(number), f"job-{number}"
    order = f"2026-11-23T02:{number:02d}:00.000Z#{name}"
    stack.table.claim(
        run(run_id=name, created_order=order, batch_job_id=job_id, status="SUBMITTED",
            **{**METRIC, **changes})
    )  # fmt: skip
    metrics = {} if accuracy is None else {"test_accuracy": accuracy}
    account = {"batch_job_id": job_id, "attempt": 0, "metrics": metrics}
    stack.put(f"runs/penguins/{name}/outcome.json", json.dumps(account).encode())
    if exports:
        for file in ("saved_model.pb", "variables/variables.index"):
            stack.put(f"runs/penguins/{name}/export/{file}", f"{file} of {number}".encode())
    stack.track.event(job_detail("SUCCEEDED", jobName=name, jobId=job_id, startedAt=1795399860000))
    stack.notify.ended(name, "penguins")
    return name


def current(stack) -> str | None:
    promotion = stack.read_models.of_project("penguins").current.promotion
    return promotion and promotion.run_id


def published(stack) -> dict:
    """What `current.json` says, with the files of the model that it names."""
    document = json.loads(
        stack.s3.get_object(Bucket="data", Key="models/penguins/current.json")["Body"].read()
    )
    folder = document["export"].removeprefix("s3://data/")
    listed = stack.s3.list_objects_v2(Bucket="data", Prefix=folder).get("Contents", [])
    files = {
        item["Key"].removeprefix(folder): stack.s3.get_object(Bucket="data", Key=item["Key"])["Body"]
        .read()
        .decode()
        for item in listed
    }
    return {**document, "files": files}


def publish(stack) -> str:
    return stack.publish_model.go_on("penguins", PATIENCE_SECONDS)


def requires(comparison, value: float) -> Gate:
    return Gate(require=(Requirement("test_accuracy", comparison, value),))


def test_a_run_that_passes_its_gate_becomes_the_current_model_in_table_bucket_and_events(stack) -> None:
    name = trained(stack, 1, 0.95, gate=requires(">=", 0.9))
    assert current(stack) == name
    (notice,) = stack.notices()
    assert "Current model: this run's.\n" in notice["Message"]
    assert publish(stack) == "published"
    document = published(stack)
    assert (document["run_id"], document["promoted_by"]) == (name, "gate")
    assert document["export"] == f"s3://data/models/penguins/current/{name}/"
    assert document["files"] == {
        "saved_model.pb": "saved_model.pb of 1",
        "variables/variables.index": "variables/variables.index of 1",
    }
    finished, promoted = stack.events_on_bus()
    assert finished["detail"]["promotion"] == {"promoted": True, "reasons": [], "current_run_id": name}
    assert promoted["detail-type"] == "Model Promoted"
    assert promoted["detail"]["export"] == document["export"]
    assert stack.notices() == [], "the notice of the run's end says it"


def test_a_run_that_misses_a_requirement_stays_a_candidate_and_its_notice_says_by_how_much(stack) -> None:
    first = trained(stack, 1, 0.95)
    second = trained(stack, 2, 0.97, gate=requires(">=", 0.98))
    assert current(stack) == first
    message = stack.notices()[1]["Message"]
    assert (
        "Current model: not this run's: test_accuracy has to be >= 0.98, and is 0.97 (off by 0.01). "
        f"It is still that of {first} (test_accuracy 0.95).\n"
    ) in message
    record = stack.query.run(second)
    assert record.promoted_at is None
    assert record.not_promoted == ("test_accuracy has to be >= 0.98, and is 0.97 (off by 0.01)",)


@pytest.mark.parametrize(("gate", "accuracy", "reason"), [
    (requires("<", 0.3), None, "test_accuracy has to be < 0.3, and the run reported no test_accuracy"),
    (Gate("manual"), 0.99, f"a person decides: droptrain promote {run_id(2)}"),
    (None, None, "the run reported no test_accuracy, by which it would be compared with the current model"),
    (None, 0.95, "test_accuracy has to be above 0.95, and is 0.95 (equal)"),
    (Gate("better", tolerance=0.01), 0.93, "test_accuracy has to be above 0.94, and is 0.93 (off by 0.01)"),
])  # fmt: skip
def test_every_gate_that_is_not_passed_is_explained(stack, gate, accuracy, reason) -> None:
    trained(stack, 1, 0.95)
    second = trained(stack, 2, accuracy, gate=gate)
    assert reason in stack.query.run(second).not_promoted
    assert current(stack) == run_id(1)


def test_models_that_are_a_little_worse_each_time_do_not_add_up(stack) -> None:
    """Each is within the tolerance of the model before, but the third one isn't within that of the best."""
    gate = Gate("better", tolerance=0.01)
    for number, accuracy in ((1, 0.95), (2, 0.945), (3, 0.938)):
        trained(stack, number, accuracy, gate=gate)
    assert current(stack) == run_id(2)


def test_without_a_metric_the_newest_launch_is_current_whatever_ends_last(stack) -> None:
    no_metric = {"metric": None, "metric_goal": None}
    trained(stack, 2, **no_metric)
    trained(stack, 1, **no_metric)
    assert current(stack) == run_id(2)
    assert stack.query.run(run_id(1)).not_promoted == (
        f"the current model's run {run_id(2)} was launched later",
    )


def test_a_run_without_an_export_is_not_promoted_by_gate_or_by_request(stack) -> None:
    for folder in ("", "1/", "1/variables/"):  # what consoles put for folders
        stack.put(f"runs/penguins/{run_id(1)}/export/{folder}", b"")
    name = trained(stack, 1, 0.95, exports=False)
    assert stack.query.run(name).not_promoted == ("the run left no files in export/",)
    with pytest.raises(NoModelError, match="has no files in export/"):
        stack.promote.by_request(name, "ann")
    with pytest.raises(NotFoundError):
        stack.promote.rollback("penguins", "ann")


def test_only_a_run_that_succeeded_can_be_promoted(stack) -> None:
    stack.table.claim(run(status="RUNNING"))
    with pytest.raises(NoModelError, match="is RUNNING"):
        stack.promote.by_request("penguins-first-0123456789ab", "ann")
    with pytest.raises(NotFoundError):
        stack.promote.by_request("penguins-first-00000000ffff", "ann")


def test_a_person_promotes_a_candidate_and_goes_back_in_two_calls_without_another_copy(stack) -> None:
    first = trained(stack, 1, 0.95)
    publish(stack)
    second = trained(stack, 2, 0.9, gate=Gate("manual"))
    stack.notices(), stack.events_on_bus()
    stack.promote.by_request(second, "ann")
    assert publish(stack) == "published"
    assert (published(stack)["run_id"], published(stack)["promoted_by"]) == (second, "ann")
    assert stack.notices()[0]["Subject"] == f"PROMOTED penguins {second} test_accuracy=0.9"
    stack.promote.rollback("penguins", "bob")
    with watched([stack.s3], Calls()) as calls:
        assert publish(stack) == "published"
    assert "s3.CopyObject" not in calls.made
    assert published(stack)["run_id"] == first
    assert stack.notices()[0]["Subject"] == f"ROLLED_BACK penguins {first} test_accuracy=0.95"
    assert [event["detail-type"] for event in stack.events_on_bus()] == [
        "Model Promoted",
        "Model Rolled Back",
    ]
    history = stack.read_models.of_project("penguins").promoted
    assert [(each.promotion.run_id, each.promotion.kind, each.promotion.by) for each in history] == [
        (first, "rolled_back", "bob"), (second, "promoted", "ann"), (first, "promoted", "gate"),
    ]  # fmt: skip
    assert [each.until for each in history] == [None, history[0].promotion.at, history[1].promotion.at]


def test_each_rollback_goes_one_model_further_back_and_the_first_has_none_before(stack) -> None:
    for number, accuracy in ((1, 0.9), (2, 0.92), (3, 0.94)):
        trained(stack, number, accuracy)
    assert [stack.promote.rollback("penguins", "ann").promotion.run_id for _ in range(2)] == [
        run_id(2), run_id(1),
    ]  # fmt: skip
    with pytest.raises(NoEarlierModelError, match=f"no model before {run_id(1)}"):
        stack.promote.rollback("penguins", "ann")


def test_a_model_that_was_rolled_back_is_not_promoted_again_by_a_repeated_event(stack, monkeypatch) -> None:
    """The function dies between the promotion and the notice; people go back before its event is repeated."""
    trained(stack, 1, 0.9)
    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(stack.sns, "publish", _dies)
        trained(stack, 2, 0.95)
    assert current(stack) == run_id(2)
    stack.promote.rollback("penguins", "ann")
    stack.notify.ended(run_id(2), "penguins")
    assert current(stack) == run_id(1)


def test_after_a_rollback_the_next_better_run_is_promoted(stack) -> None:
    trained(stack, 1, 0.9)
    trained(stack, 2, 0.99)
    stack.promote.rollback("penguins", "ann")
    trained(stack, 3, 0.92)
    assert current(stack) == run_id(3)


def test_of_two_requests_at_once_one_wins_and_the_other_says_what_is(stack, monkeypatch) -> None:
    trained(stack, 1, 0.9)
    for number in (2, 3):
        trained(stack, number, 0.5)
    _race(stack, monkeypatch, lambda: stack.promote.by_request(run_id(3), "bob"))
    with pytest.raises(
        ModelChangedError, match=f"{run_id(2)} was not promoted: .* {run_id(3)}, since .*, by bob"
    ):
        stack.promote.by_request(run_id(2), "ann")
    assert current(stack) == run_id(3)
    assert stack.read_models.of_project("penguins").current.number == 2


def test_a_run_that_loses_a_race_is_judged_against_the_winner(stack, monkeypatch) -> None:
    trained(stack, 1, 0.9)
    _race(stack, monkeypatch, lambda: trained(stack, 3, 0.97))
    trained(stack, 2, 0.95)
    assert current(stack) == run_id(3)
    assert stack.query.run(run_id(2)).not_promoted


def test_a_repeated_request_changes_nothing_and_one_for_another_model_says_what_is(stack) -> None:
    first = trained(stack, 1, 0.9)
    before = stack.read_models.of_project("penguins").current
    assert stack.promote.by_request(first, "ann").promotion == before.promotion
    with pytest.raises(ModelChangedError, match=f"{run_id(7)} isn't the current model: .*{first}"):
        stack.promote.rollback("penguins", "ann", leaving=run_id(7))


def test_a_copy_that_takes_long_is_continued_by_the_reconciler_and_nobody_reads_half_of_it(stack) -> None:
    first = trained(stack, 1, 0.9)
    publish(stack)
    second = trained(stack, 2, 0.95)
    assert stack.publish_model.go_on("penguins", 0) == "unfinished"
    assert published(stack)["run_id"] == first
    stack.later(minutes=3)
    assert stack.reconcile.all()["models_published"] == 1
    assert published(stack)["run_id"] == second
    assert stack.reconcile.all()["models_published"] == 0


def test_a_process_that_publishes_an_older_model_late_does_not_move_the_pointer_back(
    stack, monkeypatch
) -> None:
    trained(stack, 1, 0.9)
    point, raced = ModelFiles.point, []

    def late(self, *args):
        if not raced:
            raced.append(True)
            trained(stack, 2, 0.95)
            publish(stack)
        return point(self, *args)

    monkeypatch.setattr(ModelFiles, "point", late)
    assert publish(stack) == "nothing"
    assert published(stack)["run_id"] == run_id(2)


@pytest.mark.parametrize(("part", "call"), [(ModelTable, "mark_published"), (ModelFiles, "copies")])
def test_a_process_that_ends_late_leaves_the_copy_of_the_next_model(stack, monkeypatch, part, call) -> None:
    trained(stack, 1, 0.9)
    make, raced = getattr(part, call), []

    def late(self, *args):
        if not raced:
            raced.append(True)
            trained(stack, 2, 0.95)
            assert publish(stack) == "published"
        return make(self, *args)

    monkeypatch.setattr(part, call, late)
    publish(stack)
    assert published(stack)["files"]["saved_model.pb"] == "saved_model.pb of 2"


MIB = 1 << 20


@pytest.fixture
def part_copies(stack, monkeypatch) -> list[int]:
    """The numbers of the parts that are copied, one at a time, in six seconds each, of 5 MiB each."""
    monkeypatch.setattr("droptrain_core.aws.part_copies.PART_BYTES", 5 * MIB)
    monkeypatch.setattr("droptrain_core.aws.part_copies._AT_ONCE", 1)
    made: list[int] = []
    whole = stack.s3.upload_part_copy

    def upload_part_copy(**request):
        made.append(request["PartNumber"])
        stack.later(seconds=6)
        return whole(**request)

    monkeypatch.setattr(stack.s3, "upload_part_copy", upload_part_copy)
    return made


def exported(stack, body: bytes) -> str:
    """Export a file of the first run, a second before anything else happens: S3 has whole seconds."""
    stack.put(f"runs/penguins/{run_id(1)}/export/weights.h5", body)
    time.sleep(1)
    return f"models/penguins/current/{run_id(1)}/weights.h5"


def test_a_large_file_is_copied_in_parts_and_the_next_call_continues(stack, part_copies) -> None:
    body = bytes(range(256)) * (16 << 12) + b"end"
    key = exported(stack, body)
    trained(stack, 1, 0.9)
    assert stack.publish_model.go_on("penguins", 10) == "unfinished"
    assert part_copies == [1, 2]
    assert stack.publish_model.go_on("penguins", 10) == "published"
    assert part_copies == [1, 2, 3, 4]
    assert stack.s3.get_object(Bucket="data", Key=key)["Body"].read() == body
    assert "Uploads" not in stack.s3.list_multipart_uploads(Bucket="data")


def test_parts_of_a_file_that_was_replaced_are_copied_again(stack, part_copies) -> None:
    exported(stack, b"old" * (4 * MIB))
    trained(stack, 1, 0.9)
    assert stack.publish_model.go_on("penguins", 10) == "unfinished"
    # Mostly in the second of the parts, which S3's answers don't tell apart.
    key = exported(stack, b"new" * (4 * MIB))
    assert stack.publish_model.go_on("penguins", 10) == "unfinished"
    assert stack.publish_model.go_on("penguins", 10) == "published"
    assert part_copies == [1, 2, 1, 2, 3]
    assert stack.s3.get_object(Bucket="data", Key=key)["Body"].read() == b"new" * (4 * MIB)


def test_uploads_of_other_files_and_parts_of_another_size_are_left_alone(
    stack, part_copies, monkeypatch
) -> None:
    key = exported(stack, b"new" * (4 * MIB))
    other = stack.s3.create_multipart_upload(Bucket="data", Key=f"{key}.old")["UploadId"]
    trained(stack, 1, 0.9)
    assert stack.publish_model.go_on("penguins", 10) == "unfinished"
    monkeypatch.setattr("droptrain_core.aws.part_copies.PART_BYTES", 6 * MIB)
    assert stack.publish_model.go_on("penguins", 20) == "published"
    assert part_copies == [1, 2, 1, 2]
    assert stack.s3.get_object(Bucket="data", Key=key)["Body"].read() == b"new" * (4 * MIB)
    [left] = stack.s3.list_multipart_uploads(Bucket="data")["Uploads"]
    assert left["UploadId"] == other


def test_the_copies_of_the_newest_models_are_kept_and_an_older_one_is_copied_again(stack) -> None:
    for number in range(1, 8):
        trained(stack, number, 0.8 + number / 100)
        publish(stack)
    listed = stack.s3.list_objects_v2(Bucket="data", Prefix="models/penguins/current/")
    folders = sorted({item["Key"].split("/")[3] for item in listed["Contents"]})
    assert folders == [run_id(number) for number in range(3, 8)]
    stack.promote.by_request(run_id(1), "ann")
    assert publish(stack) == "published"
    assert published(stack)["files"]["saved_model.pb"] == "saved_model.pb of 1"


def test_the_registry_is_read_in_pages_newest_first(stack) -> None:
    for number in range(1, 6):
        trained(stack, number, 0.8 + number / 100)
    found, cursor = [], None
    while True:
        page = stack.read_models.of_project("penguins", limit=2, cursor=cursor)
        found += page.promoted
        cursor = page.cursor
        if cursor is None:
            break
    assert [each.promotion.number for each in found] == [5, 4, 3, 2, 1]
    assert [each.until for each in found[1:]] == [each.promotion.at for each in found[:-1]]
    with pytest.raises(BadCursorError):
        stack.read_models.of_project("penguins", cursor=cursors.encode(6))


def _dies(**_: object) -> None:
    raise RuntimeError("the process dies")


def _race(stack, monkeypatch, other) -> None:
    """`other` happens once, after the next promotion has read what is current and before it writes."""
    models = type(stack.wiring._models)
    promote, raced = models.promote, []

    def late(self, *args):
        if not raced:
            raced.append(True)
            other()
        return promote(self, *args)

    monkeypatch.setattr(models, "promote", late)


def test_the_copy_of_a_promoted_model_is_listed_beside_the_files_of_its_run_whose_export_was_deleted(
    stack,
) -> None:
    run = trained(stack, 1, 0.9)
    assert publish(stack) == "published"
    folder = f"runs/penguins/{run}/"
    for name in ("config.json", "log.txt", "model/weights.h5"):
        stack.put(folder + name, b"x")
    for item in stack.s3.list_objects_v2(Bucket="data", Prefix=f"{folder}export/")["Contents"]:
        stack.s3.delete_object(Bucket="data", Key=item["Key"])
    for limit in (1, 2, 10):
        found, cursor = [], None
        while True:
            page = stack.results.artifacts(run, limit=limit, cursor=cursor)
            found += [link.artifact.path for link in page.links]
            cursor = page.cursor
            if cursor is None:
                break
        assert found == [
            "config.json", "export/saved_model.pb", "export/variables/variables.index", "log.txt",
            "model/weights.h5", "outcome.json",
        ]  # fmt: skip


def test_the_files_of_a_promoted_model_are_listed_after_those_of_its_run_have_expired(stack) -> None:
    first, second, other = trained(stack, 1, 0.9), trained(stack, 2, 0.95), trained(stack, 3, 0.5)
    while publish(stack) == "unfinished":
        pass
    for name in (first, second, other):
        for item in stack.s3.list_objects_v2(Bucket="data", Prefix=f"runs/penguins/{name}/")["Contents"]:
            stack.s3.delete_object(Bucket="data", Key=item["Key"])
    found = stack.results.artifacts(second, limit=1)
    assert [link.artifact.path for link in found.links] == ["export/saved_model.pb"]
    assert f"models/penguins/current/{second}/saved_model.pb" in found.links[0].request.url
    rest = stack.results.artifacts(second, limit=1, cursor=found.cursor)
    assert ([link.artifact.path for link in rest.links], rest.cursor) == (
        ["export/variables/variables.index"], None,
    )  # fmt: skip
    assert stack.results.artifacts(other, limit=10).links == (), "it was never promoted"


def test_an_answer_says_whether_the_files_of_the_model_are_there_already(stack) -> None:
    first, second = trained(stack, 1, 0.9), trained(stack, 2, 0.5)
    publish(stack)
    assert not stack.promote.by_request(second, "ann").is_copied
    back = stack.promote.rollback("penguins", "ann")
    assert (back.promotion.run_id, back.is_copied, back.is_published) == (first, True, False)
