"""`droptrain drop` as people use it: CSVs become runs, and what broke off goes on."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.command_line import CommandLine
from support.laptop_user import User
from support.slow_line import slow_line
from support.waiting import wait_for

from droptrain_local.state import write_state

pytestmark = pytest.mark.timeout(180)

SCRIPT = (
    'echo trains; echo model > m; aws s3 cp --only-show-errors m "$EXPORT_PATH/m"; exit "${HP_EXIT:-0}"\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    return tmp_path


def test_a_drop_is_followed_to_its_end_and_a_repeat_uploads_nothing(
    droptrain: CommandLine, user: User, folder: Path
):
    user.publish(SCRIPT)
    dropped = droptrain("drop", user.project, str(folder), "--watch")
    assert (dropped.code, dropped.err) == (0, "")
    cost, what = dropped.out.splitlines()[:2]
    assert cost.startswith("A run can cost at most $")
    assert what.startswith(f"Dropped 2 files, 16 B, as {user.project}/20")
    assert dropped.out.index("| trains") < dropped.out.index("SUCCEEDED")
    assert "\x1b" not in dropped.out
    again = droptrain("drop", user.project, str(folder), "--json").document
    assert [file["uploaded"] for file in again["files"]] == [False, False]
    assert again["missing"] == []
    run = user.run_with("SUCCEEDED")
    assert run["dataset"] == again["dataset"]
    assert droptrain("drop", user.project, str(folder), "--watch").code == 0
    assert [each["run_id"] for each in user.runs()] == [run["run_id"]]


def test_a_run_that_fails_is_told_by_the_exit_code(droptrain: CommandLine, user: User, folder: Path):
    user.publish(SCRIPT, "hyperparameters: {exit: 7}\n")
    failed = droptrain("drop", user.project, str(folder), "--dataset", "d", "--watch", "--json")
    assert (failed.code, failed.err) == (3, "")
    assert json.loads(failed.out.splitlines()[-1])["status"] == "FAILED"


def test_what_is_missing_is_named_and_the_marker_comes_by_itself(
    droptrain: CommandLine, user: User, folder: Path
):
    user.publish(SCRIPT, "trigger: marker\n")
    half = droptrain("drop", user.project, str(folder / "train.csv"), "--dataset", "d")
    assert (half.code, half.err) == (0, "")
    assert f"{user.project}/d still lacks test.csv" in half.out
    whole = droptrain("drop", user.project, str(folder / "test.csv"), "--dataset", "d", "--watch")
    assert (whole.code, whole.err) == (0, ""), whole.out


def test_after_ctrl_c_a_large_file_goes_on_where_it_was(droptrain: CommandLine, user: User, folder: Path):
    user.publish(SCRIPT)
    large = folder / "train.csv"
    with large.open("wb") as stream:
        stream.truncate(96 * 1024 * 1024)
    s3, place = user.cloud.client("s3"), {"Bucket": user.cloud.ready.bucket}

    def parts() -> list[Any]:
        found = s3.list_multipart_uploads(**place, Prefix=f"projects/{user.project}/").get("Uploads", [])
        return [
            part
            for upload in found
            for part in s3.list_parts(**place, Key=upload["Key"], UploadId=upload["UploadId"]).get(
                "Parts", []
            )
        ]

    with slow_line(user.cloud.ready.endpoint_url) as url:
        write_state(replace(user.cloud.ready, endpoint_url=url))
        started = droptrain.start("drop", user.project, str(large))
        wait_for("a part in S3", parts)
        started.press_ctrl_c()
        stopped = started.wait()
    write_state(user.cloud.ready)
    assert stopped.code == 130
    assert f"of 100.7 MB of {large}.\nThe same command continues from there, within 7 days.\n" in stopped.err
    kept = parts()
    assert 0 < len(kept) < 12
    done = droptrain("drop", user.project, str(large), "--json").document
    assert done["missing"] == ["test.csv"]
    [file] = s3.list_objects_v2(**place, Prefix=f"projects/{user.project}/data/")["Contents"]
    assert (file["Key"], file["Size"]) == (done["files"][0]["key"], large.stat().st_size)
    assert parts() == []
