"""CloudFormation of the one stack of a laptop: what it is made of, other parameters for it, its end."""

from collections.abc import Callable, Iterator, Mapping
from typing import IO
from uuid import uuid4
from xml.sax.saxutils import escape

from droptrain_local.aws_server import RefusedError
from droptrain_local.errors import TemplateError
from droptrain_local.provision import STACK_NAME, Stack
from droptrain_local.query_protocol import form_of

_API = "2010-05-15"  # CloudFormation's; SNS and others speak the same protocol
_XML = "text/xml"
_NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
_MADE_AT = "2026-01-01T00:00:00Z"
_HIDDEN = "****"
Form = Mapping[str, str]


class StackApi:
    """Answers for `stack`; `change` gets the parameters that somebody wants otherwise, `remove` ends it.

    `outputs` replace those that lead to AWS, by name.
    """

    def __init__(
        self,
        stack: Stack,
        outputs: Mapping[str, str],
        change: Callable[[Mapping[str, str]], None],
        remove: Callable[[], None],
    ) -> None:
        self._stack = stack
        self._outputs = outputs
        self._change = change
        self._remove = remove
        self._status = "CREATE_COMPLETE"
        self._actions: dict[str, Callable[[Form], str]] = {
            "DescribeStacks": self._describe,
            "DescribeStackResource": self._describe_resource,
            "ListStackResources": self._list_resources,
            "UpdateStack": self._update,
            "DeleteStack": self._delete,
        }

    def answer(self, target: str, body: IO[bytes]) -> tuple[str, bytes] | None:
        """The answer to a request for this stack; None for one of another service or another action."""
        form = {} if target else form_of(body)
        action = form.get("Action", "")
        if form.get("Version") != _API or action not in self._actions:
            return None
        if self._status == "DELETE_COMPLETE" or form.get("StackName") not in (STACK_NAME, self._id):
            raise _refused(f"Stack with id {form.get('StackName')} does not exist")
        result = self._actions[action](form)
        text = (
            f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{result}</{action}Result>'
            f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata></{action}Response>"
        )
        return _XML, text.encode()

    @property
    def _id(self) -> str:
        return self._stack.ref("AWS::StackId")

    def _describe(self, _: Form) -> str:
        parameters = "".join(
            _member(ParameterKey=name, ParameterValue=_HIDDEN if name in template.secret else _text(value))
            for template in [self._stack.template]
            for name, value in template.parameters.items()
        )
        values = {**self._stack.outputs(), **self._outputs}
        outputs = "".join(_member(OutputKey=name, OutputValue=value) for name, value in values.items())
        return (
            f"<Stacks><member><StackId>{self._id}</StackId><StackName>{STACK_NAME}</StackName>"
            f"<CreationTime>{_MADE_AT}</CreationTime><StackStatus>{self._status}</StackStatus>"
            f"<Parameters>{parameters}</Parameters><Outputs>{outputs}</Outputs></member></Stacks>"
        )

    def _describe_resource(self, form: Form) -> str:
        logical_id = form.get("LogicalResourceId", "")
        if logical_id not in self._stack:
            raise _refused(f"Resource {logical_id} does not exist for stack {STACK_NAME}")
        detail = _elements(StackName=STACK_NAME, StackId=self._id, **self._resource(logical_id))
        return f"<StackResourceDetail>{detail}</StackResourceDetail>"

    def _list_resources(self, _: Form) -> str:
        there = (name for name in self._stack.template.resources if name in self._stack)
        members = "".join(_member(**self._resource(name)) for name in there)
        return f"<StackResourceSummaries>{members}</StackResourceSummaries>"

    def _resource(self, logical_id: str) -> dict[str, str]:
        return {
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": self._stack.ref(logical_id),
            "ResourceType": self._stack.template.resources[logical_id]["Type"],
            "LastUpdatedTimestamp": _MADE_AT,
            "ResourceStatus": self._status,
        }

    def _update(self, form: Form) -> str:
        if form.get("UsePreviousTemplate") != "true":
            raise _refused("The laptop cloud's template is the checkout's: say --use-previous-template.")
        asked = dict(_given_parameters(form))
        now = self._stack.template.parameters
        unknown = asked.keys() - now.keys()
        if unknown:
            raise _refused(f"Parameters: [{', '.join(sorted(unknown))}] do not exist in the template")
        # As on AWS, a parameter that isn't named takes its default again.
        wanted = {**self._stack.template.defaults, **asked}
        kept = {name for name, value in wanted.items() if value is None or value == _text(now[name])}
        changes = {name: value for name, value in wanted.items() if name not in kept and value is not None}
        if not changes:
            raise _refused("No updates are to be performed.")
        try:
            self._change(changes)
        except TemplateError as error:
            raise _refused(error.message) from error
        self._status = "UPDATE_COMPLETE"
        return f"<StackId>{self._id}</StackId>"

    def _delete(self, _: Form) -> str:
        self._remove()
        self._status = "DELETE_COMPLETE"
        return ""


def _given_parameters(form: Form) -> Iterator[tuple[str, str | None]]:
    """Names and new values of an update's parameters; None for one that keeps its value."""
    number = 1
    while name := form.get(f"Parameters.member.{number}.ParameterKey"):
        keeps = form.get(f"Parameters.member.{number}.UsePreviousValue") == "true"
        yield name, None if keeps else form.get(f"Parameters.member.{number}.ParameterValue", "")
        number += 1


def _text(value: object) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


def _elements(**values: str) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())


def _member(**values: str) -> str:
    return f"<member>{_elements(**values)}</member>"


def _refused(text: str) -> RefusedError:
    body = (
        f'<ErrorResponse xmlns="{_NAMESPACE}"><Error><Type>Sender</Type><Code>ValidationError</Code>'
        f"<Message>{escape(text)}</Message></Error><RequestId>{uuid4()}</RequestId></ErrorResponse>"
    )
    return RefusedError(_XML, body.encode())
