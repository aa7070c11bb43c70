"""`droptrain export`: runs in other programs."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.stack_options import stack_options


@click.group("export", short_help="Log runs to MLflow.")
def command() -> None:
    """Bring runs into other programs."""


@command.command("mlflow", short_help="Log runs to an MLflow tracking server.")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, shell_complete=complete_run)
@click.option(
    "--to",
    "address",
    metavar="URL",
    envvar="MLFLOW_TRACKING_URI",
    show_envvar=True,
    help="The tracking server.",
)
@click.option("--experiment", metavar="NAME", help="Experiment to log into.  [default: the project's name]")
@click.option(
    "--newest", metavar="COUNT", type=click.IntRange(1, 1000), default=100, show_default=True,
    help="How many of a project's runs.",
)  # fmt: skip
@click.option(
    "--follow", is_flag=True, help="Log each run once it has ended, also those to come, until Ctrl-C."
)
@click.option("--json", "as_json", is_flag=True, help='A line {"run_id", "status", "url"} for each run.')
@stack_options
def mlflow(
    stack: Stack,
    runs: tuple[str, ...],
    address: str | None,
    experiment: str | None,
    newest: int,
    follow: bool,
    as_json: bool,
) -> None:
    """Log RUN... to an MLflow tracking server: parameters, metrics by step, tags, places of files, outcome.

    RUN is a project (its newest runs), an id, a beginning of it or of its last part, or `latest`. A run that
    was logged before is brought up to date. The server's credentials are MLFLOW_TRACKING_TOKEN, or
    MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.
    """
    from droptrain_cli import export_mlflow

    export_mlflow.export(stack, runs, address, experiment, newest, follow=follow, as_json=as_json)
