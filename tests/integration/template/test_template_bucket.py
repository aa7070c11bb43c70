"""The bucket keeps what people give it: versions, encryption, TLS, no public access, no old rubbish."""

from typing import Any

import pytest
from support.template import properties, template

BUCKETS = ["DataBucket", "AccessLogsBucket"]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_refuses_calls_without_tls(bucket: str) -> None:
    policy = properties(f"{bucket}Policy")
    assert policy["Bucket"] == {"Ref": bucket}
    denials = [it for it in policy["PolicyDocument"]["Statement"] if it["Effect"] == "Deny"]
    assert denials == [
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_never_public_and_has_one_owner(bucket: str) -> None:
    assert all(properties(bucket)["PublicAccessBlockConfiguration"].values())
    assert len(properties(bucket)["PublicAccessBlockConfiguration"]) == 4
    assert properties(bucket)["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


@pytest.mark.parametrize("kept", [*BUCKETS, "RunsTable"])
def test_data_outlives_the_stack(kept: str) -> None:
    resource = template()["Resources"][kept]
    assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resource["UpdateReplacePolicy"] == "Retain"


def test_the_data_bucket_is_versioned_and_tells_eventbridge() -> None:
    bucket = properties("DataBucket")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_what_runs_write_launches_nothing() -> None:
    detail = properties("UploadsRule")["EventPattern"]["detail"]
    assert detail["object"]["key"] == [{"prefix": "projects/"}]
    assert detail["bucket"]["name"] == [{"Ref": "DataBucket"}]


def test_old_versions_unfinished_uploads_and_logs_go_away() -> None:
    rules: dict[str, Any] = {
        rule["Id"]: rule for rule in properties("DataBucket")["LifecycleConfiguration"]["Rules"]
    }
    assert rules["unfinished-uploads"]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 7
    inputs, outputs = rules["replaced-inputs"], rules["replaced-outputs"]
    assert inputs["NoncurrentVersionExpiration"]["NoncurrentDays"] == {"Ref": "OldVersionDays"}
    assert (inputs["Prefix"], outputs["Prefix"]) == ("projects/", "runs/")
    assert rules["replaced-models"]["Prefix"] == "models/"
    assert "ExpirationInDays" not in rules["replaced-models"], "programs load these models"
    expiring = {name: rule for name, rule in rules.items() if "ExpirationInDays" in rule}
    assert expiring.pop("sources-of-images")["Prefix"] == "builds/"
    assert expiring.pop("prepared-data")["Prefix"] == "prepared/"
    assert expiring.pop("trials-of-sweeps")["Prefix"] == "sweeps/"
    assert set(expiring) == {"old-runs", "canary-runs"}, "nothing else that is current is ever deleted"
    assert rules["canary-runs"]["Prefix"] == "runs/droptrain-canary/"
    assert expiring["old-runs"]["Prefix"] == "runs/"
    assert expiring["old-runs"]["Status"] == {"Fn::If": ["RunsExpire", "Enabled", "Disabled"]}
    assert template()["Parameters"]["RunDays"]["Default"] == 0, "nor that, unless the owner says so"
    (logs,) = properties("AccessLogsBucket")["LifecycleConfiguration"]["Rules"]
    assert logs["ExpirationInDays"] == {"Ref": "LogRetentionDays"}


def test_the_table_can_be_restored_and_forgets_requests() -> None:
    table = properties("RunsTable")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_images_are_scanned_and_old_ones_go_away() -> None:
    repository = properties("ImageRepository")
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert "LifecyclePolicyText" in repository["LifecyclePolicy"]
