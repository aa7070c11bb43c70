"""Datasets: names, readiness, records."""
