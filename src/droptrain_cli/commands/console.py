"""`droptrain console`: the web page."""

import click

from droptrain.stack import Stack
from droptrain_cli.stack_options import stack_options


@click.command("console", short_help="Open the web page: every run, and a place to drop CSVs.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default="a free one", help="Port on 127.0.0.1."
)
@click.option("--no-open", is_flag=True, help="Open no browser; only print the link.")
@click.option(
    "--json", "as_json", is_flag=True, help='Print {"url", "port", "stack", ...}; opens no browser.'
)
@stack_options
def command(stack: Stack, port: int, no_open: bool, as_json: bool) -> None:
    """Serve the console on 127.0.0.1 until Ctrl-C, and open it in the browser.

    The page shows every run live, and accepts CSVs that are dropped onto it. Its calls are signed here,
    with your own AWS credentials: there is no second login, and nothing listens beyond this machine. The link
    has a token in it that is new for each start: who has the link, has your access.
    """
    from droptrain_cli import serve_console

    serve_console.serve(stack, port, open_browser=not (no_open or as_json), as_json=as_json)
