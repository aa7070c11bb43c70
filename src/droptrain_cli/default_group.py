"""A click group of which one command runs if none is named."""

import click


class DefaultGroup(click.Group):
    """A group that runs its command `list` where the next word names none."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line; completion still offers the commands' names."""
        is_named = bool(args) and (not args[0].startswith("-") or args[0] in ctx.help_option_names)
        if not is_named and not ctx.resilient_parsing:
            args = ["list", *args]
        return super().parse_args(ctx, args)
