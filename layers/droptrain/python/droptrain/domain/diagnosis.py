"""Why a Batch job ended as it did, and what to do: one cause from Batch's words and the container's own."""

from droptrain.domain.batch_job import TIMED_OUT, WAITED_TOO_LONG, JobState
from droptrain.domain.errors import Cause
from droptrain.domain.outcome import Outcome

_RECLAIMED = "Host EC2"
_OUT_OF_MEMORY = "OutOfMemoryError"
_RECLAIMED_EXIT_CODE = 75

_FIXES = {
    "input_missing": "Check that the object is still in the bucket, then launch the dataset again.",
    "s3_unreachable": "Check the job role, the bucket's policy and the network's way to S3.",
    "gpu_not_visible": "Check that the image brings CUDA and that the AMI has NVIDIA drivers.",
    "bad_recipe": "Correct train.yaml and launch the dataset again.",
    "internal_error": "Launch the dataset again; if it happens twice, the log says which step failed.",
    "superseded": "Nothing to do: another Batch job of this run trains.",
}


def explain(job: JobState, outcome: Outcome | None) -> Cause | None:
    """The cause of an ended Batch job; None if it SUCCEEDED.

    `outcome` is the last attempt's own account, if it left one. Batch's word on timeout, memory and reclaim
    goes first: a killed container can't tell.
    """
    if job.state == "SUCCEEDED":
        return None
    if WAITED_TOO_LONG in job.status_reason:
        return _waited_too_long(job.status_reason)
    if job.status == "CANCELLED":
        return Cause(
            "cancelled",
            job.status_reason or "The Batch job was stopped.",
            "Launch the dataset again if that was not meant.",
        )
    if job.status_reason.startswith(TIMED_OUT):
        return Cause(
            "timeout",
            "The training took longer than its timeout.",
            "Raise `timeout` in train.yaml, or train less.",
        )
    if job.container_reason.startswith(_OUT_OF_MEMORY):
        return Cause(
            "out_of_memory",
            "The container was killed: out of memory.",
            "Raise `resources.memory_gib` in train.yaml.",
        )
    if job.status_reason.startswith(_RECLAIMED) or job.exit_code == _RECLAIMED_EXIT_CODE:
        tries, said = max(len(job.attempts), 1), job.status_reason or "exit code 75"
        return Cause(
            "reclaimed",
            f"Spot reclaimed the instance on each of {tries} attempts ({said}).",
            "Raise `attempts` in train.yaml, or say `spot: never` to train on demand.",
        )
    if outcome and outcome.cause_code:
        fix = _FIXES.get(
            outcome.cause_code, "Read the log's last lines, correct the code, push it and launch again."
        )
        message = outcome.cause_message or outcome.cause_code
        if outcome.cause_code == "script_failed" and outcome.last_line not in message:
            message += f" Its last line: {outcome.last_line}"
        return Cause(outcome.cause_code, message, fix)
    said = "; ".join(part for part in (job.status_reason, job.container_reason) if part)
    code = "" if job.exit_code is None else f" with exit code {job.exit_code}"
    return Cause(
        "unknown",
        f"The Batch job ended{code}{': ' + said if said else ''}.",
        "Read the job's log and its status reason in AWS Batch.",
    )


def _waited_too_long(said: str) -> Cause:
    if "MISCONFIGURATION" in said:
        return _does_not_fit(said)
    return Cause(
        "no_capacity",
        f"AWS had no instance for the job in all the time that it may wait ({said}).",
        "Launch the dataset again later, say `spot: never` in train.yaml, "
        "or give the stack more instance types.",
    )


def no_instance(said: str) -> Cause:
    """Why a job that waits for an instance gets none, by the status reason that AWS Batch gives it."""
    if "MISCONFIGURATION" in said:
        return _does_not_fit(said)
    if "CAPACITY" in said:
        return Cause(
            "no_capacity",
            "AWS has no instance of the stack's types free at this moment.",
            "Wait; or cancel it and say `spot: never` in train.yaml; or give the stack more instance types.",
        )
    return Cause(
        "waits_long",
        f"AWS Batch gives no reason{': ' + said if said else ''}. "
        "Usual ones are other jobs before it, a quota of 0 vCPUs for GPU instances in a new account, "
        "and a network without a way out.",
        "Look at the running jobs, at the quotas of EC2 (docs/deploying.md) and at the compute environment.",
    )


def _does_not_fit(said: str) -> Cause:
    if "COMPUTE_ENVIRONMENT_MAX_RESOURCE" in said:
        return Cause(
            "does_not_fit",
            "The job asks for more vCPUs than the stack may use at once.",
            "Lower `resources.vcpus` in train.yaml, or raise the stack's parameter MaxvCpus.",
        )
    if "JOB_RESOURCE_REQUIREMENT" in said:
        return Cause(
            "does_not_fit",
            "No instance type of the stack has the GPUs, vCPUs and memory that the job asks for.",
            "Lower `resources` in train.yaml, or add larger types to the stack's parameter InstanceTypes.",
        )
    return Cause(
        "misconfigured",
        f"The compute environment can't start instances ({said}).",
        "Look at the compute environment in AWS Batch: role, subnets, instance types, service quotas.",
    )


def unknown_to_batch(job_id: str) -> Cause:
    """The cause of a run whose Batch job AWS Batch doesn't know any more."""
    return Cause(
        "unknown_to_batch",
        f"AWS Batch knows no job {job_id}; it forgets ended jobs after some days.",
        "Look at the run's log and model in the bucket; launch the dataset again if they are not complete.",
    )
