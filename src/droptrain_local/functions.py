"""What a function is started with: its code, its layers, its environment, as the template says."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from droptrain_local.clients import CLIENT_ENVIRONMENT
from droptrain_local.provision import Stack

MAX_PROCESSES = 2  # of one function at a time: a laptop has few cores


@dataclass(frozen=True)
class Function:
    """A Lambda function of the stack; `timeout` in seconds."""

    logical_id: str
    name: str
    arn: str
    handler: str
    folder: Path
    timeout: float
    environment: Mapping[str, str]


def functions_of(stack: Stack, endpoints: Mapping[str, str]) -> dict[str, Function]:
    """The stack's functions by ARN; `endpoints` are the variables that lead AWS clients to this laptop."""
    layers = {
        stack.ref(logical_id): stack.template.path_of(properties["Content"])
        for logical_id, properties in stack.of_type("AWS::Lambda::LayerVersion")
    }
    found = (
        _function(stack, logical_id, properties, layers, endpoints)
        for logical_id, properties in stack.of_type("AWS::Lambda::Function")
    )
    return {function.arn: function for function in found}


def _function(
    stack: Stack,
    logical_id: str,
    properties: Mapping[str, Any],
    layers: Mapping[str, Path],
    endpoints: Mapping[str, str],
) -> Function:
    name = stack.ref(logical_id)
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
    )
