"""Prices, estimates, costs, budgets."""
