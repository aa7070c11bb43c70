"""A module for each command, which is its `command`; it loads what it needs when it runs."""
