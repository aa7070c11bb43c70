"""The notices topic in SNS."""

from typing import TYPE_CHECKING

from droptrain.domain.notice import Notice

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class NoticeTopic:
    """Where people subscribe to hear how runs end."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def publish(self, project: str | None, outcome: str, notice: Notice) -> None:
        """Publish the notice; subscribers can filter by the attributes `project`, if any, and `outcome`."""
        attributes = {"outcome": outcome} | ({"project": project} if project else {})
        self._client.publish(
            TopicArn=self._topic_arn,
            Subject=notice.subject,
            Message=notice.text,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )
