"""AWS Batch's documented limits on what may be asked, beyond the types in botocore's service model."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from droptrain_local.batch.errors import RefusedError

MAX_PAYLOAD_BYTES = 30 * 1024
MAX_IDS = 100
_MAX_TAGS, _MAX_TAG_KEY, _MAX_TAG_VALUE = 50, 128, 256
_MAX_REASON = 1024
_MAX_PRIORITY, _MAX_DECAY_SECONDS = 9999, 604_800
_MIN_WEIGHT, _MAX_WEIGHT = 0.0001, 999.9999
_SHARE = re.compile(r"[A-Za-z0-9]{1,255}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_REASON_PATTERN = re.compile(r"[A-Za-z0-9.:\s]{0,511}(\*|[A-Za-z0-9.:\s])")
_EXIT_CODE_PATTERN = re.compile(r"[0-9]{0,511}(\*|[0-9])")
_MINIMUM = {"VCPU": 1, "MEMORY": 4, "GPU": 1}
_SAYS_NOT_HERE = "The laptop's Batch engine has none of this: leave {field} out ({what})."
_NOT_AT_SUBMISSION = {
    "arrayProperties": "array jobs",
    "dependsOn": "dependencies between jobs",
    "nodeOverrides": "multi-node parallel jobs",
    "eksPropertiesOverride": "jobs on Amazon EKS",
    "ecsPropertiesOverride": "jobs of several containers",
    "consumableResourcePropertiesOverride": "consumable resources",
}
_NOT_IN_DEFINITIONS = {
    "nodeProperties": "multi-node parallel jobs",
    "eksProperties": "jobs on Amazon EKS",
    "ecsProperties": "jobs of several containers",
    "consumableResourceProperties": "consumable resources",
}


def check_submission(request: Mapping[str, Any]) -> None:
    """RefusedError if SubmitJob's documented limits are broken, or if it asks for what isn't emulated."""
    check_name("jobName", request["jobName"])
    _check_absent(request, _NOT_AT_SUBMISSION)
    _check_container(request.get("containerOverrides", {}))
    _check_common(request)


def check_definition(request: Mapping[str, Any]) -> None:
    """RefusedError if RegisterJobDefinition's documented limits are broken."""
    check_name("jobDefinitionName", request["jobDefinitionName"])
    _check_absent(request, _NOT_IN_DEFINITIONS)
    if request["type"] != "container":
        raise RefusedError(
            _SAYS_NOT_HERE.format(field=f"type {request['type']}", what="multi-node parallel jobs")
        )
    container = request.get("containerProperties")
    if not container or not container.get("image"):
        raise RefusedError("A job definition of type container needs containerProperties with an image.")
    _check_container(container)
    given = {item["type"] for item in container.get("resourceRequirements", ())}
    for kind, old_name in (("VCPU", "vcpus"), ("MEMORY", "memory")):
        if kind not in given and old_name not in container:
            raise RefusedError(f"Container properties need {kind} in resourceRequirements.")
    _check_common(request)


def check_share(share: str | None, priority: int | None, *, has_policy: bool) -> None:
    """RefusedError if a submission's share and priority don't fit the queue (SubmitJob, Batch API reference).

    AWS words the two that are missing so (github.com/boto/boto3/issues/3158, nextflow-io/nextflow/pull/3505).
    """
    if not has_policy:
        if share is not None:
            raise RefusedError("shareIdentifier: the job queue has no scheduling policy.")
        return
    if share is None:
        raise RefusedError("shareIdentifier must be specified.")
    if not _SHARE.fullmatch(share):
        raise RefusedError(f"shareIdentifier {share[:300]!r}: 1 to 255 letters and digits.")
    if priority is None:
        raise RefusedError(
            "Either schedulingPriority in job definition or schedulingPriorityOverride should be specified."
        )
    if not 0 <= priority <= _MAX_PRIORITY:
        raise RefusedError(f"Scheduling priority {priority}: 0 to {_MAX_PRIORITY}.")


def check_fairshare(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request's fairsharePolicy; RefusedError if it breaks a limit or asks for what isn't emulated."""
    if request.get("quotaSharePolicy"):
        raise RefusedError(_SAYS_NOT_HERE.format(field="quotaSharePolicy", what="quota shares"))
    fairshare = request.get("fairsharePolicy", {})
    if fairshare.get("computeReservation"):
        raise RefusedError(_SAYS_NOT_HERE.format(field="computeReservation", what="reserved capacity"))
    if not 0 <= fairshare.get("shareDecaySeconds", 0) <= _MAX_DECAY_SECONDS:
        raise RefusedError(f"shareDecaySeconds: 0 to {_MAX_DECAY_SECONDS}.")
    for entry in fairshare.get("shareDistribution", ()):
        if not _SHARE.fullmatch(entry["shareIdentifier"].removesuffix("*")):
            raise RefusedError(
                f"shareIdentifier {entry['shareIdentifier']!r}: 1 to 255 letters and digits, * at the end."
            )
        if not _MIN_WEIGHT <= entry.get("weightFactor", 1) <= _MAX_WEIGHT:
            raise RefusedError(f"weightFactor: {_MIN_WEIGHT} to {_MAX_WEIGHT}.")
    return fairshare


def check_name(field: str, name: str) -> None:
    """Names of jobs, definitions, queues and environments have one rule."""
    if not _NAME.fullmatch(name):
        raise RefusedError(
            f"{field} {name!r}: 1 to 128 letters, digits, hyphens and underscores; first a letter or digit."
        )


def check_tags(tags: Mapping[str, str]) -> None:
    """At most 50 tags; keys to 128 and values to 256 characters, and no key of AWS's own."""
    if len(tags) > _MAX_TAGS:
        raise RefusedError(f"{len(tags)} tags: a resource may have {_MAX_TAGS}.")
    for key, value in tags.items():
        if not 0 < len(key) <= _MAX_TAG_KEY or len(value) > _MAX_TAG_VALUE or key.lower().startswith("aws:"):
            raise RefusedError(
                f"Tag {key!r}: keys have 1 to {_MAX_TAG_KEY} characters and don't begin with aws:, "
                f"values have up to {_MAX_TAG_VALUE}."
            )


def check_reason(reason: str) -> None:
    """A reason for cancelling or terminating: up to 1024 characters."""
    if len(reason) > _MAX_REASON:
        raise RefusedError(f"The reason has {len(reason)} characters: {_MAX_REASON} are allowed.")


def check_count(field: str, values: Iterable[Any]) -> None:
    """At most 100 names or ids in one call."""
    count = len(list(values))
    if count > MAX_IDS:
        raise RefusedError(f"{field} has {count} entries: {MAX_IDS} are allowed.")


def _check_absent(request: Mapping[str, Any], refused: Mapping[str, str]) -> None:
    for field, what in refused.items():
        if request.get(field):
            raise RefusedError(_SAYS_NOT_HERE.format(field=field, what=what))


def _check_common(request: Mapping[str, Any]) -> None:
    check_tags(request.get("tags", {}))
    _check_retry_strategy(request.get("retryStrategy", {}))
    seconds = request.get("timeout", {}).get("attemptDurationSeconds")
    if seconds is not None and seconds < 60:
        raise RefusedError(f"attemptDurationSeconds {seconds}: the minimum is 60 seconds.")


def _check_container(container: Mapping[str, Any]) -> None:
    for item in container.get("environment", ()):
        if not item.get("name"):
            raise RefusedError("An environment variable needs a name.")
        if item["name"].startswith("AWS_BATCH"):
            raise RefusedError(
                f"Environment variable {item['name']}: names that begin with AWS_BATCH are reserved."
            )
    if "" in container.get("command", ()):
        raise RefusedError("A command can't contain an empty string.")
    for item in container.get("resourceRequirements", ()):
        kind, value = item["type"], item["value"]
        if not value.isdecimal() or int(value) < _MINIMUM[kind]:
            raise RefusedError(f"{kind} {value!r}: a whole number of at least {_MINIMUM[kind]} is needed.")


def _check_retry_strategy(strategy: Mapping[str, Any]) -> None:
    attempts = strategy.get("attempts")
    if attempts is not None and not 1 <= attempts <= 10:
        raise RefusedError(f"attempts {attempts}: between 1 and 10 are allowed.")
    conditions = strategy.get("evaluateOnExit", ())
    if conditions and attempts is None:
        raise RefusedError("evaluateOnExit needs attempts beside it.")
    if len(conditions) > 5:
        raise RefusedError(f"evaluateOnExit has {len(conditions)} conditions: 5 are allowed.")
    for condition in conditions:
        _check_condition(condition)


def _check_condition(condition: Mapping[str, Any]) -> None:
    if condition["action"].upper() not in ("RETRY", "EXIT"):
        raise RefusedError(f"evaluateOnExit action {condition['action']!r}: RETRY or EXIT.")
    for field, allowed in (
        ("onStatusReason", _REASON_PATTERN),
        ("onReason", _REASON_PATTERN),
        ("onExitCode", _EXIT_CODE_PATTERN),
    ):
        pattern = condition.get(field)
        if pattern is not None and not allowed.fullmatch(pattern):
            what = "digits" if field == "onExitCode" else "letters, digits, periods, colons and white space"
            raise RefusedError(f"{field} {pattern!r}: up to 512 {what}, with an asterisk at the end only.")
