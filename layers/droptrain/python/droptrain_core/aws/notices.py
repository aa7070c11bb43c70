"""The notices topic in SNS."""

import json
from typing import TYPE_CHECKING, Any

from droptrain_core.domain.text import printable_ascii

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

    from droptrain_core.domain.notices.notice import Notice


class NoticeTopic:
    """Where people subscribe to notices."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def publish(self, notice: "Notice") -> None:
        """Publish the notice; subscribers can filter by the attributes `project`, if any, and `outcome`.

        SNS takes any attribute, and then drops the message on its way to subscribers if one isn't printable
        ASCII (metric NumberOfNotificationsFilteredOut-InvalidAttributes).

        Subscribers by HTTPS, as chats are, get the chat's rendering, all others plain text
        (https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html).
        """
        attributes = {"outcome": notice.outcome} | ({"project": notice.project} if notice.project else {})
        self._client.publish(
            TopicArn=self._topic_arn,
            Subject=notice.subject,
            Message=json.dumps({"default": notice.text, "https": json.dumps(notice.chat)}),
            MessageStructure="json",
            MessageAttributes={
                name: {"DataType": "String", "StringValue": printable_ascii(value)}
                for name, value in attributes.items()
            },
        )

    def confirmed(self) -> int:
        """The number of confirmed subscribers."""
        answer: Any = self._client.get_topic_attributes(TopicArn=self._topic_arn)
        return int(answer["Attributes"].get("SubscriptionsConfirmed", "0"))
