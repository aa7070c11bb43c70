"""What each operation needs: actions on resources, as AWS's Service Authorization Reference has them.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

Condition keys are given where policies of the stack ask for them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from droptrain_local.clients import ACCOUNT, REGION
from droptrain_local.permissions.policy import Need

Parameters = Mapping[str, Any]
RequiredActions = Iterable[Need]
# The tag of a job that policies of the stack ask for.
_STACK_TAG = "droptrain:stack"


def required_actions(service: str, operation: str, parameters: Parameters) -> list[Need]:
    """What a call needs; `service` is the name in its signature, parameters are boto3's.

    An operation that isn't in the table needs the action of its name on everything.
    """
    table = _TABLE.get(service, {})
    if operation in table:
        return list(table[operation](parameters))
    return [Need(f"{service}:{operation}", "*")]


def on_tagged(need: Need, tags: Mapping[str, str]) -> Need:
    """What is needed on a resource that has these tags."""
    if _STACK_TAG not in tags:
        return need
    return replace(need, context={**need.context, f"aws:ResourceTag/{_STACK_TAG}": (tags[_STACK_TAG],)})


def for_missing_key(parameters: Parameters) -> Need:
    """What S3 asks besides, to tell of a key that it isn't there: else it answers 403 for 404.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    return Need("s3:ListBucket", _bucket(parameters))


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _bucket(parameters: Parameters) -> str:
    return f"arn:aws:s3:::{parameters['Bucket']}"


def _on_bucket(action: str) -> Callable[[Parameters], RequiredActions]:
    return lambda parameters: [Need(f"s3:{action}", _bucket(parameters))]


def _listing(action: str) -> Callable[[Parameters], RequiredActions]:
    def needs(parameters: Parameters) -> RequiredActions:
        prefix = parameters.get("Prefix")
        yield Need(f"s3:{action}", _bucket(parameters), {} if prefix is None else {"s3:prefix": (prefix,)})

    return needs


def _on_object(action: str, of_version: str = "") -> Callable[[Parameters], RequiredActions]:
    def needs(parameters: Parameters) -> RequiredActions:
        versioned = of_version and parameters.get("VersionId")
        resource = f"{_bucket(parameters)}/{parameters['Key']}"
        yield Need(f"s3:{of_version if versioned else action}", resource)

    return needs


_READ = _on_object("GetObject", "GetObjectVersion")
_WRITE = _on_object("PutObject")
_DELETE = _on_object("DeleteObject", "DeleteObjectVersion")


def _put(parameters: Parameters) -> RequiredActions:
    yield from _WRITE(parameters)
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    if "IfMatch" in parameters:
        yield from _READ(parameters)
    if "Tagging" in parameters:
        yield from _on_object("PutObjectTagging")(parameters)
    if "ACL" in parameters:
        yield from _on_object("PutObjectAcl")(parameters)


def _copy(parameters: Parameters) -> RequiredActions:
    source = parameters["CopySource"]
    if isinstance(source, str):
        path, _, version = source.lstrip("/").partition("?versionId=")
        bucket, _, key = unquote(path).partition("/")
        source = {"Bucket": bucket, "Key": key, "VersionId": version}
    yield from _READ(source)
    yield from _put({name: value for name, value in parameters.items() if name != "VersionId"})


def _delete_each(parameters: Parameters) -> RequiredActions:
    for item in parameters["Delete"]["Objects"]:
        yield from _DELETE({**item, "Bucket": parameters["Bucket"]})


def _table(parameters: Parameters) -> str:
    return _arn("dynamodb", f"table/{parameters['TableName']}")


def _leading(key: Mapping[str, Mapping[str, str]] | None) -> Mapping[str, tuple[str, ...]]:
    """The partition key's value; the stack's one table is keyed by `pk` alone."""
    value = (key or {}).get("pk")
    return {"dynamodb:LeadingKeys": tuple(value.values())} if value else {}


def _on_item(action: str) -> Callable[[Parameters], RequiredActions]:
    def needs(parameters: Parameters) -> RequiredActions:
        key = parameters.get("Key") or parameters.get("Item")
        yield Need(f"dynamodb:{action}", _table(parameters), _leading(key))

    return needs


def _on_items(action: str) -> Callable[[Parameters], RequiredActions]:
    def needs(parameters: Parameters) -> RequiredActions:
        for name, asked in parameters["RequestItems"].items():
            keys = [value for key in asked["Keys"] for value in key["pk"].values()]
            yield Need(
                f"dynamodb:{action}", _table({"TableName": name}), {"dynamodb:LeadingKeys": tuple(keys)}
            )

    return needs


def _on_index(action: str) -> Callable[[Parameters], RequiredActions]:
    def needs(parameters: Parameters) -> RequiredActions:
        index = parameters.get("IndexName")
        table = _table(parameters)
        yield Need(f"dynamodb:{action}", f"{table}/index/{index}" if index else table)

    return needs


# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
_IN_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def _transaction(parameters: Parameters) -> RequiredActions:
    for item in parameters["TransactItems"]:
        for kind, operation in item.items():
            yield from _on_item(_IN_TRANSACTION[kind])(operation)


def _on_stream(action: str) -> Callable[[Parameters], RequiredActions]:
    return lambda parameters: [Need(f"dynamodb:{action}", parameters["StreamArn"])]


def _records(parameters: Parameters) -> RequiredActions:
    """An iterator begins with its stream's ARN."""
    yield Need("dynamodb:GetRecords", parameters["ShardIterator"].partition("|")[0])


def _on_queue(action: str) -> Callable[[Parameters], RequiredActions]:
    return lambda parameters: [Need(f"sqs:{action}", _arn("sqs", parameters["QueueUrl"].rpartition("/")[2]))]


def _on_topic(action: str) -> Callable[[Parameters], RequiredActions]:
    def needs(parameters: Parameters) -> RequiredActions:
        yield Need(f"sns:{action}", parameters.get("TopicArn") or parameters.get("TargetArn") or "*")

    return needs


def _put_events(parameters: Parameters) -> RequiredActions:
    for entry in parameters["Entries"]:
        bus = entry.get("EventBusName", "default").rpartition("/")[2]
        context = {"events:source": (entry["Source"],), "events:detail-type": (entry["DetailType"],)}
        yield Need("events:PutEvents", _arn("events", f"event-bus/{bus}"), context)


def _on_log_stream(action: str) -> Callable[[Parameters], RequiredActions]:
    def needs(parameters: Parameters) -> RequiredActions:
        group, stream = parameters["logGroupName"], parameters["logStreamName"]
        yield Need(f"logs:{action}", _arn("logs", f"log-group:{group}:log-stream:{stream}"))

    return needs


def _batch_arn(kind: str, name: str) -> str:
    return name if name.startswith("arn:") else _arn("batch", f"{kind}/{name}")


def _submit_job(parameters: Parameters) -> RequiredActions:
    """Tags at submission are authorized against what a job is made of, and against the job, too."""
    queue = _batch_arn("job-queue", parameters["jobQueue"])
    definition = _batch_arn("job-definition", parameters["jobDefinition"])
    new_job = _arn("batch", "job/*")
    yield Need("batch:SubmitJob", queue)
    yield Need("batch:SubmitJob", definition)
    yield Need("batch:SubmitJob", new_job)
    if parameters.get("tags"):
        for resource in (queue, definition, new_job):
            yield Need("batch:TagResource", resource)


def _snapshot(parameters: Parameters) -> RequiredActions:
    yield Need("batch:GetJobQueueSnapshot", _batch_arn("job-queue", parameters["jobQueue"]))


def _on_job(action: str) -> Callable[[Parameters], RequiredActions]:
    return lambda parameters: [Need(f"batch:{action}", _arn("batch", f"job/{parameters['jobId']}"))]


def _on_stack(action: str) -> Callable[[Parameters], RequiredActions]:
    def needs(parameters: Parameters) -> RequiredActions:
        name = parameters["StackName"]
        arn = name if name.startswith("arn:") else _arn("cloudformation", f"stack/{name}/laptop")
        yield Need(f"cloudformation:{action}", arn)

    return needs


def _quota(parameters: Parameters) -> RequiredActions:
    yield Need(
        "servicequotas:GetServiceQuota",
        _arn("servicequotas", f"{parameters['ServiceCode']}/{parameters['QuotaCode']}"),
    )


def _on_schedule(action: str) -> Callable[[Parameters], RequiredActions]:
    """A schedule's role is passed to Scheduler: iam:PassRole.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html
    """

    def needs(parameters: Parameters) -> RequiredActions:
        name = f"schedule/{parameters.get('GroupName', 'default')}/{parameters['Name']}"
        yield Need(f"scheduler:{action}", _arn("scheduler", name))
        if role_arn := parameters.get("Target", {}).get("RoleArn"):
            yield Need("iam:PassRole", role_arn, {"iam:PassedToService": ("scheduler.amazonaws.com",)})

    return needs


def _secret(parameters: Parameters) -> RequiredActions:
    yield Need("secretsmanager:GetSecretValue", parameters["SecretId"])


def _images(parameters: Parameters) -> RequiredActions:
    yield Need("ecr:DescribeImages", _arn("ecr", f"repository/{parameters['repositoryName']}"))


_TABLE: Mapping[str, Mapping[str, Callable[[Parameters], RequiredActions]]] = {
    "s3": {
        "AbortMultipartUpload": _on_object("AbortMultipartUpload"),
        "CompleteMultipartUpload": _put,
        "CopyObject": _copy,
        "CreateMultipartUpload": _put,
        "DeleteObject": _DELETE,
        "DeleteObjects": _delete_each,
        "GetBucketLocation": _on_bucket("GetBucketLocation"),
        "GetBucketVersioning": _on_bucket("GetBucketVersioning"),
        "GetObject": _READ,
        "GetObjectAcl": _on_object("GetObjectAcl", "GetObjectVersionAcl"),
        "GetObjectTagging": _on_object("GetObjectTagging", "GetObjectVersionTagging"),
        "HeadBucket": _on_bucket("ListBucket"),
        "HeadObject": _READ,
        "ListBuckets": lambda _: [Need("s3:ListAllMyBuckets", "*")],
        "ListMultipartUploads": _on_bucket("ListBucketMultipartUploads"),  # knows no s3:prefix
        "ListObjectVersions": _listing("ListBucketVersions"),
        "ListObjects": _listing("ListBucket"),
        "ListObjectsV2": _listing("ListBucket"),
        "ListParts": _on_object("ListMultipartUploadParts"),
        "PutObject": _put,
        "UploadPart": _WRITE,
        "UploadPartCopy": _copy,
    },
    "dynamodb": {
        "BatchGetItem": _on_items("BatchGetItem"),
        "DeleteItem": _on_item("DeleteItem"),
        "DescribeStream": _on_stream("DescribeStream"),
        "GetItem": _on_item("GetItem"),
        "GetRecords": _records,
        "GetShardIterator": _on_stream("GetShardIterator"),
        "PutItem": _on_item("PutItem"),
        "Query": _on_index("Query"),
        "Scan": _on_index("Scan"),
        "TransactWriteItems": _transaction,
        "UpdateItem": _on_item("UpdateItem"),
    },
    "sqs": {
        "ChangeMessageVisibility": _on_queue("ChangeMessageVisibility"),
        "DeleteMessage": _on_queue("DeleteMessage"),
        "GetQueueAttributes": _on_queue("GetQueueAttributes"),
        "ReceiveMessage": _on_queue("ReceiveMessage"),
        "SendMessage": _on_queue("SendMessage"),
    },
    "sns": {
        "GetTopicAttributes": _on_topic("GetTopicAttributes"),
        "ListSubscriptionsByTopic": _on_topic("ListSubscriptionsByTopic"),
        "Publish": _on_topic("Publish"),
    },
    "events": {"PutEvents": _put_events},
    "logs": {
        "CreateLogStream": _on_log_stream("CreateLogStream"),
        "GetLogEvents": _on_log_stream("GetLogEvents"),
        "PutLogEvents": _on_log_stream("PutLogEvents"),
    },
    "batch": {
        "CancelJob": _on_job("CancelJob"),
        "GetJobQueueSnapshot": _snapshot,
        "SubmitJob": _submit_job,
        "TerminateJob": _on_job("TerminateJob"),
    },
    "cloudformation": {
        "DescribeStacks": _on_stack("DescribeStacks"),
        "ListStackResources": _on_stack("ListStackResources"),
    },
    "ecr": {"DescribeImages": _images},
    "scheduler": {
        "CreateSchedule": _on_schedule("CreateSchedule"),
        "DeleteSchedule": _on_schedule("DeleteSchedule"),
        "UpdateSchedule": _on_schedule("UpdateSchedule"),
    },
    "secretsmanager": {"GetSecretValue": _secret},
    "servicequotas": {"GetServiceQuota": _quota},
    # Always allowed, whatever policies say.
    "sts": {"GetCallerIdentity": lambda _: []},
}
