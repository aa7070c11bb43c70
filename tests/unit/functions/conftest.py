"""Loads a function's app.py as Lambda does: by itself, with the template's environment; no call leaves it."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from droptrain_core.settings import Settings
from droptrain_core.telemetry import logger

FUNCTIONS = Path(__file__).parents[3] / "functions"
ENVIRONMENT = {name.upper(): f"a-{name}" for name in Settings.__dataclass_fields__} | {
    "QUIET_SECONDS": "300",
    "SETTLE_SECONDS": "30",
    "UPLOAD_CONCURRENCY": "4",
    "PAUSED": "",
    "OVERRIDE_GPUS": "1",
    "OVERRIDE_VCPUS": "8",
    "OVERRIDE_MEMORY_GIB": "32",
    "MONTHLY_BUDGET_USD": "100",
    "PROJECT_BUDGETS_USD": "",
    "MAX_RUNS_AT_ONCE": "0",
    "PREPARED_DAYS": "30",
    "NOTICES_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:notices",
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


@contextmanager
def loading(patch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """What loads `functions/<name>/app.py`; afterwards, its modules are forgotten."""
    for name, value in ENVIRONMENT.items():
        patch.setenv(name, value)
    before = set(sys.modules)

    def load_function(name: str) -> ModuleType:
        patch.setattr(logger.registered_handler, "stream", sys.stdout)
        patch.syspath_prepend(FUNCTIONS / name)
        spec = importlib.util.spec_from_file_location(f"{name}_app", FUNCTIONS / name / "app.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load_function
    for name in set(sys.modules) - before:
        if FUNCTIONS in Path(getattr(sys.modules[name], "__file__", None) or "").parents:
            del sys.modules[name]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Load `functions/<name>/app.py`."""
    with loading(monkeypatch) as load_function:
        yield load_function


@pytest.fixture(scope="module")
def _loaded_runs_api() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch, loading(patch) as load_function:
        yield load_function("runs_api")


@pytest.fixture
def runs_api(_loaded_runs_api: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The API's `app.py`, which takes many requests once it is loaded, as on Lambda."""
    monkeypatch.setattr(logger.registered_handler, "stream", sys.stdout)
    return _loaded_runs_api


@pytest.fixture
def context() -> Any:
    """What Lambda tells a handler of the invocation."""
    return SimpleNamespace(
        function_name="f",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:f",
        aws_request_id="r-1",
        get_remaining_time_in_millis=lambda: 120_000,
    )
