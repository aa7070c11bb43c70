"""What the laptop's account answers: it has a plan with GPUs, and a new account's quota of functions."""

import json
from typing import IO

from droptrain_local.clients import ACCOUNT

_CONCURRENT_EXECUTIONS = 10


def answer(target: str, _: IO[bytes]) -> tuple[str, bytes] | None:
    """(content type, body) for a request for the account's plan; None for any other."""
    if target != "AWSFreeTierService.GetAccountPlanState":
        return None
    plan = {"accountId": ACCOUNT, "accountPlanType": "PAID", "accountPlanStatus": "ACTIVE"}
    return "application/x-amz-json-1.0", json.dumps(plan).encode()


def settings(method: str, path: str) -> tuple[str, bytes] | None:
    """(content type, body) for Lambda's GetAccountSettings; None for any other request."""
    if (method, path) != ("GET", "/2016-08-19/account-settings"):
        return None
    limits = {
        "ConcurrentExecutions": _CONCURRENT_EXECUTIONS,
        "UnreservedConcurrentExecutions": _CONCURRENT_EXECUTIONS,
    }
    return "application/json", json.dumps({"AccountLimit": limits}).encode()
