"""Batch as the template describes it: scales to zero, can be updated in place, retries reclaims only."""

import re
from copy import deepcopy
from email import message_from_string
from typing import Any

from droptrain_core.aws.job_queue import EVALUATE_ON_EXIT
from droptrain_core.domain.recipes.recipe import Recipe
from droptrain_core.settings import Settings
from droptrain_core.shipped_prices import shipped_prices
from moto.ec2.models.instance_types import INSTANCE_TYPES
from support.template import ROOT, properties, template

GPU = {"SpotComputeEnvironment": "SpotJobQueue", "OnDemandComputeEnvironment": "OnDemandJobQueue"}
CPU = {f"Cpu{environment}": f"Cpu{queue}" for environment, queue in GPU.items()}
ENVIRONMENTS = GPU | CPU
DEFINITIONS = ("TrainingJobDefinition", "CpuTrainingJobDefinition")

SETTINGS = dict.fromkeys(Settings.__dataclass_fields__, "") | {
    "spot_job_queue_arn": "arn:aws:batch:eu-west-1:123456789012:job-queue/spot",
    "on_demand_job_queue_arn": "arn:aws:batch:eu-west-1:123456789012:job-queue/on-demand",
    "cpu_spot_job_queue_arn": "arn:aws:batch:eu-west-1:123456789012:job-queue/cpu-spot",
    "cpu_on_demand_job_queue_arn": "arn:aws:batch:eu-west-1:123456789012:job-queue/cpu-on-demand",
}


def resources(name: str) -> dict[str, Any]:
    return properties(name)["ComputeResources"]


def test_compute_environments_scale_to_zero() -> None:
    for name in ENVIRONMENTS:
        assert resources(name)["MinvCpus"] == 0
        assert "DesiredvCpus" not in resources(name)
        limit = "MaxvCpus" if name in GPU else "CpuMaxvCpus"
        assert resources(name)["MaxvCpus"] == {"Ref": limit}


def test_containers_are_entered_only_where_the_stack_allows_it(translated: dict[str, Any]) -> None:
    assert template()["Parameters"]["AllowShell"]["Default"] == "no"
    for name in DEFINITIONS:
        container = properties(name)["ContainerProperties"]
        assert container["EnableExecuteCommand"] == {"Fn::If": ["AllowsShell", True, {"Ref": "AWS::NoValue"}]}
    [role] = properties("TrainingRole")["Policies"]
    [channels] = [each for each in role["PolicyDocument"]["Statement"] if "ssmmessages" in each["Action"][0]]
    assert channels["Effect"] == {"Fn::If": ["AllowsShell", "Allow", "Deny"]}
    assert translated["Resources"]["ShellPolicy"]["Condition"] == "AllowsShell"


def test_runs_without_gpus_have_their_own_types_machine_and_image() -> None:
    for name in CPU:
        assert resources(name)["InstanceTypes"] == {"Ref": "CpuInstanceTypes"}
        assert resources(name)["Ec2Configuration"] == [{"ImageType": "ECS_AL2023"}]
    gpu, cpu = (deepcopy(properties(name)) for name in DEFINITIONS)
    assert cpu["ContainerProperties"]["Image"]["Fn::If"][1] == {
        "Fn::Sub": "${ImageRepository.RepositoryUri}:cpu"
    }
    asked = gpu["ContainerProperties"].pop("ResourceRequirements")
    assert cpu["ContainerProperties"].pop("ResourceRequirements") == [
        each for each in asked if each["Type"] != "GPU"
    ]
    del gpu["ContainerProperties"]["Image"], cpu["ContainerProperties"]["Image"]
    assert cpu == gpu


def test_the_default_types_without_gpus_hold_the_defaults_of_a_recipe() -> None:
    names = template()["Parameters"]["CpuInstanceTypes"]["Default"].split(",")
    sizes = shipped_prices("us-east-1").sizes
    asked = Recipe().resources
    assert all(sizes[name].gpus == 0 for name in names)
    assert sum(sizes[name].holds(0, asked.vcpus, asked.memory_gib * 1024) for name in names) > 1
    assert max(sizes[name].vcpus for name in names) <= template()["Parameters"]["CpuMaxvCpus"]["Default"]


def test_spot_looks_for_price_and_capacity_in_several_types_and_zones() -> None:
    for name in ("SpotComputeEnvironment", "CpuSpotComputeEnvironment"):
        spot = resources(name)
        assert (spot["Type"], spot["AllocationStrategy"]) == ("SPOT", "SPOT_PRICE_CAPACITY_OPTIMIZED")
        assert len(template()["Parameters"][spot["InstanceTypes"]["Ref"]]["Default"].split(",")) > 1
        assert len(spot["Subnets"]["Fn::If"][1]) > 1


def test_on_demand_takes_the_best_fit() -> None:
    for name in ("OnDemandComputeEnvironment", "CpuOnDemandComputeEnvironment"):
        on_demand = resources(name)
        assert (on_demand["Type"], on_demand["AllocationStrategy"]) == ("EC2", "BEST_FIT_PROGRESSIVE")


def test_compute_environments_can_be_updated_in_place() -> None:
    for name in ENVIRONMENTS:
        environment = properties(name)
        assert environment["ReplaceComputeEnvironment"] is False
        assert environment["UpdatePolicy"]["TerminateJobsOnUpdate"] is False
        assert "ServiceRole" not in environment
        assert resources(name)["UpdateToLatestImageVersion"] is True


def test_an_instance_is_kept_only_where_the_owner_says_so() -> None:
    kept = {"MinScaleDownDelayMinutes": {"Ref": "KeepInstanceMinutes"}}
    for name in ENVIRONMENTS:
        assert resources(name)["ScalingPolicy"] == {
            "Fn::If": ["KeepsInstances", kept, {"Ref": "AWS::NoValue"}]
        }
    assert template()["Parameters"]["KeepInstanceMinutes"]["Default"] == 0
    # AWS Batch API reference, ComputeScalingPolicy: from 20 to 10,080 minutes.
    assert min(template()["Parameters"]["KeepInstanceMinutes"]["AllowedValues"][1:]) >= 20


def test_the_reconciler_finds_the_instances_of_each_queue_by_their_tags() -> None:
    tags = [resources(name)["Tags"] for name in ENVIRONMENTS]
    assert [each["droptrain:stack"] for each in tags] == [{"Ref": "AWS::StackId"}] * 4
    kinds = Settings(**SETTINGS).queue_kinds
    assert [each["droptrain:queue"] for each in tags] == [
        kinds[queue] for queue in ("spot", "on-demand", "cpu-spot", "cpu-on-demand")
    ]


def test_nothing_of_batch_has_a_fixed_name_or_tags_that_cannot_change() -> None:
    for resource in template()["Resources"].values():
        if resource["Type"].startswith("AWS::Batch::"):
            assert not {key for key in resource["Properties"] if key.endswith("Name") or key == "Tags"}


def test_each_queue_has_its_own_environment() -> None:
    for environment, queue in ENVIRONMENTS.items():
        order = properties(queue)["ComputeEnvironmentOrder"]
        assert order == [{"Order": 1, "ComputeEnvironment": {"Ref": environment}}]


def test_queues_are_shared_by_projects_with_equal_weights() -> None:
    for queue in ENVIRONMENTS.values():
        assert properties(queue)["SchedulingPolicyArn"] == {"Fn::GetAtt": ["SharesPolicy", "Arn"]}
    shares = properties("SharesPolicy")["FairsharePolicy"]
    assert "ShareDistribution" not in shares
    # AWS Batch API reference, FairsharePolicy: at most a week.
    assert 3600 <= shares["ShareDecaySeconds"] <= 604_800


def test_a_job_that_can_never_start_leaves_its_queue() -> None:
    for queue in ENVIRONMENTS.values():
        actions = properties(queue)["JobStateTimeLimitActions"]
        assert all(action["Action"] == "CANCEL" and action["State"] == "RUNNABLE" for action in actions)
        # While instances start, a healthy job can look misconfigured for minutes.
        assert all(1800 <= action["MaxTimeSeconds"] <= 86400 for action in actions)


def test_a_job_is_tried_again_after_a_reclaim_only() -> None:
    rules = properties("TrainingJobDefinition")["RetryStrategy"]["EvaluateOnExit"]
    assert [
        {key[0].lower() + key[1:]: value for key, value in rule.items()} for rule in rules
    ] == EVALUATE_ON_EXIT


def test_a_job_has_a_gpu_shared_memory_a_timeout_and_no_privileges() -> None:
    definition = properties("TrainingJobDefinition")
    container = definition["ContainerProperties"]
    needs = {it["Type"]: int(it["Value"]) for it in container["ResourceRequirements"]}
    assert needs["GPU"] == 1
    assert 1024 <= container["LinuxParameters"]["SharedMemorySize"] < needs["MEMORY"]
    assert definition["Timeout"]["AttemptDurationSeconds"] >= 60
    image = (ROOT / "image" / "Dockerfile").read_text("utf-8")
    assert [container["User"]] == re.findall(r"^USER (\S+)$", image, re.MULTILINE)
    assert container["User"].split(":")[0] not in {"", "0", "root"}
    assert container["Privileged"] is False


def test_running_jobs_keep_their_revision() -> None:
    for name in DEFINITIONS:
        assert properties(name)["ResourceRetentionPolicy"] == {"SkipDeregisterOnUpdate": True}


def test_each_default_instance_type_can_use_the_throughput_that_its_disk_is_paid_for() -> None:
    """By what EC2's DescribeInstanceTypes tells of the types, as moto ships it."""
    (disk,) = properties("TrainingLaunchTemplate")["LaunchTemplateData"]["BlockDeviceMappings"]
    for parameter in ("InstanceTypes", "CpuInstanceTypes"):
        for name in template()["Parameters"][parameter]["Default"].split(","):
            limits = INSTANCE_TYPES[name]["EbsInfo"]["EbsOptimizedInfo"]
            assert 125 < disk["Ebs"]["Throughput"] <= limits["MaximumThroughputInMBps"], name


def test_the_disk_holds_an_image_and_data_and_metadata_needs_a_token() -> None:
    data = properties("TrainingLaunchTemplate")["LaunchTemplateData"]
    (disk,) = data["BlockDeviceMappings"]
    assert disk["Ebs"]["VolumeType"] == "gp3"
    assert disk["Ebs"]["VolumeSize"] >= 100
    assert disk["Ebs"]["Encrypted"] is True
    # gp3 includes 3,000 IOPS, which allow 750 MiB/s; more of them are paid for.
    assert "Iops" not in disk["Ebs"]
    assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    user_data = message_from_string(data["UserData"]["Fn::Base64"])
    parts = user_data.get_payload()
    assert isinstance(parts, list)
    (script,) = parts
    assert script.get_content_type() == "text/x-shellscript"
    assert script.get_payload().splitlines() == [
        "#!/bin/bash",
        "echo ECS_ENABLE_SPOT_INSTANCE_DRAINING=true >> /etc/ecs/ecs.config",
    ]


def test_nobody_can_call_in() -> None:
    assert "SecurityGroupIngress" not in properties("TrainingSecurityGroup")
    types = {resource["Type"] for resource in template()["Resources"].values()}
    assert not types & {"AWS::EC2::SecurityGroupIngress", "AWS::EC2::NatGateway"}


def test_training_data_reaches_instances_without_charge() -> None:
    assert properties("BucketEndpoint")["VpcEndpointType"] == "Gateway"
