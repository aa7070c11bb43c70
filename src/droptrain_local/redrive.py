"""SQS's message move tasks, which moto lacks: what lies in a dead-letter queue goes where somebody says."""

import json
from typing import IO, Any
from uuid import uuid4

from droptrain_local.aws_server import RefusedError

_JSON = "application/x-amz-json-1.0"
_TASKS_LISTED = 10


class Redrive:
    """Moves messages at once: a task has ended when its start is answered.

    A destination has to be named, as what EventBridge itself put into a queue has no queue of origin.
    """

    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self._done: list[dict[str, Any]] = []

    def answer(self, action: str, body: IO[bytes]) -> tuple[str, bytes] | None:
        """The answer to StartMessageMoveTask and ListMessageMoveTasks; None for other requests."""
        calls = {
            "AmazonSQS.StartMessageMoveTask": self._start,
            "AmazonSQS.ListMessageMoveTasks": self._list,
        }
        if action not in calls:
            return None
        request = json.loads(body.read())
        body.seek(0)
        return _JSON, json.dumps(calls[action](request)).encode()

    def _start(self, request: dict[str, Any]) -> dict[str, Any]:
        source, destination = request["SourceArn"], request.get("DestinationArn")
        if not destination:
            raise _refused("MissingRequiredParameter", "The laptop cloud needs a DestinationArn.")
        places = [self._url(source), self._url(destination)]
        moved = 0
        while messages := self._receive(places[0]):
            for message in messages:
                self._move(message, *places)
            moved += len(messages)
        handle = str(uuid4())
        self._done.append({
            "Status": "COMPLETED", "SourceArn": source, "DestinationArn": destination,
            "ApproximateNumberOfMessagesMoved": moved, "ApproximateNumberOfMessagesToMove": moved,
        })  # fmt: skip
        return {"TaskHandle": handle}

    def _list(self, request: dict[str, Any]) -> dict[str, Any]:
        mine = [task for task in reversed(self._done) if task["SourceArn"] == request["SourceArn"]]
        return {"Results": mine[: min(request.get("MaxResults", 1), _TASKS_LISTED)]}

    def _url(self, arn: str) -> str:
        name = arn.rpartition(":")[2]
        try:
            url: str = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
        except self._sqs.exceptions.QueueDoesNotExist as error:
            raise _refused("ResourceNotFoundException", f"There is no queue {arn}.") from error
        return url

    def _receive(self, url: str) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def _move(self, message: dict[str, Any], source: str, destination: str) -> None:
        attributes = message.get("MessageAttributes", {})
        self._sqs.send_message(
            QueueUrl=destination, MessageBody=message["Body"], MessageAttributes=attributes
        )
        self._sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])


def _refused(code: str, text: str) -> RefusedError:
    body = json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": text}).encode()
    return RefusedError(_JSON, body)
