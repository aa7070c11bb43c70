"""The GPUs: seen or not, how they are used, and what is advised. NVML is a stand-in; its errors are real."""

import stat
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest
from droptrain_container import advice, gpu
from droptrain_container.exit_codes import EndError
from droptrain_container.gpu_use import Sampler, Use


class Nvml:
    """nvidia-ml-py's functions over `looks`: for each look, (percent or None, bytes) of every GPU."""

    NVMLError = pynvml.NVMLError

    def __init__(self, *looks: list[tuple[int | None, int]], fails: int | None = None) -> None:
        self.looks = list(looks)
        self.fails = fails
        self.seen = 0
        self.is_done = threading.Event()

    def nvmlInit(self) -> None:
        if self.fails is not None:
            raise pynvml.NVMLError(self.fails)

    def nvmlDeviceGetCount(self) -> int:
        return len(self.looks[0])

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:
        percent = self.looks[min(self.seen, len(self.looks) - 1)][handle][0]
        if percent is None:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return SimpleNamespace(gpu=percent, memory=0)

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        used = self.looks[min(self.seen, len(self.looks) - 1)][handle][1]
        if handle == self.nvmlDeviceGetCount() - 1:
            self.seen += 1
            if self.seen >= len(self.looks):
                self.is_done.set()
                time.sleep(10)  # what is seen here is never looked at: the thread hangs, as in a driver
        return SimpleNamespace(total=16 << 30, used=used, free=0)


def sampled(nvml: Nvml, said: list[str]) -> Use | None:
    clock = SimpleNamespace(now=0.0)

    def tick() -> float:
        clock.now += 1
        return clock.now

    sampler = Sampler(said.append, load=lambda: nvml, clock=tick, sample_seconds=0.01)
    sampler.start()
    nvml.is_done.wait(5)
    return sampler.finish()


def test_the_stand_in_has_the_names_of_nvidia_ml_py() -> None:
    names = [name for name in vars(Nvml) if name.startswith("nvml")]
    assert names
    assert all(callable(getattr(pynvml, name)) for name in names)
    assert [name for name, _ in pynvml.c_nvmlUtilization_t._fields_] == ["gpu", "memory"]
    assert "used" in [name for name, _ in pynvml.c_nvmlMemory_t._fields_]


def test_use_is_the_mean_of_all_looks_and_the_peak_of_all_gpus() -> None:
    said: list[str] = []
    nvml = Nvml(
        [(0, 1 << 30), (0, 1 << 30)],
        [(40, 2 << 30), (0, 1 << 30)],
        [(80, 3 << 30), (0, 5 << 30)],
        [(0, 0)] * 2,
    )
    use = sampled(nvml, said)
    assert use is not None
    # The last look hangs at its last question, and the percentages before that are in.
    assert use.count == 2
    assert use.busy_percent == pytest.approx(120 / 7, abs=0.1)
    assert use.peak_memory_gib == 5
    assert use.waiting_seconds is not None
    assert use.idle == 1
    assert said == []


def test_what_was_seen_since_somebody_last_asked_is_told_once() -> None:
    nvml = Nvml([(40, 2 << 30)], [(80, 3 << 30)], [(0, 0)])
    sampler = Sampler(print, load=lambda: nvml, sample_seconds=0.01)
    sampler.start()
    nvml.is_done.wait(5)
    assert sampler.since_last() == {"gpu_busy_percent": 60.0, "gpu_memory_gib": 3.0}  # the last look hangs
    assert sampler.since_last() == {}
    sampler.finish()


def test_a_gpu_that_tells_no_utilization_tells_its_memory() -> None:
    use = sampled(Nvml([(None, 3 << 29)], [(None, 0)]), [])
    assert use is not None
    assert (use.count, use.busy_percent, use.peak_memory_gib, use.waiting_seconds) == (1, None, 1.5, None)


def test_a_driver_that_is_not_there_is_said_and_nothing_else() -> None:
    said: list[str] = []
    nvml = Nvml([(0, 0)], fails=pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)
    sampler = Sampler(said.append, load=lambda: nvml)
    sampler.start()
    assert sampler.finish() is None
    assert said == ["How the GPUs are used isn't measured: NVML says NVML Shared Library Not Found"]


def test_the_real_module_on_a_machine_without_a_gpu_measures_nothing() -> None:
    said: list[str] = []
    sampler = Sampler(said.append, load=lambda: pynvml)
    sampler.start()
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        assert sampler.finish() is None
        assert "isn't measured" in said[0]
    else:
        pytest.skip("this machine has a GPU")


def use(**changes: Any) -> Use:
    values = {"count": 1, "busy_percent": 90.0, "peak_memory_gib": 13.0, "waiting_seconds": 20.0,
              "seconds": 600.0, "idle": 0}  # fmt: skip
    return Use(**(values | changes))


@pytest.mark.parametrize(("seen", "said"), [
    (None, None),
    (use(), None),
    (use(busy_percent=11.0, seconds=120.0), None),
    (use(busy_percent=30.0), None),
    (use(busy_percent=None), None),
    (use(busy_percent=11.4), "The GPU was busy 11 % of the time: the input pipeline is the bottleneck"),
    (use(busy_percent=0.0, waiting_seconds=None, idle=1), "The GPU was never busy"),
    (use(count=2, busy_percent=0.0, waiting_seconds=None, idle=2), "The 2 GPUs were never busy"),
    (use(busy_percent=11.0, waiting_seconds=400.0), "first used after 400 of 600 s"),
    (use(count=4, busy_percent=24.0, idle=3), "3 of 4 GPUs were never busy"),
])  # fmt: skip
def test_advice_is_given_only_where_there_was_time_to_judge(seen: Use | None, said: str | None) -> None:
    given = advice.of_gpu(seen)
    assert len(given) == (0 if said is None else 1)
    if said:
        assert said in given[0]
        assert given[0].endswith("see docs/gpu.md.")
        assert len(given[0]) <= 300


def test_a_long_spot_training_without_a_checkpoint_is_told_so() -> None:
    def of(**changes: Any) -> list[str]:
        values = {
            "is_spot": True,
            "has_checkpoint": False,
            "script_seconds": 2520.0,
            "interval_seconds": 30.0,
        }
        return advice.of_checkpoints(**(values | changes))

    assert of()[0].startswith(
        "The script ran for 42 min on a Spot instance and wrote nothing to CHECKPOINT_DIR"
    )
    assert len(of()[0]) <= 300
    assert of(is_spot=False) == of(has_checkpoint=True) == of(script_seconds=900) == []
    assert of(interval_seconds=900) == [], "less than three intervals"


def nvidia_smi(folder: Path, monkeypatch, script: str) -> None:
    command = folder / "nvidia-smi"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_an_nvidia_smi_that_hangs_is_waited_for_only_so_long(tmp_path: Path, monkeypatch) -> None:
    nvidia_smi(tmp_path, monkeypatch, "echo 'Unable to determine the device handle'; exec sleep 60")
    started = time.monotonic()
    with pytest.raises(EndError, match=r"didn't end within 0\.3 s; nvidia-smi says Unable to determine"):
        gpu.check(1, timeout_seconds=0.3)
    assert time.monotonic() - started < 3


def test_a_machine_without_nvidia_smi_has_no_gpu(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EndError, match="2 GPUs and none can be seen: there is no nvidia-smi"):
        gpu.check(2)
