"""The code and the recipe of a run are read in the versions that it trained with."""

import json

import pytest
from droptrain_core.domain.errors import BadCursorError, ChangedPlanError, NotFoundError
from droptrain_core.domain.runs.sources import MAX_SHOWN_BYTES
from support.core_stack import Stack

CODE = "projects/penguins/code/"


def launched(stack: Stack) -> str:
    """A run whose project has got other code since."""
    stack.publish_project(b"echo first\n")
    stack.put("projects/penguins/train.yaml", b"timeout: 1h\n")
    stack.put(CODE + "lib/names.py", "größe = 1\n".encode())
    stack.put(CODE + "logo.png", b"\x89PNG\x00\x01")
    stack.put(CODE + "words.txt", b"x" * (MAX_SHOWN_BYTES + 1))
    stack.drop()
    run_id: str = stack.launch.request("penguins", "first", caller="ann")[0].run_id
    stack.publish_project(b"echo second\n")
    stack.put("projects/penguins/train.yaml", b"timeout: 2h\n")
    return run_id


def test_each_file_is_read_as_it_was_trained(stack: Stack) -> None:
    run_id = launched(stack)
    listed = stack.read_sources.list(run_id, limit=100)
    assert [each.path for each in listed.sources] == [
        "code/lib/names.py", "code/logo.png", "code/run.sh", "code/words.txt", "train.yaml",
    ]  # fmt: skip
    texts = {each.path: stack.read_sources.text(run_id, each.path) for each in listed.sources}
    assert {path: found.text for path, found in texts.items() if found.text} == {
        "code/lib/names.py": "größe = 1\n", "code/run.sh": "echo first\n", "train.yaml": "timeout: 1h\n",
    }  # fmt: skip
    assert (texts["code/logo.png"].unshown, texts["code/words.txt"].unshown) == ("binary", "large")


def test_a_list_of_many_files_has_pages(stack: Stack) -> None:
    run_id = launched(stack)
    first = stack.read_sources.list(run_id, limit=3)
    rest = stack.read_sources.list(run_id, limit=3, cursor=first.cursor)
    assert [each.path for each in (*first.sources, *rest.sources)][2:] == [
        "code/run.sh", "code/words.txt", "train.yaml",
    ]  # fmt: skip
    assert rest.cursor is None
    with pytest.raises(BadCursorError):
        stack.read_sources.list("penguins-first-0123456789ab", limit=3, cursor=first.cursor)


def test_a_version_that_has_expired_is_named_and_not_shown(stack: Stack) -> None:
    run_id = launched(stack)
    for version in stack.s3.list_object_versions(Bucket="data", Prefix=CODE + "run.sh")["Versions"]:
        stack.s3.delete_object(Bucket="data", Key=version["Key"], VersionId=version["VersionId"])
    assert stack.read_sources.text(run_id, "code/run.sh").unshown == "gone"


def test_only_what_the_run_trained_with_is_read(stack: Stack) -> None:
    run_id = launched(stack)
    for path in ("push.json", "data/first/train.csv", "../whales/code/run.sh", "run.sh"):
        with pytest.raises(NotFoundError):
            stack.read_sources.text(run_id, path)
    plan = stack.bucket.plan("penguins", run_id)
    assert plan
    plan.document["code"].append(
        {"key": "projects/whales/code/run.sh", "version_id": "v", "size": 1, "etag": ""}
    )
    body = json.dumps(plan.document).encode()
    stack.s3.put_object(Bucket="data", Key=f"runs/penguins/{run_id}/run.json", Body=body)
    with pytest.raises(ChangedPlanError):
        stack.read_sources.list(run_id, limit=5)


def test_a_run_that_was_rejected_before_it_had_a_plan_has_none(stack: Stack) -> None:
    stack.drop()
    rejected = stack.launch.request("penguins", "first", caller="ann")[0]
    with pytest.raises(NotFoundError, match="has no plan"):
        stack.read_sources.list(rejected.run_id, limit=5)
