"""What can go wrong with a laptop cloud, each error naming its fix."""

import click


class LaptopError(click.ClickException):
    """The laptop cloud can't do what was asked; the command line shows the message and ends with 1."""


class TemplateError(LaptopError):
    """The template is missing, or has something that the laptop cloud doesn't know."""


class PortTakenError(LaptopError):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} is taken by another program. Give a free one with --port, or none.")


class AlreadyRunningError(LaptopError):
    """A laptop cloud runs already for this user, or in this process."""
