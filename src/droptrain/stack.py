"""Which stack is meant: one on AWS by its name, or the laptop cloud that runs here."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from droptrain.errors import StackError

if TYPE_CHECKING:
    import boto3
    from botocore.httpsession import URLLib3Session

    from droptrain_local.clients import Clients
    from droptrain_local.state import Ready

LAPTOP = "laptop"
_CONNECT_SECONDS = 10
_READ_SECONDS = 35  # API Gateway answers within 30
_NO_STACK = (
    "No stack is named and no laptop cloud runs. Name a stack (--stack NAME, or DROPTRAIN_STACK), "
    "or start a laptop cloud in another terminal: make up"
)
# Ends of a creation after which a stack can only be deleted.
_NEVER_CREATED = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")


@dataclass(frozen=True)
class Stack:
    """Where a stack is, and clients for it.

    `name` is CloudFormation's, or LAPTOP. `api_url` has no slash at its end. `session` has the credentials
    and the region. The policies are those that the stack offers to who reads and to who does more. Clients
    may be shared by threads.
    """

    name: str
    region: str
    api_url: str
    bucket: str
    session: "boto3.Session"
    reader_policy: str = "ReaderPolicy"
    operator_policy: str = "OperatorPolicy"
    _laptop_client: Callable[[str], Any] | None = None
    _made: dict[str, Any] = field(default_factory=dict)

    @property
    def is_laptop(self) -> bool:
        """Whether this is the laptop cloud."""
        return self._laptop_client is not None

    def client(self, service: str) -> Any:
        """The boto3 client of a service, such as "s3", at this stack's endpoint; made once."""
        if self._laptop_client:
            return self._laptop_client(service)
        if service not in self._made:
            untyped: Any = self.session
            self._made[service] = untyped.client(service)
        return self._made[service]

    def renew_credentials(self) -> None:
        """Read the credentials anew where the session found them: the user may have signed in again.

        botocore keeps the first credentials that it finds in a file for as long as the session lives.
        """
        if self.is_laptop:
            return
        untyped: Any = self.session
        untyped._session._credentials = None
        self._made.clear()

    def http(self, url: str) -> "URLLib3Session":
        """A client for plain HTTP to `url`'s host, by the proxies and certificates that AWS clients use."""
        from botocore.httpsession import URLLib3Session  # noqa: PLC0415  --help stays fast
        from botocore.utils import get_environ_proxies  # noqa: PLC0415

        untyped: Any = self.session
        bundle = untyped._session.get_config_variable("ca_bundle")
        proxies = {} if self.is_laptop else get_environ_proxies(url)
        timeout: Any = (_CONNECT_SECONDS, _READ_SECONDS)
        return URLLib3Session(verify=bundle or True, proxies=proxies, timeout=timeout)


def failures_of(name: str) -> str:
    """The command that shows which of a stack's resources failed, and why."""
    failed = "StackEvents[?ends_with(ResourceStatus, '_FAILED')].[LogicalResourceId,ResourceStatusReason]"
    return f'aws cloudformation describe-stack-events --stack-name {name} --output table --query "{failed}"'


def find_stack(name: str | None, *, region: str | None = None, profile: str | None = None) -> Stack:
    """The stack `name` on AWS; without a name, the laptop cloud that runs here. StackError."""
    if name:
        return _on_aws(name, region, profile)
    if region or profile:
        raise StackError("--region and --profile belong to a stack on AWS. Name it: --stack NAME")
    return _on_laptop()


def _on_laptop() -> Stack:
    from droptrain_local.clients import Clients  # noqa: PLC0415  --help stays fast
    from droptrain_local.state import read_state  # noqa: PLC0415

    ready = read_state()
    if ready is None:
        raise StackError(_NO_STACK)
    clients = Clients(ready.endpoint_url)
    clients.address("batch", ready.batch_endpoint_url)
    return laptop_stack(ready, clients)


def laptop_stack(ready: "Ready", clients: "Clients") -> Stack:
    """The laptop cloud that is ready, as a stack; their creator closes its clients."""
    return Stack(
        name=LAPTOP,
        region=ready.region,
        api_url=ready.api_url.rstrip("/"),
        bucket=ready.bucket,
        session=clients.session,
        _laptop_client=clients.client,
    )


def _on_aws(name: str, region: str | None, profile: str | None) -> Stack:
    import boto3  # noqa: PLC0415  --help stays fast

    # The AWS CLI reads AWS_REGION before AWS_DEFAULT_REGION; boto3 reads only the latter.
    session = boto3.Session(profile_name=profile, region_name=region or os.environ.get("AWS_REGION"))
    found = _described(session, name)
    if found["StackStatus"] in _NEVER_CREATED:
        raise StackError(
            f"The stack {name} could not be created ({found['StackStatus']}), and CloudFormation can't "
            f"update such a stack. See why: {failures_of(name)}\n"
            "Then delete it, fix the cause and deploy again: "
            f"aws cloudformation delete-stack --stack-name {name} && "
            f"aws cloudformation wait stack-delete-complete --stack-name {name}"
        )
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    try:
        return Stack(
            name=name,
            region=session.region_name,
            api_url=outputs["ApiUrl"].rstrip("/"),
            bucket=outputs["DataBucketName"],
            session=session,
            reader_policy=outputs["ReaderPolicyArn"],
            operator_policy=outputs["OperatorPolicyArn"],
        )
    except KeyError as missing:
        raise StackError(
            f"The stack {name} in {session.region_name} is {found['StackStatus']} and has no output "
            f"{missing}: it isn't droptrain's, or is still being deployed. Name another with --stack."
        ) from None


def _described(session: "boto3.Session", name: str) -> Mapping[str, Any]:
    from botocore.config import Config  # noqa: PLC0415  --help stays fast
    from botocore.exceptions import ClientError  # noqa: PLC0415

    untyped: Any = session
    client = untyped.client(
        "cloudformation", config=Config(connect_timeout=_CONNECT_SECONDS, retries={"mode": "standard"})
    )
    try:
        found: Mapping[str, Any] = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise StackError(
            f"There is no stack {name} in {session.region_name}. Name another with --stack, or its region "
            "with --region."
        ) from None
    return found
