"""`droptrain budget`: what the month has cost."""

import click

from droptrain.stack import Stack
from droptrain_cli.stack_options import stack_options


@click.command("budget", short_help="Show what the month has cost.")
@click.option("--json", "as_json", is_flag=True, help="Print it as the API gives it.")
@stack_options
def command(stack: Stack, as_json: bool) -> None:
    """Show the stack's caps: what the runs launched this month (UTC) have spent and hold of them.

    A run holds its worst case from its launch to its end. All of it is estimated from EC2's prices; the bill
    is AWS's.
    """
    from droptrain_cli import show_budget

    show_budget.show(stack, as_json=as_json)
