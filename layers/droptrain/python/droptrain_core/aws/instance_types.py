"""EC2's own description of instance types: their GPUs, vCPUs and memory."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from droptrain_core.domain.costs.pricing import Size

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

# Training instances have NVIDIA's drivers, so that other GPUs are of no use to a run.
_MANUFACTURER = "NVIDIA"


class InstanceTypes:
    """The instance types that the client's region offers."""

    def __init__(self, client: "EC2Client") -> None:
        self._client = client

    def read(self, instance_types: Iterable[str]) -> dict[str, Size]:
        """Sizes by type; a family means all its types. A type that the region doesn't offer isn't in it.

        By a filter, because the call fails as a whole if it is asked for a type that doesn't exist.
        """
        names = [name if "." in name else f"{name}.*" for name in instance_types]
        pages = self._client.get_paginator("describe_instance_types").paginate(
            Filters=[{"Name": "instance-type", "Values": names}]
        )
        return {each["InstanceType"]: _size(each) for page in pages for each in page["InstanceTypes"]}


def _size(found: Mapping[str, Any]) -> Size:
    """The size of a type. One with a fraction of a GPU has the count 0 and the fraction as its partition size
    (EC2 API reference, GpuDeviceInfo).
    """
    gpus = [
        gpu for gpu in found.get("GpuInfo", {}).get("Gpus", ()) if gpu.get("Manufacturer") == _MANUFACTURER
    ]
    return Size(
        gpus=sum(gpu.get("Count", 0) for gpu in gpus),
        vcpus=found["VCpuInfo"]["DefaultVCpus"],
        memory_gib=found["MemoryInfo"]["SizeInMiB"] / 1024,
        gpu_memory_gib=round(
            min((gpu.get("MemoryInfo", {}).get("SizeInMiB", 0) for gpu in gpus), default=0) / 1024, 2
        ),
        gpu_fraction=min((gpu.get("GpuPartitionSize", 1.0) for gpu in gpus), default=1.0),
    )
