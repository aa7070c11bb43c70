"""The `droptrain` command: the list of its commands."""

import click

from droptrain_cli.lazy_group import LazyGroup

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
# In the order of the help.
_COMMANDS = {
    "init": "droptrain_cli.commands.init",
    "validate": "droptrain_cli.commands.validate",
    "push": "droptrain_cli.commands.push",
    "drop": "droptrain_cli.commands.drop",
    "train": "droptrain_cli.commands.train",
    "sweep": "droptrain_cli.commands.sweep",
    "projects": "droptrain_cli.commands.projects",
    "datasets": "droptrain_cli.commands.datasets",
    "runs": "droptrain_cli.commands.runs",
    "show": "droptrain_cli.commands.show",
    "name": "droptrain_cli.commands.name",
    "note": "droptrain_cli.commands.note",
    "tag": "droptrain_cli.commands.tag",
    "logs": "droptrain_cli.commands.logs",
    "tensorboard": "droptrain_cli.commands.tensorboard",
    "shell": "droptrain_cli.commands.shell",
    "get": "droptrain_cli.commands.get",
    "compare": "droptrain_cli.commands.compare",
    "export": "droptrain_cli.commands.export",
    "launch": "droptrain_cli.commands.launch",
    "rerun": "droptrain_cli.commands.rerun",
    "cancel": "droptrain_cli.commands.cancel",
    "models": "droptrain_cli.commands.models",
    "promote": "droptrain_cli.commands.promote",
    "rollback": "droptrain_cli.commands.rollback",
    "delete": "droptrain_cli.commands.delete",
    "budget": "droptrain_cli.commands.budget",
    "console": "droptrain_cli.commands.console",
    "doctor": "droptrain_cli.commands.doctor",
    "image": "droptrain_cli.commands.image",
    "local": "droptrain_cli.commands.local",
}


@click.group(cls=LazyGroup, modules=_COMMANDS, context_settings=_SETTINGS)
@click.version_option(package_name="droptrain", message="%(prog)s %(version)s")
def main() -> None:
    """Drop CSVs into an S3 bucket, get a trained model back.

    Uploads launch your own TensorFlow code as GPU jobs on AWS Batch, at Spot prices, with nothing running
    while idle. The same stack runs whole on this machine, with no AWS account and no Docker: that is what
    `droptrain local` does.

    Commands address the stack on AWS that --stack or DROPTRAIN_STACK names, else the one on this machine.
    """
