"""Sweeps: searches over hyperparameters, whose trials are ordinary runs under one reservation."""
