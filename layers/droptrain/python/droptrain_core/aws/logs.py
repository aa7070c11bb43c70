"""CloudWatch Logs: what trainings printed, one stream an attempt."""

from typing import TYPE_CHECKING, Any

from droptrain_core.domain import times
from droptrain_core.domain.errors import BadCursorError
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.log_line import LogLine

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

GROUP = "/aws/batch/job"  # AWS Batch's own default
# In characters. If each of them has to be escaped, the line still fits into an answer of the API.
LONGEST_LINE = 1 << 18


@frozen
class LogPage:
    """Lines in their order, and the token to go on with; None once the end of the stream is reached.

    A stream that still grows has an end too: the same token finds what came after it.
    """

    lines: tuple[LogLine, ...]
    token: str | None


class TrainingLogs:
    """The log streams of Batch jobs."""

    def __init__(self, client: "CloudWatchLogsClient") -> None:
        self._client = client

    def page(self, stream: str, attempt: int, token: str | None, limit: int) -> LogPage | None:
        """At most `limit` lines of a stream behind `token`, at most 1 MiB; None if there is no such stream.

        A line is cut after LONGEST_LINE characters.

        BadCursorError for a token that this stream didn't hand out.
        """
        behind: Any = {"nextToken": token} if token else {}
        try:
            answer = self._client.get_log_events(
                logGroupName=GROUP, logStreamName=stream, startFromHead=True, limit=limit, **behind
            )
        except self._client.exceptions.ResourceNotFoundException:
            return None
        except self._client.exceptions.InvalidParameterException as error:
            if token is None:
                raise
            raise BadCursorError("CloudWatch Logs doesn't know that place; begin without a cursor") from error
        lines = tuple(
            LogLine(_at(event["timestamp"]), attempt, event["message"][:LONGEST_LINE])
            for event in answer["events"]
        )
        # The same token comes back at the end of the stream (CloudWatch Logs API reference: GetLogEvents).
        after = answer["nextForwardToken"]
        return LogPage(lines, after if after != token else None)


def _at(milliseconds: int) -> str | None:
    moment = times.from_epoch_ms(milliseconds)
    return times.to_text(moment) if moment else None
