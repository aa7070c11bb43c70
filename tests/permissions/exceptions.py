"""What the template grants to what no test can reach: who calls it, why, and where AWS says so.

An exception that a recorded call has come to need, or that the template no longer grants, fails a test.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from permissions.calls import Call

_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg"
_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance_IAM_role.html"
_LOGS = "https://docs.aws.amazon.com/batch/latest/userguide/using_awslogs.html"
_FUNCTIONS = (
    "DatasetUploadedRole", "BatchJobChangedRole", "ReconcileRunsRole", "RefreshPricesRole", "RunsApiRole",
    "TrialEndedRole", "RunChangedRole",
)  # fmt: skip
_EXEC = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html"
_BUILD = "https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html"
_PUSH = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html"
_HERE = "eu-west-1:123456789012"
_CLUSTER = f"arn:aws:ecs:{_HERE}:cluster/AWSBatch-CLUSTER"
_INSTANCE = f"arn:aws:ecs:{_HERE}:container-instance/AWSBatch-CLUSTER/INSTANCE"
_QUEUE = f"arn:aws:sqs:{_HERE}:droptrain"
_JOB_LOGS = f"arn:aws:logs:{_HERE}:log-group:/aws/batch/job"


@dataclass(frozen=True)
class Uncalled:
    """Calls that `who` makes as principals; `source` is AWS's page that says so.

    In `resource` and `keys`, of the form of a Call's, {name} is the principal's without "Role".
    """

    principals: tuple[str, ...]
    actions: tuple[str, ...]
    resource: str
    who: str
    why: str
    source: str
    keys: str = ""

    def calls(self) -> Iterator[Call]:
        """Each call by itself."""
        for principal in self.principals:
            resource = self.resource.format(name=principal.removesuffix("Role"))
            for action in self.actions:
                yield Call(principal, action, action, resource, self.keys)


UNCALLED = (
    Uncalled(
        ("TrainingRole",),
        (
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
        ),
        "*",
        "ECS Exec",
        "opens a shell in the container, where `AllowShell` is on",
        _EXEC,
    ),
    Uncalled(
        ("ShellPolicy",),
        ("batch:DescribeJobs",),
        "*",
        "`droptrain shell`",
        "finds the task of a run",
        "https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html",
    ),
    Uncalled(
        ("ShellPolicy",),
        ("ecs:ExecuteCommand",),
        _CLUSTER,
        "`droptrain shell`",
        "opens a shell in a cluster of AWS Batch",
        _EXEC,
    ),
    Uncalled(
        ("ShellPolicy",),
        ("ecs:DescribeTasks", "ecs:ExecuteCommand"),
        f"arn:aws:ecs:{_HERE}:task/AWSBatch-CLUSTER/TASK",
        "`droptrain shell`",
        "opens a shell in a task of the stack",
        _EXEC,
        f"aws:ResourceTag/droptrain:stack=arn:aws:cloudformation:{_HERE}:stack/droptrain/laptop",
    ),
    Uncalled(
        _FUNCTIONS,
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        f"arn:aws:logs:{_HERE}:log-group:droptrain-{{name}}LogGroup:log-stream:STREAM",
        "Lambda",
        "writes the function's log; a laptop has files",
        f"{_LAMBDA}/monitoring-cloudwatchlogs.html",
    ),
    Uncalled(
        _FUNCTIONS,
        ("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
        "*",
        "Lambda",
        "sends traces, where `Tracing` is on",
        f"{_LAMBDA}/services-xray.html",
    ),
    Uncalled(
        ("CanaryScheduleRole",),
        ("s3:PutObject",),
        "arn:aws:s3:::droptrain-databucket/projects/droptrain-canary/data/daily/_SUCCESS",
        "EventBridge Scheduler",
        "drops the canary's dataset once a day",
        "https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html",
    ),
    Uncalled(
        ("DatasetUploadedRole",),
        ("sqs:GetQueueAttributes",),
        f"{_QUEUE}-UploadsQueue",
        "Lambda",
        "reads a queue's attributes before it polls",
        f"{_LAMBDA}/services-sqs-configure.html",
    ),
    Uncalled(
        ("BatchJobChangedRole",),
        ("sqs:GetQueueAttributes",),
        f"{_QUEUE}-ChangesQueue",
        "Lambda",
        "reads a queue's attributes before it polls",
        f"{_LAMBDA}/services-sqs-configure.html",
    ),
    *(
        Uncalled(
            ("BatchJobChangedRole",),
            ("batch:SubmitJob", "batch:TagResource"),
            f"arn:aws:batch:{_HERE}:job-queue/droptrain-{queue}",
            "droptrain",
            "tries a job on Spot once more whose container couldn't be started",
            "https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html",
        )
        for queue in ("SpotJobQueue", "CpuSpotJobQueue")
    ),
    Uncalled(
        ("BatchJobChangedRole", "RunsApiRole"),
        ("batch:ListJobs",),
        "*",
        "droptrain",
        "finds the closest share for a job, if a queue accepts no further share",
        "https://docs.aws.amazon.com/batch/latest/APIReference/API_CreateJobQueue.html",
    ),
    *(
        Uncalled(
            ("ReconcileRunsRole",),
            ("batch:GetJobQueueSnapshot",),
            f"arn:aws:batch:{_HERE}:job-queue/droptrain-{queue}",
            "droptrain",
            "finds the run that a queue places next, if nothing has started in it for 30 minutes",
            "https://docs.aws.amazon.com/batch/latest/APIReference/API_GetJobQueueSnapshot.html",
        )
        for queue in ("OnDemandJobQueue", "SpotJobQueue", "CpuOnDemandJobQueue", "CpuSpotJobQueue")
    ),
    Uncalled(
        ("ReconcileRunsRole",),
        ("ec2:DescribeInstances",),
        "*",
        "droptrain",
        "finds the instances of a queue, if runs have waited in it for 30 minutes without a reason",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html",
    ),
    *(
        Uncalled(
            ("ReconcileRunsRole", "RunChangedRole"),
            (action,),
            resource,
            "droptrain",
            "continues the copy of a model's file above 256 MiB",
            "https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html",
        )
        for action, resource in (
            ("s3:ListBucketMultipartUploads", "arn:aws:s3:::droptrain-databucket"),
            (
                "s3:ListMultipartUploadParts",
                "arn:aws:s3:::droptrain-databucket/models/PROJECT/current/RUN/FILE",
            ),
        )
    ),
    Uncalled(
        ("TrialEndedRole", "RunChangedRole"),
        ("dynamodb:ListStreams",),
        "*",
        "Lambda",
        "finds the stream that it reads",
        f"{_LAMBDA}/services-ddb.html",
    ),
    Uncalled(
        ("TrialEndedRole", "RunChangedRole", "RefreshPricesRole"),
        ("sqs:SendMessage",),
        f"{_QUEUE}-{{name}}DeadLetterQueue",
        "Lambda",
        "sends events that failed for good to the dead-letter queue",
        f"{_LAMBDA}/invocation-async-retain-records.html",
    ),
    Uncalled(
        ("ReconcileRunsRole",),
        ("sqs:SendMessage",),
        f"{_QUEUE}-ReconcileDeadLetterQueue",
        "Lambda",
        "sends events that failed for good to the dead-letter queue",
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
        ),
        _CLUSTER,
        "the ECS agent of an instance",
        "joins the cluster that AWS Batch made, and reports its jobs",
        _ECS,
    ),
    Uncalled(
        ("InstanceRole",),
        ("ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState"),
        _INSTANCE,
        "the ECS agent of an instance",
        "takes jobs, and drains when Spot reclaims the instance",
        _ECS,
        f"ecs:cluster={_CLUSTER}",
    ),
    Uncalled(
        ("InstanceRole",),
        ("ecs:TagResource",),
        _INSTANCE,
        "the ECS agent of an instance",
        "tags itself when it joins",
        _ECS,
        "ecs:CreateAction=RegisterContainerInstance",
    ),
    Uncalled(
        ("InstanceRole",),
        ("ecs:DiscoverPollEndpoint", "ec2:DescribeTags", "ecr:GetAuthorizationToken"),
        "*",
        "the ECS agent of an instance",
        "finds its endpoint, its tags and the registry",
        _ECS,
    ),
    Uncalled(
        ("InstanceRole",),
        ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
        f"arn:aws:ecr:{_HERE}:repository/droptrain-imagerepository",
        "the ECS agent of an instance",
        "pulls the image",
        _ECS,
    ),
    Uncalled(
        ("InstanceRole",),
        ("logs:CreateLogGroup",),
        _JOB_LOGS,
        "Docker's log driver on an instance",
        "creates the log group of AWS Batch for the first job of an account",
        _LOGS,
    ),
    Uncalled(
        ("InstanceRole",),
        ("logs:CreateLogGroup",),
        f"{_JOB_LOGS}:log-stream:",
        "Docker's log driver on an instance",
        "creates the same group, by the other form of its ARN: see aws-assumptions.md",
        _LOGS,
    ),
    Uncalled(
        ("InstanceRole",),
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        f"{_JOB_LOGS}:log-stream:STREAM",
        "Docker's log driver on an instance",
        "writes the job's log",
        _LOGS,
    ),
    Uncalled(
        ("BatchJobChangedRole", "ReconcileRunsRole", "RunChangedRole"),
        ("events:PutEvents",),
        f"arn:aws:events:{_HERE}:event-bus/default",
        "droptrain",
        "writes to Slack, where `WebhookFormat` is slack",
        "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html",
        "events:detail-type=Slack Message; events:source=droptrain",
    ),
    Uncalled(
        ("WebhookRole",),
        ("events:InvokeApiDestination",),
        f"arn:aws:events:{_HERE}:api-destination/droptrain-WebhookDestination",
        "EventBridge",
        "calls the webhook",
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html",
    ),
    Uncalled(
        ("ReconcileRunsScheduleRole",),
        ("lambda:InvokeFunction",),
        f"arn:aws:lambda:{_HERE}:function:droptrain-ReconcileRunsFunction",
        "EventBridge Scheduler",
        "calls a function at its time",
        "https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html",
    ),
    Uncalled(
        ("RefreshPricesScheduleRole",),
        ("lambda:InvokeFunction",),
        f"arn:aws:lambda:{_HERE}:function:droptrain-RefreshPricesFunction",
        "EventBridge Scheduler",
        "calls a function at its time",
        "https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html",
    ),
    Uncalled(
        ("ReconcileRunsScheduleRole",),
        ("sqs:SendMessage",),
        f"{_QUEUE}-ReconcileDeadLetterQueue",
        "EventBridge Scheduler",
        "sends calls that failed to the dead-letter queue",
        "https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html",
    ),
    Uncalled(
        ("RefreshPricesScheduleRole",),
        ("sqs:SendMessage",),
        f"{_QUEUE}-RefreshPricesDeadLetterQueue",
        "EventBridge Scheduler",
        "sends calls that failed to the dead-letter queue",
        "https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html",
    ),
    Uncalled(
        ("SchedulesRole",),
        ("sqs:SendMessage",),
        f"{_QUEUE}-UploadsDeadLetterQueue",
        "EventBridge Scheduler",
        "keeps a message that could not be sent",
        "https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html",
    ),
    Uncalled(
        ("ImageBuildRole",),
        ("s3:GetObject", "s3:GetObjectVersion"),
        "arn:aws:s3:::droptrain-databucket/builds/image.zip",
        "CodeBuild",
        "fetches the source of the image",
        _BUILD,
    ),
    Uncalled(
        ("ImageBuildRole",),
        ("s3:GetBucketAcl", "s3:GetBucketLocation"),
        "arn:aws:s3:::droptrain-databucket",
        "CodeBuild",
        "reads the owner and the region of the bucket",
        _BUILD,
    ),
    Uncalled(
        ("ImageBuildRole",),
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        f"arn:aws:logs:{_HERE}:log-group:droptrain-ImageBuildLogGroup:log-stream:STREAM",
        "CodeBuild",
        "writes the build's log",
        _BUILD,
    ),
    Uncalled(
        ("ImageBuildRole",),
        ("ecr:GetAuthorizationToken",),
        "*",
        "`docker login` of a build",
        "logs in to the registry",
        _PUSH,
    ),
    Uncalled(
        ("ImageBuildRole",),
        (
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:CompleteLayerUpload",
            "ecr:InitiateLayerUpload",
            "ecr:PutImage",
            "ecr:UploadLayerPart",
        ),
        f"arn:aws:ecr:{_HERE}:repository/droptrain-imagerepository",
        "`docker push` of a build",
        "publishes the image",
        _PUSH,
    ),
)
