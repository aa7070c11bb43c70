"""Errors of AWS's clients in one sentence each, with the fix."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore import exceptions
from droptrain_core.domain.errors import CrowdedError

from droptrain.errors import DroptrainError

_NO_CREDENTIALS = (
    "AWS credentials are missing. Set them up (aws configure; with version 2 of the AWS CLI also "
    "aws sso login or aws login), or name a profile with --profile."
)
_EXPIRED = "The AWS credentials have expired. Sign in again (aws sso login, aws login), and repeat."
_UNKNOWN_KEY = (
    "AWS doesn't know these credentials. Check AWS_ACCESS_KEY_ID, or name a profile with --profile."
)
_CLOCK = "AWS refuses the signature's time. Set this machine's clock, and repeat."

_BY_CODE: Mapping[str, str] = {
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "InvalidClientTokenId": _UNKNOWN_KEY,
    "InvalidAccessKeyId": _UNKNOWN_KEY,
    "UnrecognizedClientException": _UNKNOWN_KEY,
    "SignatureDoesNotMatch": "AWS refuses the signature. Check the secret key and this machine's clock.",
    "RequestTimeTooSkewed": _CLOCK,
}
_SIGN_IN_CODES = tuple(code for code, words in _BY_CODE.items() if words in (_EXPIRED, _UNKNOWN_KEY))
_SIGN_IN = (
    exceptions.CredentialRetrievalError,
    exceptions.LoginError,
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
)
_DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation", "403")


def explained(error: Exception) -> DroptrainError | None:
    """Our error for an error of botocore or boto3; None for any other error."""
    for kind, words in _BY_CLASS.items():
        if isinstance(error, kind):
            return DroptrainError(words(error))
    return None


@contextmanager
def explaining() -> Iterator[None]:
    """Turn errors of botocore and boto3 into ours."""
    try:
        yield
    except Exception as error:
        if words := explained(error):
            raise words from error
        raise


def is_denied(error: exceptions.ClientError) -> bool:
    """Whether the credentials lack the permission for a call."""
    return error.response.get("Error", {}).get("Code") in _DENIED


def needs_sign_in(error: Exception) -> bool:
    """Whether an error of botocore or boto3 means that the credentials are missing, expired or unknown."""
    if isinstance(error, exceptions.ClientError):
        return error.response.get("Error", {}).get("Code") in _SIGN_IN_CODES
    return isinstance(error, _SIGN_IN)


def _of_code(error: exceptions.ClientError) -> str:
    refusal, operation = error.response.get("Error", {}), error.operation_name
    code = str(refusal.get("Code", ""))
    if code in _BY_CODE:
        return _BY_CODE[code]
    if is_denied(error):
        return (
            f"These AWS credentials may not call {operation}. Ask the stack's owner for its policy "
            "OperatorPolicy, or ReaderPolicy to read only."
        )
    return _sentence(f"AWS refused {operation} ({code}): {refusal.get('Message', '')}")


def _sentence(error: object) -> str:
    text = str(error).strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


# By class of botocore; the first that fits counts.
_BY_CLASS: Mapping[type[Exception], Callable[[Any], str]] = {
    CrowdedError: lambda error: f"{error.cause.message}. {error.cause.fix}",
    exceptions.ProfileNotFound: lambda error: (
        f"{_sentence(error)} aws configure list-profiles shows those there are."
    ),
    exceptions.PartialCredentialsError: lambda _: _NO_CREDENTIALS,
    exceptions.NoCredentialsError: lambda _: _NO_CREDENTIALS,
    exceptions.NoRegionError: lambda _: "No AWS region is set. Name one with --region, or set AWS_REGION.",
    exceptions.InvalidRegionError: lambda error: f"{_sentence(error)} Name another with --region.",
    exceptions.SSOError: lambda _: _EXPIRED,
    exceptions.LoginError: lambda _: _EXPIRED,
    exceptions.TokenRetrievalError: lambda _: _EXPIRED,
    exceptions.CredentialRetrievalError: lambda error: f"{_sentence(error)} Sign in, and repeat.",
    exceptions.EndpointConnectionError: lambda error: f"{_sentence(error)} Check the network and the region.",
    exceptions.ClientError: _of_code,
    exceptions.BotoCoreError: _sentence,
}
