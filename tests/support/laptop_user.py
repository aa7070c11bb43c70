"""Somebody who uses the laptop cloud as people use AWS: S3 puts, signed API calls, notices."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from droptrain_core.domain import times
from support.waiting import wait_for

from droptrain_local.cloud import LaptopCloud


@dataclass
class User:
    """Somebody with a project, who uses S3, the API and the notices as on AWS."""

    cloud: LaptopCloud
    project: str
    notices_seen: list[dict[str, Any]]

    def put(self, key: str, body: str | bytes = "") -> str:
        """Put an object; its version."""
        content = body.encode() if isinstance(body, str) else body
        answer = self.cloud.client("s3").put_object(Bucket=self.cloud.ready.bucket, Key=key, Body=content)
        return answer["VersionId"]

    def publish(self, script: str, recipe: str | None = None) -> None:
        self.put(f"projects/{self.project}/code/run.sh", script)
        if recipe is not None:
            self.put(f"projects/{self.project}/train.yaml", recipe)

    def drop(self, dataset: str = "first", **files: str) -> None:
        for name, body in (files or {"train": "a,b\n1,2\n", "test": "a,b\n3,4\n"}).items():
            self.put(f"projects/{self.project}/data/{dataset}/{name}.csv", body)

    def text(self, key: str) -> str:
        answer = self.cloud.client("s3").get_object(Bucket=self.cloud.ready.bucket, Key=key)
        return answer["Body"].read().decode()

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        """A signed request to the API: (status, parsed body)."""
        status, content, _ = self.ask(method, path, body, **more)
        return status, json.loads(content)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = "test",
        secret: str = "test",
        late_seconds: int = 0,
        **headers: str,
    ) -> tuple[int, bytes, Any]:
        """A request to the API, signed so long ago, without `key` not at all: (status, body, headers)."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        url = self.cloud.ready.api_url.rstrip("/") + path
        request = AWSRequest(method, url, data=data, headers={"content-type": "application/json", **headers})
        if key:
            now = datetime.now(UTC) - timedelta(seconds=late_seconds)
            with patch("botocore.auth.get_current_datetime", lambda *_: now.replace(tzinfo=None)):
                SigV4Auth(Credentials(key, secret), "execute-api", self.cloud.ready.region).add_auth(request)
        answer = URLLib3Session().send(request.prepare())
        return answer.status_code, answer.content, answer.headers

    def runs(self) -> list[dict[str, Any]]:
        return self.call("GET", f"/runs?project={self.project}")[1]["runs"]

    def run_with(self, *statuses: str) -> dict[str, Any]:
        """The project's newest run, once it has one of these statuses."""
        return wait_for(
            f"run of {self.project} with status {' or '.join(statuses)}",
            lambda: next((run for run in self.runs()[:1] if run["status"] in statuses), None),
        )

    def age(self, pk: str, attribute: str, amount: timedelta) -> None:
        """Let the moment that an attribute of an item begins with be so long ago: no test waits an hour."""
        place: Any = {"TableName": self.cloud.ready.table, "Key": {"pk": {"S": pk}}}
        dynamodb = self.cloud.client("dynamodb")

        def item() -> Any:
            return dynamodb.get_item(**place, ConsistentRead=True).get("Item")

        at, mark, rest = wait_for(f"item {pk}", item)[attribute]["S"].partition("#")
        earlier = times.to_text(times.from_text(at) - amount)
        dynamodb.update_item(
            **place,
            UpdateExpression="SET #name = :value",
            ExpressionAttributeNames={"#name": attribute},
            ExpressionAttributeValues={":value": {"S": earlier + mark + rest}},
        )

    def notice(self) -> dict[str, Any]:
        """The project's next notice."""
        return self._next_notice(self.project)

    def notice_of_the_stack(self) -> dict[str, Any]:
        """The next notice that is of no project."""
        return self._next_notice(None)

    def _next_notice(self, project: str | None) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            queue = self.cloud.ready.notices_queue_url
            sqs = self.cloud.client("sqs")
            for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
                self.notices_seen.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            mine = [
                notice
                for notice in self.notices_seen
                if notice["MessageAttributes"].get("project", {}).get("Value") == project
            ]
            if mine:
                self.notices_seen.remove(mine[0])
            return mine[0] if mine else None

        return wait_for(f"notice for {project or 'the stack'}", look)
