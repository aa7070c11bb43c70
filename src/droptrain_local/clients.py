"""boto3 clients of the laptop cloud: its region, account and credentials, and nothing of the user's own."""

import os
from collections.abc import Mapping
from threading import Lock
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

REGION = "eu-west-1"
ACCOUNT = "123456789012"
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105  what everybody gives who needs none
CALLER_ARN = f"arn:aws:iam::{ACCOUNT}:user/laptop"

# What AWS clients in child processes read: without these, a user's profile or real credentials would get in.
CLIENT_ENVIRONMENT: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
}
# botocore's variables that it reads from environment and files; here they have no source.
_NO_PROFILE: dict[str, Any] = {
    "profile": (None, [], None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
    "ca_bundle": (None, None, None, None),
}
_CONFIG = Config(
    proxies={},
    max_pool_connections=30,
    retries={"mode": "standard", "total_max_attempts": 3},
    connect_timeout=5,
    read_timeout=60,
    s3={"addressing_style": "path"},
)


def core_session() -> botocore.session.Session:
    """A botocore session that reads neither the user's profile nor the user's files."""
    return botocore.session.Session(session_vars=_NO_PROFILE)


class Clients:
    """Clients of one laptop cloud by service name, each made once; they can be shared by threads."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoints: dict[str, str] = {}
        self._default = endpoint_url
        self._made: dict[tuple[str, str], Any] = {}
        self._lock = Lock()
        self.session = boto3.Session(
            ACCESS_KEY, SECRET_KEY, region_name=REGION, botocore_session=core_session()
        )

    def address(self, service: str, endpoint_url: str) -> None:
        """Let a service's clients call another endpoint."""
        self._endpoints[service] = endpoint_url

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """The client of a service, such as "s3"; the laptop's owner's, or that of a role's session.

        A session's credentials are by the names of their environment variables.
        """
        given = {name.lower(): value for name, value in (credentials or {}).items()}
        place = (service, given.get("aws_access_key_id", ACCESS_KEY))
        with self._lock:
            if place not in self._made:
                endpoint = self._endpoints.get(service, self._default)
                session: Any = self.session
                self._made[place] = session.client(service, endpoint_url=endpoint, config=_CONFIG, **given)
            return self._made[place]

    def close(self) -> None:
        """Close the connections of every client."""
        with self._lock:
            for client in self._made.values():
                client.close()
            self._made.clear()
