import re
from datetime import UTC, datetime

from droptrain_core.domain.datasets.dataset import Input
from droptrain_core.domain.recipes.recipe import Recipe
from droptrain_core.domain.runs import identity
from droptrain_core.domain.runs import plan as plans
from droptrain_core.domain.runs import run as runs
from droptrain_core.domain.runs.job_request import job_request, script_environment
from hypothesis import given
from hypothesis import strategies as st
from support.records import RUN_ID, object_version, run

slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)
dataset_names = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,39}", fullmatch=True)


@given(slugs, dataset_names, st.integers(0, 10**6))
def test_a_run_id_can_name_a_batch_job_and_be_read_from_its_name(
    project: str, dataset: str, rerun: int
) -> None:
    run_id = identity.identify(project, dataset, [object_version("a")], {}, rerun)
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,99}", run_id)
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,99}", run_id)
    assert identity.split_job_name(run_id) == (run_id, 1)
    assert identity.split_job_name(f"{run_id}-2") == (run_id, 2)


def test_every_part_of_a_run_s_identity_counts() -> None:
    one, other = object_version("a", "1"), object_version("a", "2")
    ids = [
        identity.identify("p", "d", [one], {}, 0),
        identity.identify("p", "d", [other], {}, 0),
        identity.identify("p", "d", [one, other], {}, 0),
        identity.identify("p", "d", [one], {"hyperparameters": {"epochs": 2}}, 0),
        identity.identify("p", "d", [one], {}, 1),
        identity.identify("p", "e", [one], {}, 0),
    ]
    assert len(set(ids)) == len(ids)
    assert identity.identify("p", "d", [other, one, one], {}, 0) == identity.identify(
        "p", "d", [one, other], {}, 0
    )


def test_names_of_other_jobs_are_not_taken_for_runs() -> None:
    for name in ("nightly-report", "penguins-first-0123456789AB", "x" * 200, ""):
        assert identity.split_job_name(name) is None


def test_lists_sort_by_creation() -> None:
    early = identity.order_key(datetime(2026, 11, 23, 2, 10, 0, 999_000, UTC), "z")
    late = identity.order_key(datetime(2026, 11, 23, 2, 10, 1, 0, UTC), "a")
    assert early == "2026-11-23T02:10:00.999Z#z"
    assert early < late


def test_a_script_sees_the_plain_dialect_s_uris() -> None:
    assert script_environment(run(), "bucket") == {
        "DROPTRAIN_JOB_NUMBER": "1",
        "DROPTRAIN_TIMEOUT_SECONDS": "3600",
        "DROPTRAIN_RUN": f"s3://bucket/runs/penguins/{RUN_ID}/",
        "RUN_SCRIPT": "s3://bucket/projects/penguins/code/run.sh",
        "SCRIPT_DIR": "s3://bucket/projects/penguins/code",
        "MODEL_DIR": f"s3://bucket/runs/penguins/{RUN_ID}/model",
        "EXPORT_PATH": f"s3://bucket/runs/penguins/{RUN_ID}/export",
        "TRAINING_DATA": "s3://bucket/projects/penguins/data/first/train.csv",
        "TEST_DATA": "s3://bucket/projects/penguins/data/first/test.csv",
    }


def test_a_channel_of_many_files_is_their_folder() -> None:
    parts = tuple(Input("training", object_version(f"projects/p/data/d/train/part-{n}.csv")) for n in (1, 2))
    assert job_request(Recipe(), "run.sh", 60, parts).data == {"TRAINING_DATA": "projects/p/data/d/train"}


def test_files_of_like_named_folders_share_only_what_lies_above_both() -> None:
    keys = ("projects/p/data/d/a/x/1.csv", "projects/p/data/d/b/x/2.csv")
    parts = tuple(Input("training", object_version(key)) for key in keys)
    request = job_request(Recipe(), "run.sh", 60, parts)
    assert request.data == {"TRAINING_DATA": "projects/p/data/d"}


def test_a_record_keeps_the_first_inputs_and_their_number() -> None:
    inputs = tuple(Input("training", object_version(f"projects/p/data/d/{n}.csv")) for n in range(101))
    kept = runs.to_record(run(inputs=inputs))
    assert (kept.inputs, kept.input_count) == (inputs[:100], 101)


def test_the_plan_pins_every_file_by_version() -> None:
    code = [object_version("projects/penguins/code/run.sh", "c1")]
    record = run(recipe=object_version("projects/penguins/train.yaml", "r1"))
    plan = plans.plan_of(record, Recipe(), code, "b", {}, 0, "training:1")
    assert [item["version_id"] for item in plan["inputs"]] == ["v1", "v1"]
    assert plan["recipe"] == {
        "key": "projects/penguins/train.yaml", "version_id": "r1", "size": 10, "etag": "etag",
    }  # fmt: skip
    assert plan["job_definition"] == "training:1"
    assert plan["code"][0]["version_id"] == "c1"
    assert plan["entrypoint"] == "run.sh"
