"""The versions of the bucket's objects, which each run pins."""

from droptrain.errors import DroptrainError


def kept_version(version_id: str | None, bucket: str) -> str:
    """The version that S3 answered for an upload; DroptrainError if the bucket keeps no versions.

    S3 then answers none (S3 API reference, PutObject, *Versioning suspended*).
    """
    if version_id is None:
        raise DroptrainError(
            f"The bucket {bucket} no longer keeps versions, so no run can pin its inputs. Somebody has "
            f"suspended its versioning. Switch it on, and repeat: {keep_versions(bucket)}"
        )
    return version_id


def keep_versions(bucket: str) -> str:
    """The command that makes a bucket keep versions."""
    return f"aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled"
