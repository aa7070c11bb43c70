"""Which upload launches which dataset, and what is told of one that stays incomplete."""

import itertools
import random
from collections import Counter

import pytest
from droptrain_core.domain.datasets.dataset import Created
from droptrain_core.domain.errors import BadCursorError, NotFoundError, NotReadyError
from support.records import job_detail

MARKED = b"trigger: marker\ninputs: {training: 'train/*.csv'}\n"


def uploaded(stack, events) -> list[str]:
    return [stack.launch.upload(*event).answer for event in events]


def test_any_order_and_repetition_of_a_pair_s_events_is_one_run(stack) -> None:
    stack.publish_project()
    orders = sorted(set(itertools.permutations([0, 1, 0, 1])))
    for number, order in enumerate(orders):
        events = stack.drop(f"d{number}")
        answers = uploaded(stack, [events[index] for index in order])
        assert answers == ["launched", "repeated", "repeated", "repeated"]
    assert len(stack.batch_jobs()) == len(orders)


def test_a_pair_replaced_before_its_events_arrive_is_one_run_on_the_new_pair(stack) -> None:
    stack.publish_project()
    old = stack.drop()
    new = stack.drop()
    assert sorted(uploaded(stack, [*old, *new])) == ["launched", "repeated", "repeated", "repeated"]
    (run,) = stack.query.runs(limit=10).runs
    assert {item.object.version_id for item in run.inputs} == {version for _, version in new}


def test_a_multipart_upload_that_spans_the_other_file_s_is_one_run(stack) -> None:
    stack.publish_project()
    key = "projects/penguins/data/first/train.csv"
    upload = stack.s3.create_multipart_upload(Bucket="data", Key=key)["UploadId"]
    (test,) = stack.drop("first", "test.csv")
    assert uploaded(stack, [test]) == ["waiting"]
    place = {"Bucket": "data", "Key": key, "UploadId": upload}
    part = stack.s3.upload_part(**place, PartNumber=1, Body=b"x")
    done = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    version = stack.s3.complete_multipart_upload(**place, MultipartUpload=done)["VersionId"]
    assert uploaded(stack, [(key, version), test]) == ["launched", "repeated"]


def test_an_upload_while_the_dataset_still_trains_is_a_run_beside_it(stack) -> None:
    stack.publish_project()
    uploaded(stack, stack.drop())
    (first,) = stack.query.runs(limit=10).runs
    stack.track.event(job_detail("RUNNING", jobName=first.run_id, jobId=first.batch_job_id))
    assert uploaded(stack, stack.drop("first", "train.csv")) == ["launched"]
    statuses = {run.run_id: run.status for run in stack.query.runs(limit=10).runs}
    assert statuses.pop(first.run_id) == "RUNNING"
    assert list(statuses.values()) == ["SUBMITTED"]


def test_datasets_of_one_project_launch_beside_each_other(stack) -> None:
    stack.publish_project()
    events = [event for number in range(8) for event in stack.drop(f"day-{number}")]
    answers = uploaded(stack, random.Random(7).sample(events, len(events)))
    assert Counter(answers) == {"launched": 8, "repeated": 8}
    assert {run.dataset for run in stack.query.runs(limit=20).runs} == {
        f"day-{number}" for number in range(8)
    }
    assert len(stack.batch_jobs()) == 8


def test_a_file_that_was_deleted_in_between_is_waited_for(stack) -> None:
    stack.publish_project()
    train, test = stack.drop()
    stack.s3.delete_object(Bucket="data", Key=test[0])
    assert uploaded(stack, [train, test]) == ["waiting", "waiting"]
    (waiting,) = stack.dataset_table.of_project("penguins")
    assert (waiting.dataset, waiting.missing) == ("first", ("test.csv",))


def test_a_part_s_late_event_launches_nothing_but_the_marker_s_does(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", MARKED)
    (part,) = stack.drop("big", "train/1.csv")
    marker = stack.drop("big", "_SUCCESS")
    assert uploaded(stack, [part]) == ["waiting"]
    assert uploaded(stack, [*marker, part, *marker]) == ["launched", "repeated", "repeated"]
    with pytest.raises(NotReadyError, match="_SUCCESS"):
        stack.drop("other", "train/1.csv")
        stack.launch.request("penguins", "other", caller="ann")


def test_a_repeat_is_known_even_of_a_dataset_of_many_files(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"inputs: {training: '*.csv'}\n")
    events = stack.drop("big", *(f"{number}.csv" for number in range(60)))
    uploads = [Created(key, version_id, stack.now) for key, version_id in events]
    assert stack.launch.uploads.upload(uploads[7]).answer == "waiting"
    assert stack.rested() == ["launched"]
    answers = [stack.launch.uploads.upload(each).answer for each in (uploads[7], uploads[8])]
    assert answers == ["repeated", "repeated"]


def test_an_incomplete_dataset_is_shown_at_once_and_told_once_after_an_hour(stack) -> None:
    stack.publish_project()
    uploaded(stack, stack.drop("first", "train.csv"))
    (project,) = stack.query.projects(limit=10).projects
    assert [(each.dataset, each.missing) for each in project.waiting] == [("first", ("test.csv",))]
    stack.later(minutes=59)
    assert stack.reconcile.all() == {"active": 0}
    stack.later(minutes=2)
    assert stack.reconcile.all()["notified"] == 1
    stack.later(minutes=5)
    assert stack.reconcile.all() == {"active": 0}
    (notice,) = stack.notices()
    assert notice["Subject"] == "WAITING penguins/first for test.csv"
    assert "s3://data/projects/penguins/data/first/" in notice["Message"]
    assert uploaded(stack, stack.drop("first", "test.csv")) == ["launched"]
    assert stack.dataset_table.of_project("penguins") == ()


def test_a_dataset_whose_last_event_got_lost_is_launched_by_the_reconciler(stack) -> None:
    stack.publish_project()
    (train,) = stack.drop("first", "train.csv")
    uploaded(stack, [train])
    stack.drop("first", "test.csv")
    stack.later(minutes=61)
    assert stack.reconcile.all()["finished"] == 1
    assert len(stack.batch_jobs()) == 1
    assert stack.dataset_table.of_project("penguins") == ()


def test_a_part_replaced_after_the_marker_waits_for_a_new_one(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", MARKED)
    uploaded(stack, [*stack.drop("big", "train/1.csv", "_SUCCESS")])
    uploaded(stack, stack.drop("big", "train/1.csv"))
    stack.later(minutes=61)
    assert stack.reconcile.all()["notified"] == 1
    assert len(stack.batch_jobs()) == 1
    assert "WAITING penguins/big for _SUCCESS" in [notice["Subject"] for notice in stack.notices()]


def test_an_incomplete_dataset_that_was_deleted_is_told_to_nobody(stack) -> None:
    stack.publish_project()
    (train,) = stack.drop("first", "train.csv")
    uploaded(stack, [train])
    stack.s3.delete_object(Bucket="data", Key=train[0])
    stack.later(minutes=61)
    stack.reconcile.all()
    assert stack.notices() == []
    assert stack.dataset_table.of_project("penguins") == ()


@pytest.mark.parametrize(("datasets", "mails"), [(3, 3), (5, 4), (60, 4)])
def test_many_incomplete_datasets_of_one_pass_are_one_message(stack, datasets, mails) -> None:
    stack.publish_project()
    for number in range(datasets):
        stack.launch.upload(*stack.put(f"projects/penguins/data/d{number:02}/train.csv", b"a,b\n1,2\n"))
    stack.later(minutes=61)
    stack.reconcile.all()
    notices, events = stack.notices(), stack.events_on_bus()
    assert (len(notices), len(events)) == (mails, datasets)
    assert {event["detail"]["dataset"] for event in events} == {f"d{number:02}" for number in range(datasets)}
    if mails == 4:
        assert notices[-1]["Subject"] == f"WAITING {datasets - 3} datasets lack files"
        assert "penguins/d04" in notices[-1]["Message"] and "lacks test.csv" in notices[-1]["Message"]
        assert ("and 7 more" in notices[-1]["Message"]) == (datasets == 60)
    stack.later(minutes=5)
    stack.reconcile.all()
    assert stack.notices() == []


def test_a_digest_that_was_not_sent_is_sent_by_the_next_pass(stack, monkeypatch) -> None:
    stack.publish_project()
    for name in "abcde":
        stack.launch.upload(*stack.put(f"projects/penguins/data/{name}/train.csv", b"a,b\n1,2\n"))
    stack.later(minutes=61)
    with monkeypatch.context() as patch:
        patch.setattr(stack.sns, "publish", lambda **_: (_ for _ in ()).throw(OSError("gone")))
        assert stack.reconcile.all()["failed"] == 4
    stack.later(minutes=5)
    assert stack.reconcile.all()["failed"] == 0
    assert [notice["Subject"] for notice in stack.notices()][3:] == ["WAITING 2 datasets lack files"]


def test_an_older_run_is_repeated_with_its_very_bytes(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"hyperparameters: {epochs: 3}\n")
    events = stack.drop()
    uploaded(stack, events)
    (original,) = stack.query.runs(limit=10).runs
    stack.publish_project(b"echo new code\n")
    uploaded(stack, stack.drop())
    stack.later(seconds=1)
    again, new = stack.launch.repeat(original.run_id, caller="ann")
    assert new
    own = {"run_id", "plan_sha256", "created_at", "updated_at", "claimed_at", "created_order", "launched_by",
           "rerun_of", "reruns", "history", "batch_job_id", "progress"}  # fmt: skip
    assert {name: each for name, each in vars(again).items() if name not in own} == {
        name: each for name, each in vars(original).items() if name not in own
    }, "a field that a run trains with belongs into KEPT_BY_A_REPEAT"
    assert again.rerun_of == original.run_id
    plans = [stack.bucket.plan("penguins", each.run_id).document for each in (original, again)]
    own = {"run_id", "rerun", "from_run"}
    first, second = ({name: each[name] for name in each if name not in own} for each in plans)
    assert first == second
    third, _ = stack.launch.repeat(again.run_id, caller="ann")
    assert third.rerun_of == original.run_id
    assert len({job["jobName"] for job in stack.batch_jobs()}) == 4


def test_a_rejected_run_and_a_lost_plan_can_not_be_repeated(stack) -> None:
    uploaded(stack, stack.drop())
    (rejected,) = stack.query.runs(limit=10).runs
    with pytest.raises(NotReadyError, match="rejected before it had a plan"):
        stack.launch.repeat(rejected.run_id, caller="ann")
    stack.publish_project()
    uploaded(stack, stack.drop("second"))
    (run,) = (each for each in stack.query.runs(limit=10).runs if each.dataset == "second")
    stack.s3.delete_object(Bucket="data", Key=f"runs/penguins/{run.run_id}/run.json")
    with pytest.raises(NotFoundError, match="gone from the bucket"):
        stack.launch.repeat(run.run_id, caller="ann")


def test_projects_are_paged_by_name(stack) -> None:
    for name in ("mice", "mice-2", "mice2", "owls", "penguins"):
        stack.put(f"projects/{name}/code/run.sh")
    for name in ("Bad Name", "Good_1", "Good_2", "no_project", "zoo_1"):
        stack.put(f"projects/{name}/code/run.sh")
    first = stack.query.projects(limit=1).projects
    assert [each.name for each in first] == ["mice-2"], "the first folder that is a project's, in S3's order"
    names, cursor, pages = [], None, 0
    while cursor or not pages:
        page = stack.query.projects(limit=2, cursor=cursor)
        names += [project.name for project in page.projects]
        cursor, pages = page.cursor, pages + 1
    assert sorted(names) == ["mice", "mice-2", "mice2", "owls", "penguins"]
    assert len(names) == 5


def test_a_project_is_read_and_one_without_files_and_runs_is_not_there(stack) -> None:
    stack.publish_project()
    assert stack.query.project("penguins").name == "penguins"
    for read in (stack.query.project, lambda name: stack.query.datasets(name, limit=5)):
        with pytest.raises(NotFoundError, match="There is no project 'mice'"):
            read("mice")


def test_datasets_are_paged_by_name_with_what_they_wait_for(stack) -> None:
    stack.publish_project()
    assert stack.query.datasets("penguins", limit=5).datasets == ()
    uploaded(stack, stack.drop("waits", "train.csv"))
    for name in ("a", "a.b", "a2", "Bad Name"):
        stack.drop(name)
    found, cursor, pages = [], None, 0
    while cursor or not pages:
        page = stack.query.datasets("penguins", limit=2, cursor=cursor)
        found += page.datasets
        cursor, pages = page.cursor, pages + 1
    assert sorted(each.name for each in found) == ["a", "a.b", "a2", "waits"]
    assert [(each.name, each.waiting.missing) for each in found if each.waiting] == [("waits", ("test.csv",))]
    with pytest.raises(BadCursorError):
        stack.query.datasets("penguins", limit=2, cursor="nonsense")
