"""A slice of the model's schedules; `python -m chaos.model` runs as many as one likes."""

from chaos.model.machine import Everything, Launching
from chaos.model.retrain_machine import Retraining
from chaos.model.sweep_machine import Sweeping
from hypothesis import settings

SLICE = settings(max_examples=120, stateful_step_count=40, deadline=None)

TestLaunching = Launching.TestCase
TestLaunching.settings = SLICE
TestEverything = Everything.TestCase
TestEverything.settings = SLICE
TestSweeping = Sweeping.TestCase
TestSweeping.settings = SLICE
TestRetraining = Retraining.TestCase
TestRetraining.settings = settings(SLICE, max_examples=60)
