"""How each resource type of the template is made on a laptop, by ordinary AWS calls; or why it isn't."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from droptrain_local.batch import BatchEngine
from droptrain_local.clients import ACCOUNT, REGION, Clients
from droptrain_local.errors import TemplateError
from droptrain_local.shapes import to_parameters

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """A resource as the rest of the template sees it: what Ref answers, and Fn::GetAtt by name."""

    ref: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Makers:
    """Makes resources: S3, SQS, SNS, EventBridge, DynamoDB and IAM by their APIs, Batch in the engine."""

    clients: Clients
    engine: BatchEngine

    def by_type(self) -> dict[str, Callable[[str, Properties], Made]]:
        """Who makes a type; a maker gets the resource's name and its resolved properties."""
        return {
            "AWS::Batch::ComputeEnvironment": self._compute_environment,
            "AWS::Batch::JobDefinition": self._job_definition,
            "AWS::Batch::JobQueue": self._job_queue,
            "AWS::Batch::SchedulingPolicy": self._scheduling_policy,
            "AWS::DynamoDB::Table": self._table,
            "AWS::ECR::Repository": self._repository,
            "AWS::Events::Rule": self._rule,
            "AWS::IAM::Policy": self._policy,
            "AWS::IAM::Role": self._role,
            "AWS::S3::Bucket": self._bucket,
            "AWS::Scheduler::ScheduleGroup": self._schedule_group,
            "AWS::SNS::Subscription": self._subscription,
            "AWS::SNS::Topic": self._topic,
            "AWS::SQS::Queue": self._queue,
        }

    def changers(self) -> dict[str, Callable[[str, str, Properties], Made | None]]:
        """Who changes a resource of a type whose properties differ; gets its Ref, name and properties.

        What comes back takes the resource's place, where it isn't the same any more.
        """
        return {
            "AWS::Batch::ComputeEnvironment": self._change_compute_environment,
            "AWS::Batch::JobDefinition": lambda _, name, now: self._job_definition(name, now),
            "AWS::Batch::JobQueue": _can_not_change,
            "AWS::Batch::SchedulingPolicy": _can_not_change,
            "AWS::DynamoDB::Table": _can_not_change,
            "AWS::Events::Rule": lambda _, name, now: self._rule(name, now),
            "AWS::IAM::Policy": lambda _, name, now: self._policy(name, now),
            "AWS::IAM::Role": self._put_policies,
            "AWS::S3::Bucket": self._change_bucket,
            "AWS::SNS::Subscription": lambda _, name, now: self._subscription(name, now),
            "AWS::SNS::Topic": _can_not_change,
            "AWS::SQS::Queue": self._change_queue,
        }

    def removers(self) -> dict[str, Callable[[str], object]]:
        """Who removes a resource of a type, by its Ref."""
        sqs, sns, events = (self.clients.client(name) for name in ("sqs", "sns", "events"))
        scheduler = self.clients.client("scheduler")

        def remove_rule(name: str) -> None:
            targets = events.list_targets_by_rule(Rule=name)["Targets"]
            events.remove_targets(Rule=name, Ids=[target["Id"] for target in targets])
            events.delete_rule(Name=name)

        return {
            "AWS::Events::Rule": remove_rule,
            "AWS::Scheduler::ScheduleGroup": lambda name: scheduler.delete_schedule_group(Name=name),
            "AWS::SNS::Topic": lambda arn: sns.delete_topic(TopicArn=arn),
            "AWS::SQS::Queue": lambda url: sqs.delete_queue(QueueUrl=url),
        }

    def _bucket(self, name: str, properties: Properties) -> Made:
        s3, bucket = self.clients.client("s3"), properties.get("BucketName", name.lower())
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        versioning = properties.get("VersioningConfiguration")
        if versioning:
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versioning)
        notifications = properties.get("NotificationConfiguration", {})
        if "EventBridgeConfiguration" in notifications:
            s3.put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
            )
        return Made(bucket, {"Arn": f"arn:aws:s3:::{bucket}"})

    def _change_bucket(self, bucket: str, name: str, properties: Properties) -> Made | None:
        """Another name is another bucket; all else about it, such as its lifecycle, nobody minds here."""
        wanted = properties.get("BucketName", name.lower())
        return self._bucket(name, properties) if wanted != bucket else None

    def _change_queue(self, url: str, _: str, properties: Properties) -> None:
        self.clients.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=_attributes(properties))

    def _queue(self, name: str, properties: Properties) -> Made:
        attributes = _attributes(properties)
        url = self.clients.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return Made(
            url, {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}", "QueueName": name, "QueueUrl": url}
        )

    def _topic(self, name: str, properties: Properties) -> Made:
        display = properties.get("DisplayName", "")
        arn = self.clients.client("sns").create_topic(Name=name, Attributes={"DisplayName": display})[
            "TopicArn"
        ]
        return Made(arn, {"TopicArn": arn, "TopicName": name})

    def _subscription(self, name: str, properties: Properties) -> Made:
        parameters = to_parameters("sns", "Subscribe", properties)
        answer = self.clients.client("sns").subscribe(**parameters, ReturnSubscriptionArn=True)
        return Made(answer["SubscriptionArn"], {"Arn": answer["SubscriptionArn"]})

    def _rule(self, name: str, properties: Properties) -> Made:
        events = self.clients.client("events")
        arn = events.put_rule(Name=name, EventPattern=json.dumps(properties["EventPattern"]))["RuleArn"]
        targets = to_parameters("events", "PutTargets", {"Rule": name, "Targets": properties["Targets"]})
        events.put_targets(**targets)
        return Made(name, {"Arn": arn})

    def _table(self, name: str, properties: Properties) -> Made:
        stream = {"StreamEnabled": True, **properties["StreamSpecification"]}
        parameters = to_parameters(
            "dynamodb",
            "CreateTable",
            {**properties, "TableName": name, "StreamSpecification": stream},
            # moto keeps what has expired, and a laptop needs neither a history nor a key of its own.
            without=frozenset(
                {"TimeToLiveSpecification", "PointInTimeRecoverySpecification", "SSESpecification"}
            ),
        )
        table = self.clients.client("dynamodb").create_table(**parameters)["TableDescription"]
        return Made(name, {"Arn": table["TableArn"], "StreamArn": table["LatestStreamArn"]})

    def _repository(self, name: str, properties: Properties) -> Made:
        """A repository with both images: what trains here is this machine's own Python."""
        ecr, name = self.clients.client("ecr"), name.lower()
        made = ecr.create_repository(repositoryName=name)["repository"]
        for tag in ("latest", "cpu"):
            ecr.put_image(repositoryName=name, imageTag=tag, imageManifest=json.dumps(_MANIFEST))
        return Made(name, {"Arn": made["repositoryArn"], "RepositoryUri": made["repositoryUri"]})

    def _schedule_group(self, name: str, properties: Properties) -> Made:
        made = self.clients.client("scheduler").create_schedule_group(Name=name)
        return Made(name, {"Arn": made["ScheduleGroupArn"]})

    def _role(self, name: str, properties: Properties) -> Made:
        iam, trust = self.clients.client("iam"), json.dumps(properties["AssumeRolePolicyDocument"])
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]
        self._put_policies(name, name, properties)
        return Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})

    def _put_policies(self, role: str, _: str, properties: Properties) -> None:
        for policy in properties["Policies"]:
            self._put_policy(role, policy)

    def _policy(self, name: str, properties: Properties) -> Made:
        for role in properties["Roles"]:
            self._put_policy(role, properties)
        return Made(name)

    def _put_policy(self, role: str, policy: Properties) -> None:
        document = json.dumps(policy["PolicyDocument"])
        self.clients.client("iam").put_role_policy(
            RoleName=role, PolicyName=policy["PolicyName"], PolicyDocument=document
        )

    def _compute_environment(self, name: str, properties: Properties) -> Made:
        parameters = to_parameters(
            "batch",
            "CreateComputeEnvironment",
            {**properties, "ComputeEnvironmentName": name},
            without=_HOW_TO_UPDATE,
        )
        arn = self.engine.create_compute_environment(**parameters)
        return Made(arn, {"ComputeEnvironmentArn": arn})

    def _change_compute_environment(self, arn: str, _: str, properties: Properties) -> None:
        """Jobs that run go on where they are, as here no instance has a type."""
        now = {"ComputeEnvironment": arn, "ComputeResources": properties["ComputeResources"]}
        without = _HOW_TO_UPDATE | {"Type"}
        self.engine.update_compute_environment(
            **to_parameters("batch", "UpdateComputeEnvironment", now, without=without)
        )

    def _scheduling_policy(self, name: str, properties: Properties) -> Made:
        named = to_parameters("batch", "CreateSchedulingPolicy", {**properties, "Name": name})
        arn = self.engine.create_scheduling_policy(**named)
        return Made(arn, {"Arn": arn})

    def _job_queue(self, name: str, properties: Properties) -> Made:
        named = {**properties, "JobQueueName": name}
        arn = self.engine.create_job_queue(**to_parameters("batch", "CreateJobQueue", named))
        return Made(arn, {"JobQueueArn": arn})

    def _job_definition(self, name: str, properties: Properties) -> Made:
        parameters = to_parameters(
            "batch",
            "RegisterJobDefinition",
            {**properties, "JobDefinitionName": name},
            without=frozenset({"ResourceRetentionPolicy"}),
        )
        arn = self.engine.register_job_definition(**parameters)
        return Made(arn, {"JobDefinitionArn": arn})


# An image manifest without layers (OCI image specification).
_MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": {
        "mediaType": "application/vnd.oci.empty.v1+json",
        "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "size": 2,
    },
    "layers": [],
}
# How CloudFormation updates a compute environment; the API doesn't take it with a new one.
_HOW_TO_UPDATE = frozenset({"ReplaceComputeEnvironment", "UpdatePolicy", "UpdateToLatestImageVersion"})

# The laptop cloud's own parts run these, from their resolved properties.
RUN_HERE = frozenset(
    {
        "AWS::ApiGatewayV2::Api",
        "AWS::IAM::ManagedPolicy",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Lambda::LayerVersion",
        "AWS::Scheduler::Schedule",
    }
)

# Not made on a laptop, with the reason. A type that is nowhere in this file is an error.
NOT_MADE: Mapping[str, str] = {
    "AWS::ApiGatewayV2::Stage": "the gateway has one stage",
    "AWS::CodeBuild::Project": "there is no Docker to build with, and no image is needed",
    "AWS::CloudWatch::Alarm": "nobody is on call",
    "AWS::CloudWatch::Dashboard": "there are no metrics to show",
    "AWS::EC2::InternetGateway": "jobs are child processes",
    "AWS::EC2::LaunchTemplate": "jobs are child processes",
    "AWS::EC2::Route": "jobs are child processes",
    "AWS::EC2::RouteTable": "jobs are child processes",
    "AWS::EC2::SecurityGroup": "jobs are child processes",
    "AWS::EC2::Subnet": "jobs are child processes",
    "AWS::EC2::SubnetRouteTableAssociation": "jobs are child processes",
    "AWS::EC2::VPC": "jobs are child processes",
    "AWS::EC2::VPCEndpoint": "jobs are child processes",
    "AWS::EC2::VPCGatewayAttachment": "jobs are child processes",
    "AWS::Events::ApiDestination": "nobody else is called",
    "AWS::Events::Connection": "nobody else is called",
    "AWS::IAM::InstanceProfile": "jobs are child processes",
    "AWS::Lambda::Permission": "AWS's own services may do all here",
    "AWS::Logs::LogGroup": "the functions' logs are files",
    "AWS::S3::BucketPolicy": "there is no TLS, and nobody writes access logs",
    "AWS::SNS::TopicPolicy": "there is no TLS",
    "AWS::SQS::QueuePolicy": "AWS's own services may do all here",
}


def _attributes(properties: Properties) -> dict[str, str]:
    return {
        key: json.dumps(value) if isinstance(value, Mapping) else _text(value)
        for key, value in properties.items()
        if key != "Tags"
    }


def _can_not_change(_: str, name: str, properties: Properties) -> Made | None:
    raise TemplateError(f"The laptop cloud can't change {name} while it runs: stop it and start it anew.")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
