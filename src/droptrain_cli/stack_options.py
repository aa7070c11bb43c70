"""The options by which a command addresses a stack."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from droptrain import stack as stacks

DEBUG = "droptrain_cli.debug"
Command = TypeVar("Command", bound=Callable[..., Any])


def stack_options(command: Command) -> Command:
    """Give a click command --stack, --region, --profile and --debug, and the `stack` that they name.

    The stack is found before the command runs; StackError says what to do where that fails.
    """

    @click.option(
        "--stack",
        "stack_name",
        metavar="NAME",
        envvar="DROPTRAIN_STACK",
        show_envvar=True,
        help="CloudFormation stack on AWS.  [default: the laptop cloud that runs here]",
    )
    @click.option("--region", metavar="REGION", help="AWS region of the stack.  [default: as the AWS CLI]")
    @click.option("--profile", metavar="PROFILE", help="AWS profile.  [default: as the AWS CLI]")
    @click.option("--debug", is_flag=True, help="Show the traceback of an error.")
    @functools.wraps(command)
    def with_stack(
        stack_name: str | None, region: str | None, profile: str | None, debug: bool, **rest: Any
    ) -> Any:
        click.get_current_context().meta[DEBUG] = debug
        return command(stack=stacks.find_stack(stack_name, region=region, profile=profile), **rest)

    return with_stack  # type: ignore[return-value]  # the same but for its options
