"""The container's settings, read once from its environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from droptrain_container.exit_codes import EndError

# Half a minute on average, and never less than eight seconds, of S3 that refuses.
_S3_ATTEMPTS = 9
# A trained model is worth minutes.
_UPLOAD_SECONDS = 120
Step = Literal["prepare", "train"]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_TEMPORARY = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))  # noqa: S108  where training code writes, too
_METADATA = "http://169.254.169.254"


@dataclass(frozen=True)
class Settings:
    """Which run to train, as which Batch job, and where on this machine.

    `metadata_url` is the instance metadata service's address, None where there is none to ask. `plan_sha256`
    is the digest that run.json has to have, None where the job doesn't say. `timeout_seconds` is the training
    time that the run had left when this Batch job was submitted, None for no limit. A script may write below
    `ml_dir` and the `scratch` folders. With `holds_script` a process that does nothing takes its place, for a
    shell beside it. `step` is the run's step that this job is for. This attempt leaves the prepared data in
    the folder `prepared`, or trains on them if their manifest has the digest `prepared_sha256`.
    """

    bucket: str
    prefix: str
    job_id: str
    attempt: int
    job_number: int
    plan_sha256: str | None
    timeout_seconds: int | None
    ml_dir: Path
    scratch: tuple[Path, ...]
    checks_gpu: bool
    metadata_url: str | None
    s3_is_local: bool
    s3_attempts: int
    upload_seconds: int
    holds_script: bool = False
    step: Step = "train"
    prepared: str | None = None
    prepared_sha256: str | None = None

    @property
    def is_preparation(self) -> bool:
        return self.step == "prepare"

    @property
    def step_prefix(self) -> str:
        """Where the log, the metrics and the checkpoints of the step go."""
        return f"{self.prefix}prepare/" if self.is_preparation else self.prefix

    @property
    def run_uri(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`; EndError (bad_recipe) naming the variable that is missing or wrong."""
    bucket, prefix = _folder(environment.get("DROPTRAIN_RUN", ""))
    job_id = environment.get("AWS_BATCH_JOB_ID", "")
    if not job_id:
        raise EndError("bad_recipe", "AWS_BATCH_JOB_ID is not set: start this container as an AWS Batch job.")
    is_preparation = environment.get("DROPTRAIN_STEP") == "prepare"
    has_metadata = environment.get("AWS_EC2_METADATA_DISABLED", "").lower() != "true"
    address = environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or _METADATA
    return Settings(
        bucket=bucket,
        prefix=prefix,
        job_id=job_id,
        attempt=_count(environment, "AWS_BATCH_JOB_ATTEMPT", 1),
        job_number=_count(environment, "DROPTRAIN_JOB_NUMBER", 1),
        plan_sha256=_digest(environment, "DROPTRAIN_PLAN_SHA256"),
        timeout_seconds=_count(environment, "DROPTRAIN_TIMEOUT_SECONDS", 0) or None,
        ml_dir=Path(environment.get("DROPTRAIN_ML_DIR") or "opt/ml").absolute(),
        scratch=_scratch(environment),
        checks_gpu=environment.get("DROPTRAIN_GPU_CHECK", "").lower() != "off",
        metadata_url=address.rstrip("/") if has_metadata else None,
        s3_attempts=_count(environment, "AWS_MAX_ATTEMPTS", _S3_ATTEMPTS),
        upload_seconds=_count(environment, "DROPTRAIN_UPLOAD_SECONDS", _UPLOAD_SECONDS),
        holds_script=environment.get("DROPTRAIN_HOLD_SCRIPT", "").lower() == "on",
        step="prepare" if is_preparation else "train",
        prepared=_prepared(environment, bucket, is_preparation=is_preparation),
        prepared_sha256=_digest(environment, "DROPTRAIN_PREPARED_SHA256"),
        s3_is_local=any(environment.get(name) for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")),
    )


def _count(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isascii() or not text.isdigit():
        raise EndError("bad_recipe", f"{name} has to be a number, not {text[:40]!r}.")
    return int(text)


def _digest(environment: Mapping[str, str], name: str) -> str | None:
    text = environment.get(name) or None
    if text is not None and not _SHA256.fullmatch(text):
        raise EndError("bad_recipe", f"{name} has to be a SHA-256 in hexadecimal digits, not {text[:80]!r}.")
    return text


def _prepared(environment: Mapping[str, str], bucket: str, *, is_preparation: bool) -> str | None:
    """The folder of the prepared data; each attempt of a preparation step has one of its own."""
    uri = environment.get("DROPTRAIN_PREPARED", "")
    if not uri:
        return None
    folder = uri.removeprefix(f"s3://{bucket}/")
    return f"{folder}{_count(environment, 'AWS_BATCH_JOB_ATTEMPT', 1)}/" if is_preparation else folder


def _scratch(environment: Mapping[str, str]) -> tuple[Path, ...]:
    home = environment.get("HOME") or "/"
    # A user without a home has "/", which holds everything.
    return (*_TEMPORARY, *([Path(home)] if Path(home).is_absolute() and Path(home) != Path("/") else []))


def _folder(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    prefix = parts.path.strip("/")
    if parts.scheme != "s3" or not parts.netloc or not prefix or parts.query or parts.fragment:
        raise EndError(
            "bad_recipe",
            f"DROPTRAIN_RUN has to name the run's folder, such as s3://bucket/runs/project/run-id/, "
            f"not {uri[:200]!r}. droptrain sets it when it submits the Batch job.",
        )
    return parts.netloc, prefix + "/"
