"""Sends requests to a stack's API, signed with the caller's own AWS credentials."""

from collections.abc import Mapping
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError

from droptrain.stack import Stack


class SignedHttp:
    """Sends each request once; threads may share it."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._http = stack.http(stack.api_url)

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Any:
        """botocore's answer to a request for a path and query; the errors are botocore's too."""
        credentials = self._stack.session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        request = AWSRequest(method, self._stack.api_url + target, dict(headers), body)
        # Signed anew for every try: a signature is good for five minutes.
        SigV4Auth(credentials.get_frozen_credentials(), "execute-api", self._stack.region).add_auth(request)
        return self._http.send(request.prepare())

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
