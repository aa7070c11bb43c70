"""A stack whose repository is still empty, on the laptop cloud: what its notice says trains the drop."""

import re
import shlex

import pytest
from support.command_line import CommandLine
from support.laptop_user import User
from support.waiting import wait_for

from droptrain_local.cloud import LaptopCloud

pytestmark = pytest.mark.timeout(180)


def test_a_drop_before_the_first_image_is_rejected_and_trains_as_its_notice_says(
    cloud: LaptopCloud, user: User, droptrain: CommandLine
) -> None:
    ecr = cloud.client("ecr")
    [repository] = ecr.describe_repositories()["repositories"]
    name, latest = repository["repositoryName"], [{"imageTag": "latest"}]
    [image] = ecr.batch_get_image(repositoryName=name, imageIds=latest)["images"]
    ecr.batch_delete_image(repositoryName=name, imageIds=latest)
    user.publish("exit 0\n")
    user.drop()
    rejected = user.run_with("REJECTED")
    assert rejected["cause"]["code"] == "no_image"
    notice = user.notice()
    assert notice["Subject"] == f"REJECTED {user.project}/first (no_image)"
    assert "`droptrain image`" in notice["Message"]
    command = re.search(r"Then: (droptrain rerun \S+)", notice["Message"])
    assert command, notice["Message"]

    ecr.put_image(repositoryName=name, imageTag="latest", imageManifest=image["imageManifest"])
    said = droptrain(*shlex.split(command[1])[1:], "--watch")
    assert said.code == 0, said.err
    trained = user.run_with("SUCCEEDED")
    assert trained["inputs"] == rejected["inputs"], "the very versions that were dropped"
    user.drop("second")
    wait_for(
        "what is dropped now to train by itself",
        lambda: [run["status"] for run in user.runs() if run["dataset"] == "second"] == ["SUCCEEDED"],
    )
