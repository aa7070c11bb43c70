"""Who may do what on a laptop: the sessions of its roles and the callers of its API by their policies."""

import functools
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.iam.access_control import AssumedRoleAccessKey, CreateAccessKeyFailure
from moto.sts.models import sts_backends

from droptrain_local.clients import ACCOUNT
from droptrain_local.permissions.policy import Need, Policy, allows

_PARTITION = "aws"


class WrongTokenError(Exception):
    """A session's access key came without the session's token."""


@dataclass(frozen=True)
class Principal:
    """Somebody whom policies bind; `name` is the role's or the policy's."""

    name: str
    arn: str
    policies: tuple[Policy, ...]


class Guard:
    """Judges calls by the policies in moto's IAM, and of callers; records the calls if a file is given.

    The record is a line of JSON for each call: principal, operation, needs, and whether it was allowed.
    """

    def __init__(self, record: Path | None = None) -> None:
        self._callers: dict[str, Principal] = {}
        self._record = record.open("a", encoding="utf-8", buffering=1) if record else None
        self._lock = threading.Lock()

    def admit(self, callers: Mapping[str, Principal]) -> None:
        """Bind callers, by access key, by their policies."""
        self._callers.update(callers)

    def principal(self, access_key: str, token: str | None) -> Principal | None:
        """Whom a key belongs to; None for the laptop's owner. WrongTokenError."""
        if access_key in self._callers:
            return self._callers[access_key]
        sessions = sts_backends[ACCOUNT][_PARTITION].assumed_roles
        if not any(session.access_key_id == access_key for session in sessions):
            return None
        try:
            # Only the class knows how moto finds a session's role and policies.
            session: Any = AssumedRoleAccessKey(
                ACCOUNT, _PARTITION, access_key, {"X-Amz-Security-Token": token or ""}
            )
        except CreateAccessKeyFailure as error:
            raise WrongTokenError from error
        role = session.arn.split("/")[-2]
        return Principal(role, session.arn, tuple(_document(policy) for policy in session.collect_policies()))

    def missing(self, principal: Principal, operation: str, needs: Iterable[Need]) -> Need | None:
        """The first need of a call that the principal's policies don't allow; None if it may be made."""
        wanted = list(needs)
        found = next((need for need in wanted if not allows(principal.policies, need)), None)
        if self._record:
            line = {
                "principal": principal.name,
                "operation": operation,
                "needs": [[need.action, need.resource, need.context] for need in wanted],
                "allowed": found is None,
            }
            with self._lock:
                self._record.write(json.dumps(line) + "\n")
        return found

    def close(self) -> None:
        """End the record."""
        if self._record:
            self._record.close()


def _document(policy: Any) -> Policy:
    """An inline policy is its text, an attached one has versions."""
    if isinstance(policy, str):
        return _parsed(policy)
    return _parsed(next(version.document for version in policy.versions if version.is_default))


@functools.cache
def _parsed(text: str) -> Policy:
    policy: Policy = json.loads(text)
    return policy
