"""Sends the test notice."""

from collections.abc import Iterator
from datetime import UTC, datetime

from droptrain_core.aws.notices import NoticeTopic
from droptrain_core.domain import times
from droptrain_core.domain.notices import notice

from droptrain_cli.stack_snapshot import Finding, StackSnapshot

TITLE = "test notice"


def send_test(snapshot: StackSnapshot) -> Iterator[Finding]:
    """Publish a test notice to the stack's topic."""
    client = snapshot.stack.client("sns")
    topic_arn = snapshot.outputs.get("NoticesTopicArn")
    if topic_arn is None:  # the laptop cloud: it has no outputs, and one topic of that name
        arns = [each["TopicArn"] for each in client.list_topics()["Topics"]]
        topic_arn = next(arn for arn in arns if arn.endswith("NoticesTopic"))
    NoticeTopic(client, topic_arn).publish(
        notice.of_test(snapshot.stack.name, times.to_text(datetime.now(UTC)))
    )
    yield Finding(TITLE, "ok", "sent: every subscriber should get it within a minute")
