"""Whether the GPUs that the run asked for can be seen from inside the container."""

import subprocess
import tempfile
from contextlib import suppress

from droptrain_container.exit_codes import EndError

# Without the driver's persistence mode, nvidia-smi takes some seconds on a machine of eight GPUs.
_TIMEOUT_SECONDS = 30.0


def check(asked: int, timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
    """EndError (gpu_not_visible) unless `nvidia-smi -L` lists at least one GPU within `timeout_seconds`."""
    finding = "there is no nvidia-smi"
    with tempfile.TemporaryFile() as output, suppress(FileNotFoundError):
        process = subprocess.Popen(["nvidia-smi", "-L"], stdout=output, stderr=subprocess.STDOUT)
        finding = _wait(process, timeout_seconds)
        output.seek(0)
        answer = output.read(1 << 16).decode(errors="replace").strip()
        if process.returncode == 0 and any(line.startswith("GPU ") for line in answer.splitlines()):
            return
        finding += f"nvidia-smi says {answer[:200] or 'nothing'}"
    raise EndError(
        "gpu_not_visible",
        f"The run asks for {asked} GPU{'s' if asked > 1 else ''} and none can be seen: {finding}. "
        "The instance needs an AMI with NVIDIA drivers; to train without a GPU, say resources: {gpus: 0}.",
    )


def _wait(process: subprocess.Popen[bytes], timeout_seconds: float) -> str:
    """Wait for the end; what to say if it didn't come. One that hangs in the driver can't even be killed."""
    try:
        process.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return f"nvidia-smi didn't end within {timeout_seconds:g} s; "
    return ""
