"""What every test takes for granted of the process that it runs in."""

import signal
from functools import cache
from typing import Any

import botocore.session
from botocore.loaders import Loader, create_loader
from hypothesis import settings

# A shell that starts tests in the background makes them, and all that they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


@cache
def shared_loader(search_path: str | None = None) -> Loader:
    """Reads the models of AWS's services once for all sessions. A client of S3 changes its own."""
    loader = create_loader(search_path)
    shared = loader.load_service_model

    def load_service_model(service_name: str, type_name: str, api_version: str | None = None) -> Any:
        changes = (service_name, type_name) == ("s3", "service-2")
        load = create_loader(search_path).load_service_model if changes else shared
        return load(service_name, type_name, api_version)

    loader.load_service_model = load_service_model  # type: ignore[method-assign]
    return loader


botocore.session.create_loader = shared_loader

# A busy machine is no failure: no example has a limit of time.
settings.register_profile("droptrain", deadline=None)
settings.load_profile("droptrain")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: gzip writes the time into some, and each worker collects for itself."""
    return argname if isinstance(val, bytes) and not val.isascii() else None
