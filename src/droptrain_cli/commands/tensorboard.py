"""`droptrain tensorboard`: runs in TensorBoard, while they train."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.stack_options import stack_options


@click.command("tensorboard", short_help="Show runs in TensorBoard, as they train.")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, shell_complete=complete_run)
@click.option(
    "--newest", metavar="COUNT", type=click.IntRange(1, 100), default=10, show_default=True,
    help="How many of a project's runs.",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default="a free one", help="Port on 127.0.0.1."
)
@click.option("--json", "as_json", is_flag=True, help='Print {"url", "folder", "pid"}.')
@stack_options
def command(stack: Stack, runs: tuple[str, ...], newest: int, port: int, as_json: bool) -> None:
    """Serve TensorBoard on 127.0.0.1 with RUN..., until Ctrl-C; needs TensorBoard (pip install tensorboard).

    RUN is a project (its newest runs, and those that it gets meanwhile), an id, a beginning of it or of its
    last part, or `latest`.

    Each run has the curves of its metrics, which grow while it trains. When it has ended, the event files
    that it left come too, below the path that they have in the run's folder: images, histograms, graphs.
    """
    from droptrain_cli import serve_tensorboard

    serve_tensorboard.serve(stack, runs, newest, port, as_json=as_json)
