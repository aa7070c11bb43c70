"""A slice of the model's schedules; `explore.py` beside it runs as many as one likes."""

from chaos.model.machine import Everything
from hypothesis import settings

TestEverything = Everything.TestCase
TestEverything.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
