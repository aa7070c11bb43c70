"""Serves the console until Ctrl-C, and opens it in the browser."""

import os
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager

import click

from droptrain.stack import Stack, laptop_stack
from droptrain_cli import output
from droptrain_cli.console.server import ConsoleServer
from droptrain_local.clients import Clients
from droptrain_local.state import Ready
from droptrain_local.stopping import stop_signals


def serve(stack: Stack, port: int, *, open_browser: bool, as_json: bool) -> None:
    """Serve until SIGINT or SIGTERM; PortTakenError."""
    with stop_signals() as stopped:
        server = ConsoleServer(stack, port)
        try:
            if as_json:
                document = {"url": server.session_auth.link, "port": server.port, "stack": stack.name}
                output.write_json({**document, "region": stack.region, "pid": os.getpid()})
            else:
                opens = open_browser and _has_screen()
                _tell(stack, server, opens=opens)
                if opens:
                    _open(server.session_auth.login_link())
            stopped.wait()
        finally:
            server.close()


@contextmanager
def of_laptop(ready: Ready, clients: Clients) -> Iterator[str]:
    """Serve the laptop cloud's own console while the context lasts; its link."""
    server = ConsoleServer(laptop_stack(ready, clients))
    try:
        yield server.session_auth.link
    finally:
        server.close()


def _tell(stack: Stack, server: ConsoleServer, *, opens: bool) -> None:
    of = "the laptop cloud" if stack.is_laptop else f"{stack.name} in {stack.region}"
    click.echo(f"The console of {of}:\n\n  {server.session_auth.link}\n")
    click.echo(f"{'It opens in your browser' if opens else 'Open it in your browser'}. Ctrl-C ends it.")


def _open(link: str) -> None:
    """Open the browser, in a thread: some hold up who opens them until they are closed."""
    threading.Thread(target=webbrowser.open, args=(link,), daemon=True).start()


def _has_screen() -> bool:
    """Whether a browser has a window: one in the terminal would take the terminal."""
    return sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
