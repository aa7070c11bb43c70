"""One page of what was seen: whether a GPU is visible, used and measured."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from droptrain_container import advice
from droptrain_container.gpu_use import Use


@dataclass(frozen=True)
class Seen:
    """What one check saw; `devices` as nvidia-smi tells them: name, driver, memory."""

    at: str
    commit: str
    machine: str
    devices: Sequence[str]
    use: Use | None
    said: Sequence[str]
    training: Mapping[str, Any]
    is_rehearsal: bool = False


def problems(seen: Seen) -> list[str]:
    """What is not as it should be, empty if the GPU was visible, used and measured."""
    found = list(seen.said)
    training = seen.training
    if not training["gpus"]:
        found.append(
            f"{training['framework']} sees no GPU, though nvidia-smi shows one: it trained on the CPU. Is it "
            "a build with CUDA, for a CUDA that this driver knows? Its first lines on standard error may "
            "name what it misses."
        )
    if not training["last_loss"] < training["first_loss"]:
        found.append("The loss did not fall: the training computed nothing of use.")
    use = seen.use
    if use is None:
        found.append("Nothing was measured.")
    elif use.waiting_seconds is None:
        found.append("The GPU never was busy while it trained.")
    elif use.peak_memory_gib is None:
        found.append("How much memory was taken isn't known.")
    return found


def page(seen: Seen) -> str:
    """The page, some twenty lines."""
    training, use = seen.training, seen.use
    loop = max(training["loop_seconds"], 1e-9)
    wrong = problems(seen)
    busy = memory = waiting = "not measured"
    if use is not None:
        if use.busy_percent is not None:
            busy = f"{use.busy_percent:g} % of {use.seconds:.0f} s, the mean of all GPUs"
        if use.peak_memory_gib is not None:
            memory = f"{use.peak_memory_gib:g} GiB at most in use on one GPU"
        if use.waiting_seconds is not None:
            waiting = f"{use.waiting_seconds:g} s until a GPU first had work"
    rows = [
        ("When", f"{seen.at}, commit {seen.commit}"),
        ("Machine", seen.machine),
        ("Visible", f"{len(seen.devices)} GPU{'s' if len(seen.devices) != 1 else ''}"),
        *(("Driver", device) for device in seen.devices),
        ("Framework", f"{training['framework']} sees {', '.join(training['gpus']) or 'no GPU'}"),
        (
            "Training",
            f"{training['steps']} steps of {training['batch']} pictures in {loop:.0f} s, "
            f"{training['steps'] * training['batch'] / loop:.0f} a second; "
            f"loss {training['first_loss']:.3f} to {training['last_loss']:.3f}",
        ),
        ("Busy", busy),
        ("Memory", memory),
        ("Waiting", waiting),
        ("For data", f"{100 * training['waited_seconds'] / loop:.1f} % of the steps' time"),
        *(("Advice", text) for text in advice.of_gpu(use)),
        ("Result", "the GPU is visible, used and measured" if not wrong else "NOT AS IT SHOULD BE"),
        *(("", text) for text in wrong),
    ]
    head = "GPU check of droptrain"
    if seen.is_rehearsal:
        head = "REHEARSAL: there is no GPU here. nvidia-smi and NVML are stand-ins; the figures mean nothing."
    lines = [head, "=" * len(head)]
    for name, text in rows:
        lines += textwrap.wrap(text, 100, initial_indent=f"{name:<11}", subsequent_indent=" " * 11)
    return "\n".join(lines) + "\n"
