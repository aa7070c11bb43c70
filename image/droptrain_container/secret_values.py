"""The values of the recipe's secrets, from AWS Secrets Manager; only their ARNs are ever written down."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from droptrain_container.exit_codes import EndError
from droptrain_container.plan import can_be_given

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_ARN_PARTS = 7  # arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME


@dataclass(frozen=True)
class _Secret:
    """What a variable's reference names, in the form of AWS Batch's valueFrom: ARN:KEY:STAGE:VERSION."""

    arn: str
    region: str
    key: str
    stage: str
    version: str


def fetch(references: Mapping[str, str], *, attempts: int) -> dict[str, str]:
    """The value of each variable; EndError (secret_...) naming the variable, what is wrong and the fix."""
    if not references:
        return {}
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts}, connect_timeout=5, read_timeout=30
    )
    client = boto3.client("secretsmanager", config=config)
    texts: dict[_Secret, str] = {}
    values = {}
    for name, reference in references.items():
        secret = _parsed(name, reference, client.meta.region_name)
        whole = replace(secret, key="")
        if whole not in texts:
            texts[whole] = _text(client, name, whole)
        values[name] = _of_key(name, secret, texts[whole]) if secret.key else texts[whole]
        if not can_be_given(values[name]):
            raise _unusable(name, secret.arn, "has a character that no variable can hold")
    return values


def _parsed(name: str, reference: str, region: str) -> _Secret:
    parts = reference.split(":")
    if len(parts) < _ARN_PARTS or parts[2] != "secretsmanager":
        raise EndError("bad_recipe", f"run.json: environment.{name} isn't the ARN of a secret")
    arn = ":".join(parts[:_ARN_PARTS])
    if parts[3] != region:
        raise _unusable(name, arn, f"is in {parts[3]}, and this stack in {region}: make it there")
    key, stage, version = [*parts[_ARN_PARTS:], "", "", ""][:3]
    return _Secret(arn, region, key, stage, version)


def _text(client: "SecretsManagerClient", name: str, secret: _Secret) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    stage: Any = {"VersionStage": secret.stage} if secret.stage else {}
    version: Any = {"VersionId": secret.version} if secret.version else {}
    try:
        answer = client.get_secret_value(SecretId=secret.arn, **stage, **version)
    except ClientError as error:
        raise _refusal(name, secret.arn, error) from error
    except BotoCoreError as error:
        raise EndError(
            "secret_unreachable", f"{_called(name, secret.arn)}: Secrets Manager can't be reached: {error}"
        ) from error
    text = answer.get("SecretString")
    if text is None:
        raise _unusable(name, secret.arn, "is binary, which no variable can hold: store it as text")
    return text


def _refusal(name: str, arn: str, error: Any) -> EndError:
    """What Secrets Manager's refusal means (API reference: GetSecretValue, Errors)."""
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code == "ResourceNotFoundException":
        return _unusable(name, arn, f"isn't there: {message}")
    if code in ("InvalidRequestException", "InvalidParameterException"):
        return _unusable(name, arn, f"can't be read, as one that is marked for deletion can't: {message}")
    if code in ("AccessDeniedException", "DecryptionFailure"):
        return EndError("secret_denied", f"{_called(name, arn)} may not be read by the training: {message}")
    return EndError("secret_unreachable", f"{_called(name, arn)} can't be read: {code}: {message}")


def _of_key(name: str, secret: _Secret, text: str) -> str:
    """One value of a JSON secret, as AWS Batch gives it: a text as it is, anything else as JSON."""
    document: object = None
    with suppress(ValueError, RecursionError):
        document = json.loads(text)
    if not isinstance(document, dict):
        raise _unusable(name, secret.arn, f"isn't a JSON object, so it has no key {secret.key!r}")
    if secret.key not in document:
        raise _unusable(name, secret.arn, f"has no key {secret.key!r}")
    value = document[secret.key]
    return value if isinstance(value, str) else json.dumps(value)


def _unusable(name: str, arn: str, what: str) -> EndError:
    return EndError("secret_unusable", f"{_called(name, arn)} {what}")


def _called(name: str, arn: str) -> str:
    return f"environment.{name}: the secret {arn}"
