"""What goes wrong, each as a sentence that names the fix."""


class DroptrainError(Exception):
    """What was asked can't be done; `message` says why and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class StackError(DroptrainError):
    """No stack can be addressed: none is named, or it can't be read."""


class ApiError(DroptrainError):
    """The API refused or failed. `status` is HTTP's, `problem` the last word of the problem's type or ""."""

    def __init__(self, message: str, status: int, problem: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.problem = problem


class UnreachableError(DroptrainError):
    """No answer came: no network, no such host, or no server."""


class RunFailedError(DroptrainError):
    """A run that had to succeed didn't; `message` has its cause and what to do."""
