"""Follows one sweep to its end."""

import time
from collections.abc import Iterator
from typing import Any

from droptrain.api import Api
from droptrain.find_sweep import read_sweep
from droptrain.patience import Patience
from droptrain.stack import Stack

ENDS = ("SUCCEEDED", "FAILED", "CANCELLED")
_LAPTOP_LOOK_SECONDS = 0.5
_AWS_LOOK_SECONDS = 3.0


def follow_sweep(stack: Stack, api: Api, sweep_id: str) -> Iterator[dict[str, Any]]:
    """The sweep with its trials as it is now, and each time that it has changed; ends when it has ended."""
    seen: dict[str, Any] = {}
    sweep = read_sweep(api, sweep_id)  # without patience: it says whether there is anything to follow
    patience = Patience()
    while True:
        if sweep != seen:
            seen = sweep
            yield sweep
        if sweep["status"] in ENDS:
            return
        time.sleep(_LAPTOP_LOOK_SECONDS if stack.is_laptop else _AWS_LOOK_SECONDS)
        with patience.attempt():
            sweep = read_sweep(api, sweep_id)
