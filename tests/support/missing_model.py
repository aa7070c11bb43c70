"""A promoted run of the laptop cloud whose export is deleted before it is copied."""

from droptrain_core.aws.model_table import ModelTable
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.runs.promotion import export_prefix, promotion_of
from support.laptop_user import User


def promote_without_files(user: User, run_id: str) -> None:
    """Promote a run as if its export had been deleted within the second after the promotion."""
    cloud = user.cloud
    s3, dynamodb, table = cloud.client("s3"), cloud.client("dynamodb"), cloud.ready.table
    prefix = export_prefix(user.project, run_id)
    for item in s3.list_objects_v2(Bucket=cloud.ready.bucket, Prefix=prefix)["Contents"]:
        s3.delete_object(Bucket=cloud.ready.bucket, Key=item["Key"])
    models, run = ModelTable(dynamodb, table), RunTable(dynamodb, table).get(run_id)
    assert run
    now = models.current(user.project)
    promotion = promotion_of(run, now.number, now.promotion, run.updated_at, "ann")
    assert models.promote(promotion, now, None) == "promoted"
