"""How each resource type of the template is made on a laptop, by ordinary AWS calls; or why it isn't."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from droptrain_local.batch import BatchEngine
from droptrain_local.clients import ACCOUNT, REGION, Clients
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
            "AWS::DynamoDB::Table": self._table,
            "AWS::Events::Rule": self._rule,
            "AWS::IAM::Role": self._role,
            "AWS::S3::Bucket": self._bucket,
            "AWS::SNS::Subscription": self._subscription,
            "AWS::SNS::Topic": self._topic,
            "AWS::SQS::Queue": self._queue,
        }

    def _bucket(self, name: str, properties: Properties) -> Made:
        s3, bucket = self.clients.client("s3"), name.lower()
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

    def _queue(self, name: str, properties: Properties) -> Made:
        attributes = {
            key: json.dumps(value) if isinstance(value, Mapping) else _text(value)
            for key, value in properties.items()
            if key != "Tags"
        }
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

    def _role(self, name: str, properties: Properties) -> Made:
        iam, trust = self.clients.client("iam"), json.dumps(properties["AssumeRolePolicyDocument"])
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]
        for policy in properties.get("Policies", []):
            # moto wants a version, which SAM's own policies lack.
            document = json.dumps({"Version": "2012-10-17", **policy["PolicyDocument"]})
            iam.put_role_policy(RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=document)
        for arn in properties.get("ManagedPolicyArns", []):
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        return Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})

    def _compute_environment(self, name: str, properties: Properties) -> Made:
        parameters = to_parameters(
            "batch",
            "CreateComputeEnvironment",
            {**properties, "ComputeEnvironmentName": name},
            # How CloudFormation updates one; there is nothing to update here.
            without=frozenset({"ReplaceComputeEnvironment", "UpdatePolicy", "UpdateToLatestImageVersion"}),
        )
        arn = self.engine.create_compute_environment(**parameters)
        return Made(arn, {"ComputeEnvironmentArn": arn})

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
    "AWS::ECR::Repository": "no image is pulled",
    "AWS::Events::ApiDestination": "nobody else is called",
    "AWS::Events::Connection": "nobody else is called",
    "AWS::IAM::InstanceProfile": "jobs are child processes",
    "AWS::Lambda::Permission": "AWS's own services may do all here",
    "AWS::Logs::LogGroup": "the functions' logs are files",
    "AWS::S3::BucketPolicy": "there is no TLS, and nobody writes access logs",
    "AWS::SNS::TopicPolicy": "there is no TLS",
    "AWS::SQS::QueuePolicy": "AWS's own services may do all here",
}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
