"""Keeps a laptop cloud running where other commands find it."""

import shutil
from collections.abc import Mapping

import click

from droptrain_local.cloud import LaptopCloud, ServeConsole
from droptrain_local.errors import AlreadyRunningError
from droptrain_local.state import read_state, remove_state, state_folder, write_state
from droptrain_local.stopping import stop_signals


def up(
    port: int = 0, parameters: Mapping[str, str] | None = None, serve_console: ServeConsole | None = None
) -> None:
    """Keep a laptop cloud running until SIGINT or SIGTERM; the ready line goes to stdout and a file.

    `parameters` are the template's, where they differ from a laptop's.
    """
    running = read_state()
    if running:
        raise AlreadyRunningError(
            f"A laptop cloud runs already: process {running.pid}, {running.endpoint_url}. "
            f"Use it, or stop it first (Ctrl-C where it runs, or kill {running.pid})."
        )
    work_dir = state_folder() / "laptop"
    shutil.rmtree(work_dir, ignore_errors=True)
    made = LaptopCloud(port, work_dir=work_dir, parameters=parameters, serve_console=serve_console)
    with stop_signals() as stopped, made as cloud:
        write_state(cloud.ready)
        click.echo(cloud.ready.to_json())
        console = f"The console: {cloud.ready.console_url}\n" if cloud.ready.console_url else ""
        click.echo(
            f"Ready. Logs of the functions: {work_dir / 'logs'}. Ctrl-C stops.\n{console}"
            'In another terminal: source .venv/bin/activate && eval "$(droptrain local env)"',
            err=True,
        )
        try:
            stopped.wait()
        finally:
            remove_state(cloud.ready.pid)
