"""The recipe and its publication."""
