"""The `droptrain` command."""
