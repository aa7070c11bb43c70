"""Whether the GPUs that the run asked for can be seen from inside the container."""

import subprocess

from droptrain_container.exit_codes import EndError

_TIMEOUT_SECONDS = 60


def check(asked: int) -> None:
    """EndError (gpu_not_visible) unless `nvidia-smi -L` lists at least one GPU."""
    try:
        answer = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
        )
    except FileNotFoundError:
        said = "there is no nvidia-smi"
    except subprocess.TimeoutExpired:
        said = f"nvidia-smi didn't answer within {_TIMEOUT_SECONDS} s"
    else:
        if answer.returncode == 0 and any(line.startswith("GPU ") for line in answer.stdout.splitlines()):
            return
        said = "nvidia-smi says " + ((answer.stdout + answer.stderr).strip()[:200] or "nothing")
    raise EndError(
        "gpu_not_visible",
        f"The run asks for {asked} GPU{'s' if asked > 1 else ''} and none can be seen: {said}. "
        "The instance needs an AMI with NVIDIA drivers; to train without a GPU, say resources: {gpus: 0}.",
    )
