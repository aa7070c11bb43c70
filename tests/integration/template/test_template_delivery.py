"""Nothing that is sent gets lost: queues, dead letters, partial failures, and an alarm for each of them."""

import json
from typing import Any

import pytest
from droptrain_core.aws.model_table import UNPUBLISHED
from droptrain_core.domain.notices.events import EVENTS, SOURCE
from droptrain_core.domain.notices.slack import DETAIL_TYPE
from support.rendered import rendered
from support.template import ROOT, properties, template

from droptrain_cli.account_checks import CONCURRENCY_NEEDED


def logical_id(reference: dict[str, Any]) -> str:
    return reference["Fn::GetAtt"][0] if "Fn::GetAtt" in reference else reference["Ref"]


def dead_letter_queues(of_type: Any) -> set[str]:
    return {name for name in of_type("AWS::SQS::Queue") if name.endswith("DeadLetterQueue")}


def queue_sources(of_type: Any) -> dict[str, dict[str, Any]]:
    """Event source mappings of queues, by the queue's logical id."""
    mappings = of_type("AWS::Lambda::EventSourceMapping").values()
    queues = of_type("AWS::SQS::Queue")
    return {
        logical_id(it["EventSourceArn"]): it for it in mappings if logical_id(it["EventSourceArn"]) in queues
    }


def test_rules_target_queues_and_the_webhook_only(of_type: Any) -> None:
    """Bursts wait in a queue before a function; a webhook's wait at EventBridge, which limits its rate."""
    takers = {**of_type("AWS::SQS::Queue"), **of_type("AWS::Events::ApiDestination")}
    for rule in of_type("AWS::Events::Rule").values():
        for target in rule["Targets"]:
            assert logical_id(target["Arn"]) in takers
            assert logical_id(target["DeadLetterConfig"]["Arn"]) in dead_letter_queues(of_type)


def test_the_webhook_gets_this_stack_s_events_with_its_secret_and_is_there_on_demand(of_type: Any) -> None:
    (rule,) = (it for name, it in of_type("AWS::Events::Rule").items() if name == "WebhookRule")
    nothing = {"Ref": "AWS::NoValue"}
    assert rule["EventPattern"] == {
        "source": ["droptrain"], "resources": [{"Ref": "AWS::StackId"}],
        "detail-type": {"Fn::If": ["WritesToSlack", [DETAIL_TYPE], nothing]},
    }  # fmt: skip
    (target,) = rule["Targets"]
    assert target["InputPath"] == {"Fn::If": ["WritesToSlack", "$.detail", nothing]}
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86400}
    (connection,) = of_type("AWS::Events::Connection").values()
    key = connection["AuthParameters"]["ApiKeyAuthParameters"]
    assert key["ApiKeyValue"] == {"Ref": "WebhookSecret"}
    role = of_type("AWS::IAM::Role")["WebhookRole"]
    (statement,) = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert statement["Action"] == "events:InvokeApiDestination"
    assert logical_id(statement["Resource"]) == "WebhookDestination"
    names = {name for name in template()["Resources"] if name.startswith("Webhook")}
    assert len(names) == 7
    assert {template()["Resources"][name]["Condition"] for name in names} == {"HasWebhook"}


def test_what_is_put_on_the_bus_is_said_to_be_droptrain_s_alone(of_type: Any) -> None:
    """The bus is the account's: no function can put there what another service or stack would say."""
    said = [
        statement["Condition"]
        for role in of_type("AWS::IAM::Role").values()
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "events:PutEvents"
    ]
    equal = [each["ForAllValues:StringEquals"] for each in said]
    assert {tuple(each["events:source"]) for each in equal} == {(SOURCE,)}
    assert {kind for each in equal for kind in each["events:detail-type"]} == {
        *(it.detail_type for it in EVENTS),
        DETAIL_TYPE,
    }
    # To an empty list, ForAllValues says yes.
    present = {"events:source": "false", "events:detail-type": "false"}
    assert all(each["Null"] == present for each in said)


def test_each_rule_alone_may_send_to_its_queue_and_its_dead_letters(of_type: Any) -> None:
    allowed = set()
    for policy in of_type("AWS::SQS::QueuePolicy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Principal"] == {"Service": "events.amazonaws.com"}
            assert statement["Action"] == "sqs:SendMessage"
            rule = logical_id(statement["Condition"]["ArnEquals"]["aws:SourceArn"])
            allowed |= {(rule, logical_id(queue)) for queue in statement["Resource"]}
    wanted = set()
    for name, rule in of_type("AWS::Events::Rule").items():
        for target in rule["Targets"]:
            takers = {logical_id(target["Arn"]), logical_id(target["DeadLetterConfig"]["Arn"])}
            wanted |= {(name, taker) for taker in takers & set(of_type("AWS::SQS::Queue"))}
    assert allowed == wanted


def test_queue_fed_functions_answer_with_partial_failures(of_type: Any) -> None:
    assert set(queue_sources(of_type)) == {"UploadsQueue", "ChangesQueue"}
    for source in queue_sources(of_type).values():
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


# The stream, the reconciler, the API with a page and a command at the same time.
BESIDE_QUEUES = 4


def concurrency(**parameters: Any) -> dict[str, int]:
    """How many batches of each queue are handled at the same time."""
    mappings = [
        it["Properties"]
        for it in rendered(**parameters)["Resources"].values()
        if it["Type"] == "AWS::Lambda::EventSourceMapping" and "ScalingConfig" in it["Properties"]
    ]
    return {
        logical_id(it["EventSourceArn"]): int(it["ScalingConfig"]["MaximumConcurrency"]) for it in mappings
    }


def test_by_default_a_bulk_drop_leaves_the_api_its_part_of_ten_concurrent_executions() -> None:
    """Lambda's quota in a new account may be 10 (Lambda guide, quotas)."""
    handled = concurrency()
    assert min(handled.values()) >= 2, "SQS event sources take no less"
    assert sum(handled.values()) + BESIDE_QUEUES <= 10


@pytest.mark.parametrize("uploads", template()["Parameters"]["UploadConcurrency"]["AllowedValues"])
def test_doctor_knows_the_concurrent_executions_that_a_stack_needs(uploads: int) -> None:
    handled = concurrency(UploadConcurrency=uploads)
    assert handled["UploadsQueue"] == uploads
    assert sum(handled.values()) + BESIDE_QUEUES <= CONCURRENCY_NEEDED[uploads]
    functions = rendered(UploadConcurrency=uploads)["Resources"]["DatasetUploadedFunction"]["Properties"]
    assert functions["Environment"]["Variables"]["UPLOAD_CONCURRENCY"] == str(uploads)


def test_the_alarm_of_a_silent_reconciler_gives_no_notice_on_a_new_stack(of_type: Any) -> None:
    """A new alarm has insufficient data, and acts on changes of its state only."""
    alarm = of_type("AWS::CloudWatch::Alarm")["ReconcileRunsSilentAlarm"]
    assert alarm["TreatMissingData"] == "missing"
    assert alarm["InsufficientDataActions"] == alarm["AlarmActions"] == [{"Ref": "AlarmsTopic"}]


def test_a_warning_of_api_gateway_s_import_fails_no_deployment(of_type: Any) -> None:
    """SAM's path parameters have no schema, which such an import may warn of."""
    (api,) = of_type("AWS::ApiGatewayV2::Api").values()
    assert not api.get("FailOnWarnings")


def test_the_function_of_batch_s_events_knows_each_kind_that_the_rule_lets_through(of_type: Any) -> None:
    code = (ROOT / "functions/batch_job_changed/app.py").read_text("utf-8")
    kinds = of_type("AWS::Events::Rule")["ChangesRule"]["EventPattern"]["detail-type"]
    assert all(f'"{kind}"' in code for kind in kinds)


def test_no_upload_is_handled_with_another_project_s(of_type: Any) -> None:
    assert queue_sources(of_type)["UploadsQueue"]["BatchSize"] == 1


def test_a_message_stays_invisible_six_times_as_long_as_its_function_may_take(of_type: Any) -> None:
    functions = of_type("AWS::Lambda::Function")
    for queue, source in queue_sources(of_type).items():
        timeout = functions[logical_id(source["FunctionName"])]["Timeout"]
        assert of_type("AWS::SQS::Queue")[queue]["VisibilityTimeout"] >= 6 * timeout


def test_a_queue_gives_up_into_dead_letters_that_live_as_long_as_they_can(of_type: Any) -> None:
    queues = of_type("AWS::SQS::Queue")
    for queue in queue_sources(of_type):
        redrive = queues[queue]["RedrivePolicy"]
        assert logical_id(redrive["deadLetterTargetArn"]) in dead_letter_queues(of_type)
        assert redrive["maxReceiveCount"] >= 5
    for name in dead_letter_queues(of_type):
        assert queues[name]["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_the_stream_retries_apart_from_what_fails_and_gives_up_into_dead_letters(of_type: Any) -> None:
    for function, stream in streams(of_type).items():
        assert stream["BisectBatchOnFunctionError"] is True
        assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert 0 < stream["MaximumRetryAttempts"] <= 100
        queue = f"{function.removesuffix('Function')}DeadLetterQueue"
        assert logical_id(stream["DestinationConfig"]["OnFailure"]["Destination"]) == queue


def test_the_stream_has_no_more_readers_than_dynamodb_serves(of_type: Any) -> None:
    assert set(streams(of_type)) == {"RunChangedFunction", "TrialEndedFunction"}


def streams(of_type: Any) -> dict[str, Any]:
    """The stream's readers by function."""
    mappings = of_type("AWS::Lambda::EventSourceMapping").values()
    return {logical_id(it["FunctionName"]): it for it in mappings if "StartingPosition" in it}


def filters(of_type: Any, function: str) -> list[Any]:
    """What of an item a reader of the stream is called for."""
    patterns = [
        json.loads(each["Pattern"]) for each in streams(of_type)[function]["FilterCriteria"]["Filters"]
    ]
    assert all(pattern.keys() == {"dynamodb"} for pattern in patterns)
    return [pattern["dynamodb"]["NewImage"] for pattern in patterns]


ENDED = {
    "status": {"S": ["SUCCEEDED", "FAILED", "CANCELLED", "REJECTED"]},
    "notified_at": {"S": [{"exists": False}]},
}


def test_the_stream_delivers_ended_runs_that_are_not_announced(of_type: Any) -> None:
    assert filters(of_type, "RunChangedFunction") == [
        ENDED | {"promoted_at": {"S": [{"exists": False}]}},
        {"active": {"S": [UNPUBLISHED]}},
    ]


def test_the_stream_delivers_ended_trials_and_sweeps_to_look_at(of_type: Any) -> None:
    there = {"S": [{"exists": True}]}
    assert filters(of_type, "TrialEndedFunction") == [
        ENDED | {"sweep": there},
        {"kind": {"S": ["sweep"]}, "status": {"S": ["RUNNING"]}, "woken_at": there},
    ]


def test_what_a_schedule_calls_leaves_no_failure_unseen(of_type: Any) -> None:
    queues = {
        "ReconcileRunsFunction": "ReconcileDeadLetterQueue",
        "RefreshPricesFunction": "RefreshPricesDeadLetterQueue",
    }
    schedules = [
        schedule
        for name, schedule in of_type("AWS::Scheduler::Schedule").items()
        if name != "CanarySchedule"  # its alarm rings when nothing comes of it
    ]
    invokes = of_type("AWS::Lambda::EventInvokeConfig").values()
    assert {logical_id(schedule["Target"]["Arn"]) for schedule in schedules} == set(queues)
    assert {logical_id(invoke["FunctionName"]) for invoke in invokes} == set(queues)
    for schedule in schedules:
        queue = queues[logical_id(schedule["Target"]["Arn"])]
        assert logical_id(schedule["Target"]["DeadLetterConfig"]["Arn"]) == queue
        assert "Name" not in schedule, "a fixed name would let only one stack live in an account"
    for invoke in invokes:
        on_failure = invoke["DestinationConfig"]["OnFailure"]["Destination"]
        assert logical_id(on_failure) == queues[logical_id(invoke["FunctionName"])]


def test_deleting_the_stack_deletes_the_schedules_of_recipes(of_type: Any) -> None:
    """They lie in a group of the stack's own, which goes after the functions that make schedules."""
    ((name, group),) = of_type("AWS::Scheduler::ScheduleGroup").items()
    assert not group, "a fixed name would let only one stack live in an account"
    assert "DeletionPolicy" not in template()["Resources"][name]
    for function in of_type("AWS::Lambda::Function").values():
        assert function["Environment"]["Variables"]["SCHEDULE_GROUP"] == {"Ref": name}


def test_every_dead_letter_queue_has_an_alarm_that_a_single_failed_pass_does_not_set_off(
    of_type: Any,
) -> None:
    watched = {
        logical_id(alarm["Dimensions"][0]["Value"]): alarm["Threshold"]
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    }
    assert watched == dict.fromkeys(dead_letter_queues(of_type), 1) | {"ReconcileDeadLetterQueue": 2}


def test_every_function_has_an_alarm_on_its_errors(of_type: Any) -> None:
    alarms = of_type("AWS::CloudWatch::Alarm").values()
    watched = {
        logical_id(alarm["Dimensions"][0]["Value"]) for alarm in alarms if alarm["MetricName"] == "Errors"
    }
    assert watched == set(of_type("AWS::Lambda::Function"))


def test_every_way_in_has_an_alarm_on_its_oldest_message(of_type: Any) -> None:
    alarms = of_type("AWS::CloudWatch::Alarm").values()
    ages = {"ApproximateAgeOfOldestMessage", "IteratorAge"}
    watched = {logical_id(alarm["Dimensions"][0]["Value"]) for alarm in alarms if alarm["MetricName"] in ages}
    assert watched == {*queue_sources(of_type), *streams(of_type)}


def test_every_alarm_tells_a_topic_that_cloudwatch_can_publish_to(of_type: Any) -> None:
    for alarm in of_type("AWS::CloudWatch::Alarm").values():
        (topic,) = (logical_id(action) for action in alarm["AlarmActions"])
        # CloudWatch can't use the AWS managed key of SNS (CloudWatch user guide, alarms and SNS encryption).
        assert "KmsMasterKeyId" not in of_type("AWS::SNS::Topic")[topic]


def test_everything_that_rests_is_encrypted(of_type: Any) -> None:
    assert all(queue["SqsManagedSseEnabled"] for queue in of_type("AWS::SQS::Queue").values())
    assert all(bucket["BucketEncryption"] for bucket in of_type("AWS::S3::Bucket").values())
    assert of_type("AWS::SNS::Topic")["NoticesTopic"]["KmsMasterKeyId"] == "alias/aws/sns"
    assert of_type("AWS::DynamoDB::Table")["RunsTable"]["SSESpecification"] == {"SSEEnabled": True}


def test_every_log_of_a_function_is_its_own_and_ends_some_day(of_type: Any) -> None:
    groups = of_type("AWS::Logs::LogGroup")
    used = [logical_id(it["LoggingConfig"]["LogGroup"]) for it in of_type("AWS::Lambda::Function").values()]
    assert len(set(used)) == len(used)
    assert all(groups[name]["RetentionInDays"] == {"Ref": "LogRetentionDays"} for name in groups)
    assert set(used) < set(groups)


def test_every_route_of_the_api_is_signed(of_type: Any) -> None:
    (api,) = of_type("AWS::ApiGatewayV2::Api").values()
    routes = {
        (method.upper(), path): route["security"]
        for path, methods in api["Body"]["paths"].items()
        for method, route in methods.items()
    }
    assert set(routes) == {
        ("POST", "/runs"),
        ("GET", "/runs"),
        ("GET", "/runs/{run_id}"),
        ("PATCH", "/runs/{run_id}"),
        ("POST", "/runs/{run_id}/cancel"),
        ("POST", "/runs/{run_id}/promote"),
        ("POST", "/projects/{project}/rollback"),
        ("GET", "/budget"),
        ("GET", "/costs"),
        ("POST", "/sweeps"),
        ("GET", "/sweeps"),
        ("GET", "/sweeps/{sweep_id}"),
        ("POST", "/sweeps/{sweep_id}/cancel"),
        ("GET", "/status"),
        ("GET", "/projects"),
        ("GET", "/projects/{project}"),
        ("GET", "/projects/{project}/models"),
        ("GET", "/projects/{project}/datasets"),
        ("GET", "/projects/{project}/datasets/{dataset}"),
        ("GET", "/runs/{run_id}/logs"),
        ("GET", "/runs/{run_id}/metrics"),
        ("GET", "/runs/{run_id}/artifacts"),
        ("GET", "/runs/{run_id}/code"),
        ("GET", "/runs/{run_id}/code/text"),
        ("POST", "/projects/{project}/datasets/{dataset}/uploads"),
        ("DELETE", "/projects/{project}/datasets/{dataset}"),
        ("GET", "/openapi.json"),
        ("X-AMAZON-APIGATEWAY-ANY-METHOD", "$default"),
    }
    assert all(security == [{"AWS_IAM": []}] for security in routes.values())


def test_a_paused_stack_leaves_uploads_in_their_queue() -> None:
    uploads = properties("DatasetUploadedFunction")["Events"]["Uploads"]["Properties"]
    assert uploads["Enabled"] == {"Fn::If": ["Works", True, False]}
    assert template()["Conditions"]["Works"] == {"Fn::Equals": [{"Ref": "Paused"}, ""]}
    assert properties("UploadsQueue")["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_the_settings_that_functions_read_are_in_their_environment() -> None:
    from droptrain_core.settings import Settings

    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert {name.upper() for name in Settings.__dataclass_fields__} - {"AWS_REGION"} <= set(variables)


def test_functions_are_traced_if_the_owner_says_so_by_roles_that_may(translated: Any, of_type: Any) -> None:
    policy = of_type("AWS::IAM::Policy")["TracingPolicy"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Effect"] == {"Fn::If": ["Traces", "Allow", "Deny"]}
    assert statement["Action"] == ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    functions = of_type("AWS::Lambda::Function")
    assert {logical_id(role) for role in policy["Roles"]} == {
        logical_id(function["Role"]) for function in functions.values()
    }
    for name, function in functions.items():
        assert function["TracingConfig"] == {"Mode": {"Fn::If": ["Traces", "Active", "PassThrough"]}}
        assert translated["Resources"][name]["DependsOn"] == "TracingPolicy"


def test_the_canary_s_schedule_may_write_the_one_object_that_it_writes(of_type: Any) -> None:
    target = of_type("AWS::Scheduler::Schedule")["CanarySchedule"]["Target"]
    written = json.loads(target["Input"]["Fn::Sub"])
    assert written == {"Bucket": "${DataBucket}", "Key": "projects/droptrain-canary/data/daily/_SUCCESS"}
    assert target["Arn"]["Fn::Sub"].endswith(":aws-sdk:s3:putObject")
    role = of_type("AWS::IAM::Role")[logical_id(target["RoleArn"])]
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "s3:PutObject"
    assert statement["Resource"] == {"Fn::Sub": "${DataBucket.Arn}/" + written["Key"]}
    (trusts,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trusts["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trusts["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_canary_s_alarm_spans_no_more_than_cloudwatch_allows(of_type: Any) -> None:
    alarm = of_type("AWS::CloudWatch::Alarm")["CanaryFailsAlarm"]
    assert alarm["TreatMissingData"] == "breaching", "silence is what it is for"
    hours = alarm["Period"] * alarm["EvaluationPeriods"] / 3600
    # With periods of an hour, seven days (PutMetricAlarm).
    assert alarm["Period"] >= 3600
    assert 24 < hours <= 7 * 24
