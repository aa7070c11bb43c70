"""Runs the check: python -m gpu_check [--seconds 180] [--framework tensorflow|torch] [--rehearsal]

It needs nothing but Python, with TensorFlow or PyTorch in it, and a driver. Ends with 0 if all is as it
should be, 1 if not, 71 if no GPU can be seen: the exit code that a run's container would have.
"""

import argparse
import importlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from droptrain_container import gpu
from droptrain_container.exit_codes import EXIT_CODES, EndError
from droptrain_container.gpu_use import Sampler

from gpu_check.nvml import Nvml
from gpu_check.page import Seen, page, problems
from gpu_check.rehearsal import Rehearsal

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "build" / "gpu-check.txt"
FRAMEWORKS = ("tensorflow", "torch")
# Beside the training: imports, the first compilation, and the making of the data.
START_SECONDS = 300

WITHOUT_A_GPU = """\
The entrypoint's own check says: {message}

No NVIDIA driver has been found, so there is nothing to check here. What to do:
  - On a machine with an NVIDIA GPU, install its driver; `nvidia-smi -L` has to list the GPU.
  - In a container, give it the GPU: docker run --gpus all ...
  - On AWS, a g4dn.xlarge with the ECS GPU AMI or the Deep Learning AMI has everything.
  - To see what the check does, without a GPU: make gpu-check REHEARSAL=1
"""
WITHOUT_A_FRAMEWORK = """\
Neither TensorFlow nor PyTorch is in {python}.
Name a Python that has one: make gpu-check PYTHON=/path/to/python
"""


def load_nvml() -> Any:
    """nvidia-ml-py if it is there, else our own few calls; ImportError without a driver's library."""
    if importlib.util.find_spec("pynvml"):
        return importlib.import_module("pynvml")
    return Nvml()


def say_of(command: Sequence[str]) -> list[str]:
    """The lines that a command says; none if it fails."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return answer.stdout.strip().splitlines() if answer.returncode == 0 else []


def framework_here() -> str | None:
    """The framework that this Python has."""
    return next((name for name in FRAMEWORKS if importlib.util.find_spec(name)), None)


def train(script: Path, seconds: float) -> dict[str, Any]:
    """What a training of that many seconds tells of itself; SystemExit if it fails."""
    environment = {**os.environ, "TF_FORCE_GPU_ALLOW_GROWTH": "true", "TF_CPP_MIN_LOG_LEVEL": "1"}
    command = [sys.executable, str(script), str(seconds)]
    limit = seconds + START_SECONDS
    try:
        ended = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=False, timeout=limit
        )
    except subprocess.TimeoutExpired:
        sys.exit(f"The training didn't end within {limit:.0f} s: the driver may hang; see dmesg.")
    if ended.returncode:
        sys.exit(f"The training failed with exit code {ended.returncode}; what it said is above.")
    report: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return report


def check(script: Path, seconds: float, load: Callable[[], Any], is_rehearsal: bool = False) -> Seen:
    """Train, and measure meanwhile."""
    said: list[str] = []
    sampler = Sampler(said.append, load=load)
    sampler.start()
    training = train(script, seconds)
    use = sampler.finish()
    return Seen(
        at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        commit=(say_of(["git", "describe", "--always", "--dirty"]) or ["unknown"])[0],
        machine=f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}",
        devices=say_of(
            ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
        ),
        use=use,
        said=said,
        training=training,
        is_rehearsal=is_rehearsal,
    )


def main(arguments: Sequence[str]) -> int:
    """Check, write the page to build/gpu-check.txt, print it; the exit code."""
    parser = argparse.ArgumentParser(prog="make gpu-check")
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--framework", choices=FRAMEWORKS)
    parser.add_argument("--rehearsal", action="store_true")
    asked = parser.parse_args(arguments)
    framework = asked.framework or framework_here()
    with ExitStack() as stack:
        load: Callable[[], Any] = load_nvml
        if asked.rehearsal:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            load = stack.enter_context(Rehearsal(Path(folder))).load
        try:
            gpu.check(1)
        except EndError as error:
            print(WITHOUT_A_GPU.format(message=error), file=sys.stderr)
            return EXIT_CODES[error.code]
        if framework is None:
            print(WITHOUT_A_FRAMEWORK.format(python=sys.executable), file=sys.stderr)
            return 1
        print(f"Training with {framework} for {asked.seconds:.0f} s ...", file=sys.stderr)
        seen = check(HERE / f"train_{framework}.py", asked.seconds, load, asked.rehearsal)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(seen), "utf-8")
    print(page(seen))
    return 1 if problems(seen) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
