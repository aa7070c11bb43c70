"""`droptrain local`: the laptop cloud."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from droptrain_cli.hyperparameter import Hyperparameter


@click.group("local", short_help="The whole stack on this machine.")
def command() -> None:
    """The whole stack on this machine: no AWS account, no Docker, nothing listens beyond 127.0.0.1."""


@command.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="a free one",
    help="Port of the endpoint for S3, SQS, SNS, DynamoDB and CloudWatch Logs.",
)
@click.option(
    "--parameter",
    "parameters",
    type=(str, str),
    multiple=True,
    metavar="NAME VALUE",
    help="A parameter of the template, such as MonthlyBudgetUsd 5. May be given several times.",
)
def up(port: int, parameters: tuple[tuple[str, str], ...]) -> None:
    """Keep a laptop cloud running until Ctrl-C.

    Prints one JSON line when it is ready: endpoint_url, batch_endpoint_url, api_url, console_url (the link to
    the web page), bucket, table, topic_arn, job_queue_arn, region, pid and more. Any AWS client works against
    it with AWS_ENDPOINT_URL set to endpoint_url, AWS_ENDPOINT_URL_BATCH to batch_endpoint_url and the
    credentials test/test. Only that line goes to stdout.
    """
    _leave_aws_settings_out()
    with _from_a_checkout():
        from droptrain_cli import serve_console
        from droptrain_local.up import up as keep_up

    keep_up(port, dict(parameters), serve_console.of_laptop)


@command.command()
def env() -> None:
    """Print shell settings for the laptop cloud that runs: eval "$(droptrain local env)".

    After that, `aws`, boto3 and any other AWS client in this shell talk to it. Also sets BUCKET, TABLE,
    API_URL, JOB_QUEUE_ARN, TOPIC_ARN and NOTICES_QUEUE_URL.
    """
    from droptrain_local.state import read_state

    ready = read_state()
    if ready is None:
        raise click.ClickException("No laptop cloud runs. Start one in another terminal: make up")
    for name, value in ready.shell_settings().items():
        click.echo(f"export {name}={shlex.quote(value)}")
    # A profile's own settings would go before these.
    click.echo("unset AWS_PROFILE AWS_SESSION_TOKEN")


@command.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/demo"),
    show_default=True,
    help="Folder for copies of the trained model and the log.",
)
@click.option(
    "--timeout",
    "timeout_seconds",
    type=click.IntRange(min=1),
    default=180,
    show_default=True,
    help="Seconds after which the demo gives up.",
)
@click.option("--keep", is_flag=True, help="Leave the laptop cloud and its console up until Ctrl-C.")
def demo(output: Path, timeout_seconds: int, keep: bool) -> None:
    """Train the example from two dropped CSVs, and show what happens.

    Starts a laptop cloud, uploads the example's recipe and code, drops train.csv and test.csv, and then only
    watches: states, the training's log, the notice, the metrics, what it would have cost. Takes about half a
    minute. Exits with 0 only if the run SUCCEEDED. The link to the web page holds while the laptop cloud
    runs, with --keep until Ctrl-C; then other commands find it as they find that of `droptrain local up`.
    """
    _leave_aws_settings_out()
    with _from_a_checkout():
        from droptrain_cli import demo as train

    sys.exit(train.run(output, timeout_seconds, keep=keep))


@command.command()
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@click.option("--set", "settings", type=Hyperparameter(), multiple=True, help="Hyperparameter for this run.")
@click.option("--force", is_flag=True, help="Accept a --set that doesn't fit the recipe.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for what the run leaves.  [default: local-run in FOLDER]",
)
@click.option(
    "--shell", is_flag=True, help="Open a shell with the code's folder and variables in place of it."
)
def train(
    folder: Path, settings: tuple[tuple[str, Any], ...], force: bool, output: Path | None, shell: bool
) -> None:
    """Train the project in FOLDER (by default this one) here and now, without any cloud.

    The container's own entrypoint runs the code with data/ as its dataset, in a folder that is new each time,
    with the packages of droptrain's own environment. Its log goes to stdout. The code finds the variables and
    folders that it has on AWS; the S3 addresses among them are of a server that ends with the run. Exits with
    0 if the run SUCCEEDED, with 3 if it FAILED.
    """
    _leave_aws_settings_out()
    with _from_a_checkout():
        from droptrain_cli import local_train

    if shell:
        sys.exit(local_train.open_shell(folder, settings, force=force))
    sys.exit(local_train.train(folder, output or folder / "local-run", settings, force=force))


@contextmanager
def _from_a_checkout() -> Iterator[None]:
    """Name the package of the laptop cloud if it isn't installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"The laptop cloud needs {error.name}, and the template: it runs from a checkout of droptrain. "
            "Clone it, and say there: make up"
        ) from error


def _leave_aws_settings_out() -> None:
    """The user's own profile, credentials and endpoints have no say in the laptop cloud, in no part of it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
