"""`make gpu-check` without a GPU: its refusal, and its way with stand-ins for the driver and the training."""

import ast
import ctypes
import inspect
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pynvml
import pytest
from droptrain_container.gpu_use import Use
from gpu_check import __main__ as gpu_check
from gpu_check import nvml
from gpu_check.page import Seen, page, problems
from gpu_check.rehearsal import Rehearsal, StandInNvml
from support.template import ROOT

GPU_CHECK = ROOT / "tests" / "gpu_check"
TRAINING = {
    "framework": "TensorFlow 2.21.0", "gpus": ["/physical_device:GPU:0"], "steps": 100, "batch": 256,
    "loop_seconds": 160.0, "waited_seconds": 4.0, "first_loss": 1.4, "last_loss": 0.1,
}  # fmt: skip
SEEN = Seen(
    at="2026-11-25T12:00:00Z",
    commit="0123456",
    machine="Linux",
    devices=["Tesla T4, 570.172.08, 15360 MiB"],
    use=Use(count=1, busy_percent=91.0, peak_memory_gib=2.5, waiting_seconds=12.0, seconds=180.0, idle=0),
    said=[],
    training=TRAINING,
)


def test_a_machine_without_a_driver_is_refused_with_what_to_do_and_no_package_is_needed_for_that() -> None:
    result = subprocess.run(
        # -S: without site-packages, as a Python that has only what came with it.
        [sys.executable, "-S", "-m", "gpu_check"],
        env={"PATH": "/nonexistent", "PYTHONPATH": f"{ROOT / 'image'}{os.pathsep}{ROOT / 'tests'}"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert result.returncode == 71
    assert result.stdout == ""
    assert "there is no nvidia-smi" in result.stderr
    assert "No NVIDIA driver has been found" in result.stderr
    assert "nvidia-smi -L" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_python_without_a_framework_is_told_how_to_name_another(
    tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(gpu_check, "FRAMEWORKS", ())
    monkeypatch.setattr(sys, "argv", ["gpu_check"])
    assert gpu_check.main(["--rehearsal"]) == 1
    assert "make gpu-check PYTHON=" in capsys.readouterr().err


def training_script(folder: Path, *lines: str) -> Path:
    script = folder / "train.py"
    script.write_text("import json, sys, time\n" + "\n".join(lines) + "\n")
    return script


def test_the_check_measures_while_a_training_runs(tmp_path: Path) -> None:
    script = training_script(
        tmp_path, "time.sleep(float(sys.argv[1]))", "print('epoch 1')", f"print(json.dumps({TRAINING!r}))"
    )
    with Rehearsal(tmp_path) as rehearsal:
        seen = gpu_check.check(script, 3.5, rehearsal.load)
    assert seen.devices == ["Stand-in, no driver, 0 MiB"]
    assert seen.training == TRAINING
    assert seen.use is not None
    # Looks at 0, 1, 2 and 3 seconds: idle, idle, 90 %, idle.
    assert 15 <= (seen.use.busy_percent or 0) <= 30
    assert 1.5 < (seen.use.waiting_seconds or 0) < 3.5
    assert seen.use.peak_memory_gib == 1.0
    assert problems(seen) == []
    assert os.environ["PATH"].split(os.pathsep)[0] != str(tmp_path)


def test_a_training_that_fails_ends_the_check(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="exit code 3"):
        gpu_check.check(training_script(tmp_path, "sys.exit(3)"), 1, StandInNvml)


def test_the_page_has_what_was_seen_in_a_line_each() -> None:
    lines = dict(line.split(maxsplit=1) for line in page(SEEN).splitlines()[2:])
    assert lines["Visible"] == "1 GPU"
    assert lines["Driver"] == "Tesla T4, 570.172.08, 15360 MiB"
    assert lines["Busy"] == "91 % of 180 s, the mean of all GPUs"
    assert lines["Memory"] == "2.5 GiB at most in use on one GPU"
    assert lines["Waiting"] == "12 s until a GPU first had work"
    assert lines["For"] == "data   2.5 % of the steps' time"
    assert lines["Training"].startswith(
        "100 steps of 256 pictures in 160 s, 160 a second; loss 1.400 to 0.100"
    )
    assert lines["Result"] == "the GPU is visible, used and measured"


def test_a_rehearsal_can_not_be_taken_for_a_real_run() -> None:
    assert page(replace(SEEN, is_rehearsal=True)).startswith("REHEARSAL: there is no GPU here.")


def used(**changes: Any) -> Seen:
    assert SEEN.use is not None
    return replace(SEEN, use=replace(SEEN.use, **changes))


@pytest.mark.parametrize(("seen", "said"), [
    (replace(SEEN, training={**TRAINING, "gpus": []}), "TensorFlow 2.21.0 sees no GPU"),
    (replace(SEEN, training={**TRAINING, "last_loss": 1.4}), "The loss did not fall"),
    (replace(SEEN, training={**TRAINING, "last_loss": float("nan")}), "The loss did not fall"),
    (replace(SEEN, use=None, said=["How the GPUs are used isn't measured: no NVML"]), "isn't measured"),
    (replace(SEEN, use=None), "Nothing was measured"),
    (used(waiting_seconds=None), "never was busy"),
    (used(peak_memory_gib=None), "How much memory"),
])  # fmt: skip
def test_what_is_not_as_it_should_be_is_on_the_page(seen: Seen, said: str) -> None:
    assert any(said in problem for problem in problems(seen))
    assert "NOT AS IT SHOULD BE" in page(seen)


def test_both_trainings_tell_the_same_of_themselves() -> None:
    fields = {}
    for name in gpu_check.FRAMEWORKS:
        tree = ast.parse((GPU_CHECK / f"train_{name}.py").read_text("utf-8"))
        (printed,) = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
        fields[name] = {key.value for key in printed.keys if isinstance(key, ast.Constant)}
    assert fields == {name: set(TRAINING) for name in gpu_check.FRAMEWORKS}


class Library:
    """The driver's library as ctypes calls it: answers a code, and writes where it is told to."""

    def __init__(self, code: int = 0) -> None:
        self.code = code

    def nvmlInitWithFlags(self, flags: ctypes.c_uint) -> int:
        assert flags.value == 0
        return self.code

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:
        count._obj.value = 2
        return self.code

    def nvmlDeviceGetHandleByIndex_v2(self, index: ctypes.c_uint, handle: Any) -> int:
        handle._obj.value = 100 + index.value
        return self.code

    def nvmlDeviceGetUtilizationRates(self, handle: ctypes.c_void_p, rates: Any) -> int:
        rates._obj.gpu, rates._obj.memory = handle.value, 1
        return self.code

    def nvmlDeviceGetMemoryInfo(self, handle: ctypes.c_void_p, memory: Any) -> int:
        memory._obj.total, memory._obj.free, memory._obj.used = 16 << 30, 15 << 30, 1 << 30
        return self.code


def test_the_drivers_library_is_asked_as_nvidia_ml_py_asks_it() -> None:
    library = nvml.Nvml(Library())
    library.nvmlInit()
    assert library.nvmlDeviceGetCount() == 2
    handle = library.nvmlDeviceGetHandleByIndex(1)
    assert library.nvmlDeviceGetUtilizationRates(handle).gpu == 101
    assert library.nvmlDeviceGetMemoryInfo(handle).used == 1 << 30
    with pytest.raises(nvml.NVMLError, match="nvmlInitWithFlags answers 9"):
        nvml.Nvml(Library(9)).nvmlInit()
    # By the same names, and into the same structures.
    source = inspect.getsource(pynvml)
    assert all(f'"{name}"' in source for name in vars(Library) if name.startswith("nvml"))
    assert list(nvml._Utilization._fields_) == list(pynvml.c_nvmlUtilization_t._fields_)
    assert list(nvml._Memory._fields_) == list(pynvml.c_nvmlMemory_t._fields_)


def test_a_machine_without_the_drivers_library_is_an_import_error() -> None:
    try:
        ctypes.CDLL(nvml._LIBRARY)
    except OSError:
        with pytest.raises(ImportError, match=r"libnvidia-ml\.so\.1"):
            nvml.Nvml()
    else:
        nvml.Nvml().nvmlInit()


def test_the_rehearsals_nvml_has_the_names_of_nvidia_ml_py() -> None:
    names = [name for name in vars(StandInNvml) if name.startswith("nvml")]
    assert names
    assert all(callable(getattr(pynvml, name)) for name in names)
