"""What a launch finds in CSVs: errors reject the run, warnings go along with it, at a bounded cost."""

from dataclasses import replace

import pytest
from droptrain_core.domain.datasets.dataset import ObjectVersion
from droptrain_core.domain.errors import BusyError
from droptrain_core.domain.notices import notice
from droptrain_core.domain.notices.notice import Places
from droptrain_core.domain.runs.run import Run
from support.core_stack import Stack
from support.records import job_detail

FOLDER = "projects/penguins/data/first/"
ROWS = b"size,label\n" + b"1,cat\n2,dog\n" * 100_000


def test_a_csv_that_cannot_train_is_rejected_and_one_with_a_flaw_is_warned_of(stack: Stack) -> None:
    stack.publish_project()
    stack.put(FOLDER + "test.csv", b"\xef\xbb\xbfsize,label\n1,cat\n")
    bad = stack.launch.upload(*stack.put(FOLDER + "train.csv", ROWS + b"1,2,3\n"))
    assert (bad.answer, stack.batch_jobs()) == ("rejected", [])
    run = stack.table.get(bad.run_id or "")
    assert run and run.cause and run.cause.code == "bad_csv"
    assert "train.csv: near byte" in run.cause.message
    good = stack.launch.upload(*stack.put(FOLDER + "train.csv", ROWS))
    assert good.answer == "launched"
    run = stack.table.get(good.run_id or "")
    assert run and [each.rule for each in run.warnings] == ["byte_order_mark"]
    notice_text = notice.of_end(replace(run, status="SUCCEEDED"), Places("data")).text
    assert "test.csv, row 1: it begins with a byte order mark" in notice_text


def test_a_latin_1_header_over_an_empty_column_is_warned_of_in_text_that_every_table_takes(
    stack: Stack,
) -> None:
    stack.publish_project()
    stack.drop("first", "test.csv")
    body = "id;größe;y\n1;;2\n2;;3\n".encode("latin-1")
    launched = stack.launch.upload(*stack.put(FOLDER + "train.csv", body))
    assert launched.answer == "launched"
    run = stack.table.get(launched.run_id or "")
    assert run
    (warning,) = (each for each in run.warnings if each.rule == "empty_column")
    assert (warning.column or "").encode().decode() == "gr\ufffd\ufffde"


def test_a_file_that_is_deleted_meanwhile_makes_the_event_come_again(stack: Stack) -> None:
    key, version = stack.put(FOLDER + "train.csv", ROWS)
    pieces = stack.bucket.sample(ObjectVersion(key, version, len(ROWS), ""))
    assert [len(piece.data) for piece in pieces] == [65536] * 3
    stack.s3.delete_object(Bucket="data", Key=key, VersionId=version)
    with pytest.raises(BusyError):
        stack.bucket.sample(ObjectVersion(key, version, len(ROWS), ""))


def test_a_format_that_differs_from_the_last_dataset_that_trained_is_warned_of(stack: Stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"inputs: {training: train.csv}\n")

    def launch(dataset: str, body: bytes) -> Run:
        answer = stack.launch.upload(*stack.put(f"projects/penguins/data/{dataset}/train.csv", body))
        run = stack.table.get(answer.run_id or "")
        assert answer.answer == "launched" and run
        return run

    def end(run: Run, status: str) -> None:
        stack.track.event(job_detail(status, attempts=1, jobName=run.run_id, jobId=run.batch_job_id))

    def changes(run: Run) -> list[str]:
        return [each.message for each in run.warnings if each.rule == "format_changed"]

    commas, semicolons = b"a,b\n" + b"1,2\n" * 30, b"a;b\n" + b"1;2\n" * 30
    first = launch("first", commas)
    assert changes(launch("early", semicolons)) == [], "nothing has trained yet"
    end(first, "SUCCEEDED")
    said = "its delimiter is ';', and the last good dataset had ','"
    second = launch("second", semicolons)
    assert changes(second) == [said]
    end(second, "FAILED")
    third = launch("third", semicolons + b"3;4\n")
    assert changes(third) == [said], "a run that failed doesn't count"
    end(third, "SUCCEEDED")
    assert changes(launch("fourth", commas)) == [said.replace("';'", "','", 1).replace("had ','", "had ';'")]
    again, _ = stack.launch.repeat(first.run_id, caller="ann")
    end(again, "SUCCEEDED")
    assert changes(launch("fifth", semicolons + b"5;6\n")) == [said], "a rerun's data counts as well"


def test_values_that_moved_since_the_last_good_dataset_are_in_the_notice_or_reject_the_drop(
    stack: Stack,
) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"inputs: {training: train.csv}\n")

    def rows(amount: int) -> bytes:
        return (
            b"amount,label\n"
            + b"".join(b"%d,cat\n%d,dog\n" % (amount - n, amount + n) for n in range(9)) * 20
        )

    def drop(dataset: str, body: bytes) -> Run:
        answer = stack.launch.upload(*stack.put(f"projects/penguins/data/{dataset}/train.csv", body))
        run = stack.table.get(answer.run_id or "")
        assert run
        return run

    good = drop("monday", rows(12))
    stack.track.event(job_detail("SUCCEEDED", attempts=1, jobName=good.run_id, jobId=good.batch_job_id))
    said = "column amount: the median moved from 12 to 9,400 since monday, the last good dataset"
    assert drop("tuesday", rows(13)).warnings == ()
    warned = drop("wednesday", rows(9400))
    assert warned.status == "SUBMITTED" and [each.rule for each in warned.warnings] == ["drift"]
    assert said in notice.of_end(replace(warned, status="SUCCEEDED"), Places("data")).text
    stack.put("projects/penguins/train.yaml", b"inputs: {training: train.csv}\ncsv: {drift: reject}\n")
    rejected = drop("thursday", rows(9400))
    assert rejected.status == "REJECTED" and rejected.cause and said in rejected.cause.message
    assert "csv: {drift: warn}" in rejected.cause.fix
