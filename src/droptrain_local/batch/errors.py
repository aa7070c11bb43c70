"""The errors that the Batch API answers, with AWS's codes and HTTP statuses."""


class BatchError(Exception):
    """An error answer of the Batch API: code, HTTP status and the message for people."""

    code = "ServerException"
    http_status = 500


class RefusedError(BatchError):
    """ClientException: the caller asked for something that can't be."""

    code = "ClientException"
    http_status = 400


class ServiceFailedError(BatchError):
    """ServerException: the service itself failed."""


class ThrottledError(BatchError):
    """TooManyRequestsException: botocore's model doesn't list it, AWS answers it when it throttles."""

    code = "TooManyRequestsException"
    http_status = 429


class UnknownOperationError(BatchError):
    """No operation of the Batch API has this method and path."""

    code = "UnknownOperationException"
    http_status = 404


class UnsignedError(BatchError):
    """The request carries no signature, or comes from a web page."""

    code = "MissingAuthenticationTokenException"
    http_status = 403


class DeniedError(BatchError):
    """AccessDeniedException: the caller's role may not do this."""

    code = "AccessDeniedException"
    http_status = 403


class WrongSessionError(BatchError):
    """UnrecognizedClientException: a session's access key came without the session's token."""

    code = "UnrecognizedClientException"
    http_status = 403


class AnswerLostError(Exception):
    """An injected fault: the call was carried out, and the connection closes before the answer."""


BY_CODE: dict[str, type[BatchError]] = {
    error.code: error for error in (DeniedError, RefusedError, ServiceFailedError, ThrottledError)
}
