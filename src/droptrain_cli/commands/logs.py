"""`droptrain logs`: what the training printed."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.stack_options import stack_options


@click.command("logs", short_help="Print a run's log.")
@click.argument("run", shell_complete=complete_run)
@click.option("-f", "--follow", is_flag=True, help="Follow the log to the run's end; exits by its outcome.")
@click.option("--step", type=click.Choice(["prepare", "train"]), help="Only this step of RUN.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line: at, attempt, text.")
@stack_options
def command(stack: Stack, run: str, follow: bool, step: str | None, as_json: bool) -> None:
    """Print what RUN printed, in its preparation step and its training, all attempts one after another.

    RUN is an id, a beginning of it or of its last part, a project (its latest run), or `latest`. Only the log
    goes to stdout; how the run ended, and where another attempt begins, goes to stderr.
    """
    from droptrain_cli import watch_run

    watch_run.logs(stack, run, step, follow=follow, as_json=as_json)
