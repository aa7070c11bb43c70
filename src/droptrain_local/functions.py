"""What a function is started with: its code, its layers, its environment, as the template says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from droptrain_local.clients import CLIENT_ENVIRONMENT
from droptrain_local.permissions.sessions import Session
from droptrain_local.provision import Stack

MAX_PROCESSES = 2  # of one function at a time: a laptop has few cores


@dataclass(frozen=True)
class Function:
    """A Lambda function of the stack; `timeout` in seconds, `session` is its role's."""

    logical_id: str
    name: str
    arn: str
    handler: str
    folder: Path
    timeout: float
    environment: Mapping[str, str]
    session: Session = field(default_factory=dict)


def functions_of(
    stack: Stack, endpoints: Mapping[str, str], assume: Callable[[str, str], Session]
) -> dict[str, Function]:
    """The stack's functions by ARN; `endpoints` are the variables that lead AWS clients to this laptop.

    `assume` answers a session of a role, by its ARN and a name for the session.
    """
    layers = {
        stack.ref(logical_id): stack.template.path_of(properties["Content"])
        for logical_id, properties in stack.of_type("AWS::Lambda::LayerVersion")
    }
    found = (
        _function(stack, logical_id, properties, layers, endpoints, assume)
        for logical_id, properties in stack.of_type("AWS::Lambda::Function")
    )
    return {function.arn: function for function in found}


def _function(
    stack: Stack,
    logical_id: str,
    properties: Mapping[str, Any],
    layers: Mapping[str, Path],
    endpoints: Mapping[str, str],
    assume: Callable[[str, str], Session],
) -> Function:
    name = stack.ref(logical_id)
    session = assume(properties["Role"], name)
    folder = stack.template.path_of(properties["Code"])
    log_group = properties.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{name}")
    return Function(
        logical_id=logical_id,
        name=name,
        arn=stack.attribute(logical_id, "Arn"),
        handler=properties["Handler"],
        folder=folder,
        timeout=float(properties["Timeout"]),
        environment={
            **CLIENT_ENVIRONMENT,
            **session,
            **endpoints,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{properties['Runtime']}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(properties["MemorySize"]),
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": "laptop",
            "LAMBDA_TASK_ROOT": str(folder),
            "LANG": "en_US.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": ":".join(str(layers[layer]) for layer in properties.get("Layers", [])),
            "TZ": ":UTC",
            "_HANDLER": properties["Handler"],
            **{key: str(value) for key, value in properties["Environment"]["Variables"].items()},
        },
        session=session,
    )
