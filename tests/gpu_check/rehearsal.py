"""Stand-ins for a GPU, to go through the check where there is none: an nvidia-smi and an NVML that say so."""

import os
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any

_NVIDIA_SMI = """#!/bin/sh
case "$1" in
    -L) echo 'GPU 0: Stand-in (UUID: none)' ;;
    *) echo 'Stand-in, no driver, 0 MiB' ;;
esac
"""
# Of eight looks three find it busy, from the third on.
_BUSY_PERCENT = (0, 0, 90, 0, 60, 0, 90, 0)
_USED_BYTES = 1 << 30


class NoErrorOfNvmlError(Exception):
    """What the stand-in never raises."""


class StandInNvml:
    """One GPU that is busy now and then."""

    NVMLError = NoErrorOfNvmlError

    def __init__(self) -> None:
        self._looks = 0

    def nvmlInit(self) -> None:
        """Nothing to begin."""

    def nvmlDeviceGetCount(self) -> int:
        return 1

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:
        self._looks += 1
        return SimpleNamespace(gpu=_BUSY_PERCENT[(self._looks - 1) % len(_BUSY_PERCENT)], memory=0)

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        return SimpleNamespace(total=2 * _USED_BYTES, used=_USED_BYTES, free=_USED_BYTES)


class Rehearsal:
    """While it lasts, the stand-in nvidia-smi, in `folder`, is the first on PATH."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = os.environ.get("PATH", "")

    def __enter__(self) -> "Rehearsal":
        command = self._folder / "nvidia-smi"
        command.write_text(_NVIDIA_SMI, "utf-8")
        command.chmod(0o755)
        os.environ["PATH"] = f"{self._folder}{os.pathsep}{self._path}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.environ["PATH"] = self._path

    @staticmethod
    def load() -> StandInNvml:
        """In place of the module pynvml."""
        return StandInNvml()
