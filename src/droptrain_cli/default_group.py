"""Click groups of which one command runs if none is named."""

import click
from click.shell_completion import CompletionItem


class DefaultGroup(click.Group):
    """A group that runs its command `list` where the next word names none."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line; completion still offers the commands' names."""
        is_named = bool(args) and (not args[0].startswith("-") or args[0] in ctx.help_option_names)
        if not is_named and not ctx.resilient_parsing:
            args = ["list", *args]
        return super().parse_args(ctx, args)


class StartGroup(click.Group):
    """A group that runs its command `start` where the next word is no command's name but an argument."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line; without any word the group's help is shown."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["start", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands' names, and what `start` takes in their place."""
        [argument] = [each for each in self.commands["start"].params if isinstance(each, click.Argument)]
        return [*super().shell_complete(ctx, incomplete), *argument.shell_complete(ctx, incomplete)]
