"""`droptrain shell`: a shell beside a running training."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.stack_options import stack_options


@click.command("shell", short_help="Open a shell in a running container.")
@click.argument("run", shell_complete=complete_run)
@stack_options
def command(stack: Stack, run: str) -> None:
    """Open a shell beside the script of RUN, which has to be RUNNING: in its folder, with its variables.

    RUN is an id, a beginning of it or of its last part, a project (its latest run), or `latest`. The shell
    has the user of the script, and ends with its container.

    On AWS the stack needs the parameter AllowShell=yes, you need its policy ShellPolicyArn, and this machine
    AWS's session-manager-plugin.
    """
    from droptrain_cli import open_shell

    open_shell.open_shell(stack, run)
