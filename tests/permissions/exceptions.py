"""What the template grants and no recorded call needs: who calls it, why, and where AWS says so.

An exception that a recorded call has come to need, or that the template no longer grants, fails a test.
"""

from dataclasses import dataclass

_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg"
_FUNCTIONS = (
    "DatasetUploadedRole", "BatchJobChangedRole", "ReconcileRunsRole", "RefreshPricesRole", "RunsApiRole",
    "RunChangedRole",
)  # fmt: skip


@dataclass(frozen=True)
class Uncalled:
    """Actions of principals that `who` calls; `source` is AWS's page that says so."""

    principals: tuple[str, ...]
    actions: tuple[str, ...]
    who: str
    why: str
    source: str
    resources: str = ""

    def covers(self, principal: str, action: str, resource: str) -> bool:
        """Whether a grant is one of these; `resources` is a part of the ARN, where not all are."""
        return principal in self.principals and action in self.actions and self.resources in resource


UNCALLED = (
    Uncalled(
        _FUNCTIONS,
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        "Lambda",
        "writes what a function prints; a laptop has files",
        f"{_LAMBDA}/monitoring-cloudwatchlogs.html",
    ),
    Uncalled(
        ("DatasetUploadedRole", "BatchJobChangedRole"),
        ("sqs:GetQueueAttributes",),
        "Lambda",
        "looks at a queue before it polls it",
        f"{_LAMBDA}/services-sqs-configure.html",
    ),
    Uncalled(
        ("RunChangedRole",),
        ("dynamodb:ListStreams",),
        "Lambda",
        "is asked for when a stream is given to a function; it may take no resource, see aws-assumptions.md",
        f"{_LAMBDA}/services-ddb.html",
    ),
    Uncalled(
        ("RunChangedRole", "ReconcileRunsRole", "RefreshPricesRole"),
        ("sqs:SendMessage",),
        "Lambda",
        "sends what failed for good to its dead-letter queue",
        f"{_LAMBDA}/invocation-async-retain-records.html",
    ),
    Uncalled(
        ("InstanceRole",),
        (
            "ecs:RegisterContainerInstance",
            "ecs:DeregisterContainerInstance",
            "ecs:SubmitAttachmentStateChanges",
            "ecs:SubmitContainerStateChange",
            "ecs:SubmitTaskStateChange",
            "ecs:Poll",
            "ecs:StartTelemetrySession",
            "ecs:UpdateContainerInstancesState",
            "ecs:DiscoverPollEndpoint",
            "ecs:TagResource",
            "ec2:DescribeTags",
            "ecr:GetAuthorizationToken",
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
        ),
        "the ECS agent of an instance",
        "joins the cluster that Batch made, takes jobs, pulls the image",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance_IAM_role.html",
    ),
    Uncalled(
        ("InstanceRole",),
        ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
        "Docker's log driver on an instance",
        "writes what a job prints",
        "https://docs.aws.amazon.com/batch/latest/userguide/using_awslogs.html",
    ),
    Uncalled(
        ("WebhookRole",),
        ("events:InvokeApiDestination",),
        "EventBridge",
        "calls the webhook",
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html",
    ),
    Uncalled(
        ("ReconcileRunsFunctionEveryFiveMinutesRole", "RefreshPricesFunctionEverySixHoursRole"),
        ("lambda:InvokeFunction", "sqs:SendMessage"),
        "EventBridge Scheduler",
        "calls a function at its time, and keeps a call that couldn't be made; SAM writes these roles",
        "https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html",
    ),
)
