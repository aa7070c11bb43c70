"""NVML by ctypes, with the few functions of nvidia-ml-py that the sampling uses, for a machine that lacks it.

The names, numbers and structures are those of NVIDIA's nvml.h.
"""

import ctypes
from typing import Any

_LIBRARY = "libnvidia-ml.so.1"


class NVMLError(Exception):
    """A function of NVML that did not answer 0."""


class _Utilization(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


class _Memory(ctypes.Structure):
    _fields_ = (
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


class Nvml:
    """What `Sampler` needs of the module pynvml, over the driver's own library."""

    NVMLError = NVMLError

    def __init__(self, library: Any = None) -> None:
        """ImportError if there is no driver's library."""
        try:
            self._library = library or ctypes.CDLL(_LIBRARY)
        except OSError as error:
            raise ImportError(str(error)) from error

    def nvmlInit(self) -> None:
        self._call("nvmlInitWithFlags", ctypes.c_uint(0))

    def nvmlDeviceGetCount(self) -> int:
        count = ctypes.c_uint()
        self._call("nvmlDeviceGetCount_v2", ctypes.byref(count))
        return count.value

    def nvmlDeviceGetHandleByIndex(self, index: int) -> ctypes.c_void_p:
        handle = ctypes.c_void_p()
        self._call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(handle))
        return handle

    def nvmlDeviceGetUtilizationRates(self, handle: ctypes.c_void_p) -> _Utilization:
        rates = _Utilization()
        self._call("nvmlDeviceGetUtilizationRates", handle, ctypes.byref(rates))
        return rates

    def nvmlDeviceGetMemoryInfo(self, handle: ctypes.c_void_p) -> _Memory:
        memory = _Memory()
        self._call("nvmlDeviceGetMemoryInfo", handle, ctypes.byref(memory))
        return memory

    def _call(self, name: str, *arguments: Any) -> None:
        code = getattr(self._library, name)(*arguments)
        if code:
            raise NVMLError(f"{name} answers {code}")
