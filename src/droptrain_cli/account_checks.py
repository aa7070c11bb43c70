"""What `droptrain doctor` looks at in the account: its plan, and the quotas that a new account lacks."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from droptrain_cli.stack_snapshot import Check, Finding, StackSnapshot, Verdict


class Quota(NamedTuple):
    """A quota as Service Quotas names it."""

    service: str
    code: str


# vCPUs of G and VT instances, and of Standard ones (A, C, D, H, I, M, R, T, Z).
_GPUS: Mapping[str, Quota] = {"Spot": Quota("ec2", "L-3819A6DF"), "on-demand": Quota("ec2", "L-DB2E81BA")}
_CPUS: Mapping[str, Quota] = {"Spot": Quota("ec2", "L-34B43A08"), "on-demand": Quota("ec2", "L-1216C47A")}
# Concurrently running builds for Linux/Small environment, which the stack's project uses.
BUILDS = Quota("codebuild", "L-9D07B6EF")
_EXECUTIONS = Quota("lambda", "L-B99A9384")
_LEAST_VCPUS = 4  # of the smallest default types
# Concurrent executions that a stack needs, by UploadConcurrency: those of the two queues, and some
# for the stream, the schedules and the API.
CONCURRENCY_NEEDED: Mapping[int, int] = {4: 10, 22: 40}
UPGRADE = (
    "Upgrade the account to the Paid plan: aws freetier upgrade-account-plan --account-plan-type PAID. "
    "Its remaining credits stay."
)


def more(quota: Quota, value: int) -> str:
    """The command that asks AWS for a higher quota."""
    return (
        f"aws service-quotas request-service-quota-increase --service-code {quota.service} "
        f"--quota-code {quota.code} --desired-value {value}"
    )


def _plan(snapshot: StackSnapshot) -> Iterator[Finding]:
    """Accounts since July 2025 have a plan; EC2 refuses GPU types to those on the Free plan."""
    stack = snapshot.stack
    if stack.is_laptop or stack.session.get_partition_for_region(stack.region) != "aws":
        return
    client = stack.client("freetier")
    try:
        plan = client.get_account_plan_state()["accountPlanType"]
    except client.exceptions.ResourceNotFoundException:
        yield Finding("account plan", "ok", "none: the account is older than AWS's plans")
        return
    except client.exceptions.ValidationException as error:
        reason = error.response["Error"]["Message"]
        fix = "Look it up in the console, Billing and Cost Management. The Free plan has no GPU instances."
        yield Finding("account plan", "unknown", f"AWS doesn't name it: {reason}", fix)
        return
    if plan == "FREE":
        detail = "Free: EC2 starts no GPU instance in it, so every run stays RUNNABLE"
        yield Finding("account plan", "problem", detail, UPGRADE)
    else:
        yield Finding("account plan", "ok", plan.capitalize())


def _gpus(snapshot: StackSnapshot) -> Iterator[Finding]:
    if snapshot.stack.is_laptop:
        return
    wanted = int(snapshot.parameters.get("MaxvCpus", _LEAST_VCPUS))
    for name, quota in _GPUS.items():
        needed: Verdict = "problem" if name == "Spot" else "warning"
        yield _vcpus(snapshot, "GPU quota", name, quota, wanted, of="G instances", needed=needed)


def _cpus(snapshot: StackSnapshot) -> Iterator[Finding]:
    """A stack may have no run without GPUs, so that no value is a problem."""
    if snapshot.stack.is_laptop:
        return
    wanted = int(snapshot.parameters.get("CpuMaxvCpus", _LEAST_VCPUS))
    for name, quota in _CPUS.items():
        yield _vcpus(snapshot, "CPU quota", name, quota, wanted, of="Standard instances", needed="warning")


def _vcpus(
    snapshot: StackSnapshot, title: str, name: str, quota: Quota, wanted: int, *, of: str, needed: Verdict
) -> Finding:
    """A quota of vCPUs beside what the stack may use; `needed` is the verdict if no instance fits."""
    value = _value(snapshot, quota)
    if value is None:
        return _untold(title, name, quota)
    detail = f"{name}: {value} vCPUs of {of} at a time; the stack may use {wanted}"
    if value >= wanted:
        return Finding(title, "ok", detail)
    if value < _LEAST_VCPUS:
        detail = f"{name}: {value} vCPUs of {of}: too few for any run"
        return Finding(title, needed, detail, more(quota, wanted))
    return Finding(title, "warning", detail, more(quota, wanted))


def _concurrency(snapshot: StackSnapshot) -> Iterator[Finding]:
    """Functions that find no free execution fail at the API, and cost messages of queues their deliveries."""
    if snapshot.stack.is_laptop:
        return
    uploads = int(snapshot.parameters.get("UploadConcurrency", min(CONCURRENCY_NEEDED)))
    limits = snapshot.stack.client("lambda").get_account_settings()["AccountLimit"]
    # What other functions of the account have reserved is not there for the stack's.
    free, needed = limits["UnreservedConcurrentExecutions"], CONCURRENCY_NEEDED[uploads]
    detail = f"{free} executions of functions at a time; UploadConcurrency={uploads} needs {needed}"
    least, most = min(CONCURRENCY_NEEDED), max(CONCURRENCY_NEEDED)
    if free < needed:
        fix = f"{more(_EXECUTIONS, 1000)}; until then: {_deploy(least)}" if uploads > least else ""
        yield Finding("concurrency", "problem", detail, fix or more(_EXECUTIONS, 1000))
    elif uploads < most and free >= CONCURRENCY_NEEDED[most]:
        yield Finding("concurrency", "ok", f"{detail}; for drops of hundreds of datasets: {_deploy(most)}")
    else:
        yield Finding("concurrency", "ok", detail)


def _builds(snapshot: StackSnapshot) -> Iterator[Finding]:
    if "ImageBuildProjectName" not in snapshot.outputs:
        return
    value = _value(snapshot, BUILDS)
    if value is None:
        yield _untold("image builds", "AWS CodeBuild", BUILDS)
    elif value:
        yield Finding("image builds", "ok", f"AWS CodeBuild runs {value} at a time")
    else:
        detail = "AWS CodeBuild's quota is 0, so `droptrain image` can't build"
        fix = f"{more(BUILDS, 1)}. Or, with Docker: {snapshot.outputs['ImagePushCommands']}"
        yield Finding("image builds", "warning", detail, fix)


CHECKS: list[tuple[str, Check]] = [
    ("account plan", _plan),
    ("GPU quota", _gpus),
    ("CPU quota", _cpus),
    ("concurrency", _concurrency),
    ("image builds", _builds),
]


def _value(snapshot: StackSnapshot, quota: Quota) -> int | None:
    """A quota's value in this account and region; None where Service Quotas doesn't know it."""
    client = snapshot.stack.client("service-quotas")
    try:
        found = client.get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)
    except client.exceptions.NoSuchResourceException:
        return None
    return int(found["Quota"]["Value"])


def _untold(title: str, name: str, quota: Quota) -> Finding:
    fix = f"Look it up in the console of Service Quotas ({quota.service})."
    return Finding(title, "unknown", f"{name}: Service Quotas doesn't know {quota.code}", fix)


def _deploy(uploads: int) -> str:
    return f"sam build && sam deploy --parameter-overrides UploadConcurrency={uploads}"
