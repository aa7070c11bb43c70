"""How the GPUs are used while the script runs: sampled through NVML, the driver's own library."""

import importlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

SAMPLE_SECONDS = 1.0
_GIB = 1 << 30


@dataclass(frozen=True)
class Use:
    """What was seen of `count` GPUs in `seconds`, the mean and the peak over all of them.

    `busy_percent` is None where the driver doesn't tell, `waiting_seconds` until the first work None if there
    never was any. `idle` GPUs never were busy.
    """

    count: int
    busy_percent: float | None
    peak_memory_gib: float | None
    waiting_seconds: float | None
    seconds: float
    idle: int


@dataclass
class _Recent:
    """What was seen since somebody last asked, over all GPUs."""

    busy: int = 0
    looks: int = 0
    peak_bytes: int = 0


class Sampler:
    """A thread that looks at every GPU each second. A driver that hangs hangs only this thread."""

    def __init__(
        self,
        say: Callable[[str], None],
        load: Callable[[], Any] = lambda: importlib.import_module("pynvml"),
        clock: Callable[[], float] = time.monotonic,
        sample_seconds: float = SAMPLE_SECONDS,
    ) -> None:
        """`load` gives NVML's module as nvidia-ml-py has it; ImportError where there is none."""
        self._say = say
        self._load = load
        self._clock = clock
        self._sample_seconds = sample_seconds
        self._started = clock()
        self._lock = threading.Lock()
        self._busy: list[int] = []
        self._samples: list[int] = []
        self._peak_bytes = 0
        self._recent = _Recent()
        self._waiting_seconds: float | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gpu", daemon=True)

    def start(self) -> None:
        """Sample from now on, until `finish`."""
        self._thread.start()

    def since_last(self) -> dict[str, float]:
        """The mean utilization and the most memory in use since this was last called, of what was seen."""
        with self._lock:
            recent, self._recent = self._recent, _Recent()
        seen: dict[str, float] = {}
        if recent.looks:
            seen["gpu_busy_percent"] = round(recent.busy / recent.looks, 1)
        if recent.peak_bytes:
            seen["gpu_memory_gib"] = round(recent.peak_bytes / _GIB, 2)
        return seen

    def finish(self) -> Use | None:
        """End the thread; what it has seen, None if nothing."""
        self._stopped.set()
        self._thread.join(self._sample_seconds)
        with self._lock:
            total = sum(self._samples)
            if not total and not self._peak_bytes:
                return None
            return Use(
                count=len(self._samples),
                busy_percent=round(sum(self._busy) / total, 1) if total else None,
                peak_memory_gib=round(self._peak_bytes / _GIB, 2) if self._peak_bytes else None,
                waiting_seconds=self._waiting_seconds,
                seconds=round(self._clock() - self._started, 1),
                idle=sum(
                    1 for busy, looks in zip(self._busy, self._samples, strict=True) if looks and not busy
                ),
            )

    def _run(self) -> None:
        try:
            nvml = self._load()
        except ImportError as error:
            self._say(f"How the GPUs are used isn't measured: {error}")
            return
        try:
            nvml.nvmlInit()
            gpus = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
        except nvml.NVMLError as error:
            self._say(f"How the GPUs are used isn't measured: NVML says {error}")
            return
        with self._lock:
            self._busy, self._samples = [0] * len(gpus), [0] * len(gpus)
        while not self._stopped.is_set():
            self._look(nvml, gpus)
            self._stopped.wait(self._sample_seconds)

    def _look(self, nvml: Any, gpus: Sequence[Any]) -> None:
        for index, gpu in enumerate(gpus):
            # A GPU that is cut into instances (MIG) reports its memory, but no utilization.
            rates = self._ask(nvml, nvml.nvmlDeviceGetUtilizationRates, gpu)
            memory = self._ask(nvml, nvml.nvmlDeviceGetMemoryInfo, gpu)
            with self._lock:
                if memory is not None:
                    self._peak_bytes = max(self._peak_bytes, memory.used)
                    self._recent.peak_bytes = max(self._recent.peak_bytes, memory.used)
                if rates is None:
                    continue
                self._samples[index] += 1
                self._busy[index] += rates.gpu
                self._recent.looks += 1
                self._recent.busy += rates.gpu
                if rates.gpu and self._waiting_seconds is None:
                    self._waiting_seconds = round(self._clock() - self._started, 1)

    @staticmethod
    def _ask(nvml: Any, question: Callable[[Any], Any], gpu: Any) -> Any:
        try:
            return question(gpu)
        except nvml.NVMLError:
            return None
