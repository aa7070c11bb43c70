"""A later version of the template updates what an earlier one made, and makes nothing anew that counts."""

from typing import Any

import pytest
from audit.variants import VARIANTS
from integration.template.updates_page import HOLDS, create_only
from support.rendered import STACK, rendered

# By logical id, what of it can't change without replacing it. A resource under another name would be deleted,
# one with another value replaced: write down how people get over that before you change a line.
KEPT: dict[str, dict[str, Any]] = {
    "AccessLogsBucket": {},
    "AlarmsTopic": {},
    "ChangesQueue": {},
    "DataBucket": {},
    "ImageRepository": {"EncryptionConfiguration": {"EncryptionType": "AES256"}},
    "NoticesTopic": {},
    "OnDemandComputeEnvironment": {"Type": "MANAGED"},
    "OnDemandJobQueue": {},
    "OperatorPolicy": {
        "Description": "droptrain: publish projects, drop datasets, launch and cancel runs, read and delete"
    },
    "ReaderPolicy": {"Description": "droptrain: read runs, logs, metrics and artifacts through the API"},
    "RunsApiAccessLogGroup": {"LogGroupName": f"/aws/vendedlogs/{STACK}/runs-api"},
    "RunsTable": {},
    "SpotComputeEnvironment": {"Type": "MANAGED"},
    "SpotJobQueue": {},
    "TrainingSecurityGroup": {
        "GroupDescription": "Training instances call out, nobody calls in",
        "VpcId": {"Ref": "Vpc"},
    },
    "UploadsQueue": {},
    "Vpc": {"CidrBlock": "10.42.0.0/16"},
}


@pytest.mark.parametrize("logical_id", KEPT)
def test_what_a_version_made_the_next_one_keeps(logical_id: str) -> None:
    resource = rendered(**VARIANTS["everything"][1])["Resources"][logical_id]
    assert resource["Type"] in HOLDS
    fixed = {path[0] for path in create_only(resource["Type"]) if len(path) == 1}
    given = resource.get("Properties", {})
    assert {name: value for name, value in given.items() if name in fixed} == KEPT[logical_id]


def test_the_table_keeps_its_key() -> None:
    table = rendered()["Resources"]["RunsTable"]["Properties"]
    assert table["KeySchema"] == [{"AttributeName": "pk", "KeyType": "HASH"}]
