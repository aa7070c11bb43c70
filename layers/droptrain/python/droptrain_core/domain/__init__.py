"""The rules: pure functions and frozen data, no AWS, no clock, no environment."""
