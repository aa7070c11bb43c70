"""Sessions of the stack's roles, from STS, as Lambda and ECS get them for what they run."""

from collections.abc import Mapping
from typing import Any

# Names of the variables that AWS clients read them from.
Session = Mapping[str, str]


class RoleSessions:
    """Assumes roles; `sts` is a client of the laptop's owner."""

    def __init__(self, sts: Any) -> None:
        self._sts = sts

    def assume(self, role_arn: str, name: str) -> Session:
        """A session of a role, as environment variables."""
        given = self._sts.assume_role(RoleArn=role_arn, RoleSessionName=name)["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }
