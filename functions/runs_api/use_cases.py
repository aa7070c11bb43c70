"""The use cases behind the routes, made when the first request needs them."""

import os
from functools import cache
from typing import TYPE_CHECKING

from droptrain_core.settings import Settings
from droptrain_core.wiring import Wiring

if TYPE_CHECKING:
    from droptrain_core.cancel import Cancel
    from droptrain_core.cancel_sweep import CancelSweep
    from droptrain_core.datasets import Datasets
    from droptrain_core.describe import Describe
    from droptrain_core.launch.requests import LaunchRequests
    from droptrain_core.launch.sweep_requests import SweepRequests
    from droptrain_core.promote import Promote
    from droptrain_core.query import Query
    from droptrain_core.query_sweeps import QuerySweeps
    from droptrain_core.read_costs import ReadCosts
    from droptrain_core.read_models import ReadModels
    from droptrain_core.read_retraining import ReadRetraining
    from droptrain_core.read_sources import ReadSources
    from droptrain_core.read_timing import ReadTiming
    from droptrain_core.results import Results
    from droptrain_core.spending import Spending

settings = Settings.from_environment(os.environ)
_wiring = Wiring(settings)


@cache
def launch() -> "LaunchRequests":
    """Requests become runs."""
    return _wiring.launch_requests()


@cache
def query() -> "Query":
    """Runs are read."""
    return _wiring.query()


@cache
def cancel() -> "Cancel":
    """Runs end on request."""
    return _wiring.cancel()


@cache
def describe() -> "Describe":
    """Runs are named, noted and tagged."""
    return _wiring.describe()


@cache
def results() -> "Results":
    """What runs left is read."""
    return _wiring.results()


@cache
def promote() -> "Promote":
    """Models become current."""
    return _wiring.promote()


@cache
def read_models() -> "ReadModels":
    """The models of projects are read."""
    return _wiring.read_models()


@cache
def read_retraining() -> "ReadRetraining":
    """When projects train again is read."""
    return _wiring.read_retraining()


@cache
def read_sources() -> "ReadSources":
    """The code and the recipe of runs are read."""
    return _wiring.read_sources()


@cache
def read_timing() -> "ReadTiming":
    """The timing of runs is read."""
    return _wiring.read_timing()


@cache
def datasets() -> "Datasets":
    """Datasets are dropped and deleted."""
    return _wiring.datasets()


@cache
def spending() -> "Spending":
    """What the month has cost is read."""
    return _wiring.spending()


@cache
def costs() -> "ReadCosts":
    """What runs cost is read by day and project."""
    return _wiring.costs()


@cache
def sweeps() -> "SweepRequests":
    """Requests become sweeps."""
    return _wiring.launch_sweeps()


@cache
def query_sweeps() -> "QuerySweeps":
    """Sweeps are read."""
    return _wiring.query_sweeps()


@cache
def cancel_sweep() -> "CancelSweep":
    """Sweeps end on request."""
    return _wiring.cancel_sweep()
