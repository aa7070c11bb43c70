"""The example in each of the other dialects: same model, same data, as good a result."""

import pytest

from droptrain_cli.example import FOLDER, Example

pytestmark = [pytest.mark.tensorflow, pytest.mark.timeout(110)]


@pytest.mark.parametrize("dialect", ["sagemaker", "vertex"])
def test_the_example_trains_in_another_dialect(user, dialect: str) -> None:
    cloud, example = user.cloud, Example(FOLDER.parent / f"penguins-{dialect}", user.project, "first")
    s3, bucket = cloud.client("s3"), cloud.ready.bucket
    list(example.publish(s3, bucket))
    for name in ("train.csv", "test.csv"):
        user.drop("first", **{name.removesuffix(".csv"): (FOLDER / "data" / name).read_text("utf-8")})
    run = user.run_with("SUCCEEDED", "FAILED")
    assert run["status"] == "SUCCEEDED", run["cause"]
    prefix = f"runs/{user.project}/{run['run_id']}/"
    kept = {
        item["Key"].removeprefix(prefix)
        for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    }
    assert {"export/1/saved_model.pb", "export/keras/penguins.keras"} <= kept
    assert "test accuracy 0.9" in user.text(f"{prefix}log.txt")
