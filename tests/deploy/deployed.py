"""The stack as `sam build` and `sam deploy` make it, in an emulator of AWS on a free port of this machine."""

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import urllib.request
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

from support.template import ROOT
from support.waiting import wait_for

from droptrain_local.clients import CLIENT_ENVIRONMENT, REGION, Clients
from droptrain_local.state import Ready

EMULATOR_PYTHON = ROOT / ".venv-emulator/bin/python"
LOG = ROOT / "build/emulator.log"  # with what the functions log: look there when a test fails
STACK = "droptrain"
_SAM = str(Path(sys.executable).with_name("sam"))
_SECONDS = 240


class DeployedStack:
    """An emulator with the stack in it, from the first deployment until the emulator's end."""

    def __init__(self) -> None:
        # Hundreds of MB: each process of a function has a copy of the layer.
        self._scratch = TemporaryDirectory()
        self._built = Path(self._scratch.name) / "build"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.endpoint_url = f"http://127.0.0.1:{port}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": self._scratch.name,
            "TMPDIR": self._scratch.name,
            **CLIENT_ENVIRONMENT,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "SAM_CLI_TELEMETRY": "0",
            "ARCHITECTURE": platform.machine(),  # build.sh: what is built runs here
        }
        settings = {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_REGION": REGION,
            "AUTH": "true",  # roles and policies are enforced
            "IOT_MTLS_ENABLED": "false",  # it would listen on every address
        }
        LOG.parent.mkdir(exist_ok=True)
        self._log = LOG.open("wb")
        self._emulator = subprocess.Popen(
            [EMULATOR_PYTHON, ROOT / "tests/deploy/emulator.py"], cwd=self._scratch.name,
            env=self.environment | settings, stdout=self._log, stderr=self._log, start_new_session=True,
        )  # fmt: skip
        self._clients = Clients(self.endpoint_url)

    def __enter__(self) -> "DeployedStack":
        wait_for("emulator", self._answers)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """End the emulator and the functions that it runs."""
        self._clients.close()
        os.killpg(self._emulator.pid, signal.SIGKILL)
        self._emulator.wait()
        self._log.close()
        self._scratch.cleanup()

    def _answers(self) -> bool:
        assert self._emulator.poll() is None, LOG.read_text("utf-8")
        try:
            with urllib.request.urlopen(f"{self.endpoint_url}/_ministack/health", timeout=5) as answer:
                return bool(json.load(answer)["auth"] == "enabled")
        except OSError:
            return False

    def build(self) -> None:
        """Build functions and layer from the working tree, for this machine."""
        self._sam("build", "--build-dir", str(self._built))

    def deploy(self, **parameters: str) -> None:
        """Deploy what was built; parameters that aren't named keep their values."""
        overrides = [
            f'{name}="{value}"' for name, value in parameters.items()
        ]  # docs/deploying.md: the quotes
        self._sam(
            "deploy", "--config-file", str(ROOT / "samconfig.toml"), "--no-confirm-changeset",
            "--no-progressbar", "--template-file", str(self._built / "template.yaml"),
            "--parameter-overrides", *overrides,
        )  # fmt: skip

    def delete(self) -> None:
        """Delete the stack as the user does."""
        self._sam("delete", "--stack-name", STACK, "--region", REGION, "--no-prompts")

    def _sam(self, *words: str) -> None:
        done = subprocess.run(
            [_SAM, *words], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=_SECONDS,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"sam {words[0]}:\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"

    def client(self, service: str) -> Any:
        """A boto3 client of the account's owner."""
        return self._clients.client(service)

    @property
    def resources(self) -> dict[str, str]:
        """Physical ids by logical ids."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in pages
            for each in page["StackResourceSummaries"]
        }

    @property
    def description(self) -> dict[str, Any]:
        """The stack as CloudFormation describes it."""
        found: dict[str, Any] = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return found

    @cached_property
    def outputs(self) -> dict[str, str]:
        return {each["OutputKey"]: each["OutputValue"] for each in self.description["Outputs"]}

    @cached_property
    def ready(self) -> Ready:
        """Addresses and names, as a laptop cloud has them. A queue gets every notice."""
        outputs, sqs = self.outputs, self.client("sqs")
        topic_arn = outputs["NoticesTopicArn"]
        notices_url = sqs.create_queue(QueueName="notices")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=notices_url, AttributeNames=["QueueArn"])["Attributes"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": attributes["QueueArn"],
            "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=notices_url, Attributes={"Policy": policy})
        self.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=attributes["QueueArn"])
        return Ready(
            endpoint_url=self.endpoint_url,
            batch_endpoint_url=self.endpoint_url,
            api_url=f"{self.endpoint_url}/_aws/execute-api/{self.resources['RunsApi']}/$default",
            console_url=None,
            bucket=outputs["DataBucketName"],
            table=outputs["RunsTableName"],
            topic_arn=topic_arn,
            job_queue_arn=outputs["SpotJobQueueArn"],
            region=REGION,
            pid=self._emulator.pid,
            notices_queue_url=notices_url,
        )
