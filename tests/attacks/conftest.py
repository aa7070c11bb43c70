"""A stack of the core's own for each attack that wants one, and functions loaded as Lambda does."""

from integration.droptrain_core.conftest import stack  # noqa: F401  a fixture
from unit.functions.conftest import context, load  # noqa: F401  fixtures
