"""The deployments that differ: every parameter that adds or removes something, in every kind of region."""

from collections.abc import Mapping
from typing import Any

_NETWORK = {
    "VpcId": "vpc-0123456789abcdef0",
    "SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
}
# Everything that makes resources, and takes none away.
ADDS: Mapping[str, str] = {
    "WebhookUrl": "https://example.org/droptrain",
    "WebhookSecret": "0123456789abcdef",
    "BuildsImage": "yes",
    "AllowShell": "yes",
    "DailyCanary": "on",
    "Tracing": "on",
}
_EVERYTHING = {
    **ADDS,
    "NoticeEmail": "team@example.org",
    "AlarmEmail": "operators@example.org",
    "InstanceTypes": "g4dn.xlarge,g5.xlarge,g6.xlarge",
    "ImageUri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/images:1",
    "ProjectBudgetsUsd": "penguins=20,whales=7.5",
    "MaxRunsAtOnce": 10,
    "RunDays": 30,
    "PreparedDays": 7,
    "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary",
}
# Each: its region and the parameters that aren't as by default.
VARIANTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "defaults": ("eu-west-1", {}),
    "everything": ("eu-west-1", _EVERYTHING),
    "existing-network": ("eu-west-1", _NETWORK),
    "kept-instances": ("eu-west-1", {"KeepInstanceMinutes": 30}),
    "paused": ("eu-west-1", {"Paused": "no budget until Monday"}),
    "two-zones": ("eu-west-1", {"Zones": 2}),
    "slack": ("eu-west-1", {**_EVERYTHING, "WebhookFormat": "slack"}),
    "us-east": ("us-east-1", {}),
    "tokyo": ("ap-northeast-1", _EVERYTHING | _NETWORK),
    "two-zone-region": ("us-west-1", {}),
    "china": ("cn-north-1", {}),
    "govcloud": ("us-gov-west-1", {}),
}
