"""The option --debug, for commands that address no stack."""

import click

from droptrain_cli.stack_options import DEBUG


def _remember(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    context.meta[DEBUG] = value


debug_option = click.option(
    "--debug", is_flag=True, expose_value=False, callback=_remember, help="Show the traceback of an error."
)
