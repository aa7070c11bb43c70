"""What could be better next time, in plain words, from what was seen of an attempt."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from droptrain_container.gpu_use import Use

# Below these there is no advice: start and compilation fill the first minutes of any training.
GPU_SECONDS = 120.0
BUSY_PERCENT = 30.0
CHECKPOINT_SECONDS = 900.0
CHECKPOINT_INTERVALS = 3
_PAGE = "see docs/gpu.md"


def of_gpu(use: "Use | None") -> list[str]:
    """Advice for GPUs that were seen for longer than GPU_SECONDS."""
    if use is None or use.seconds <= GPU_SECONDS or use.busy_percent is None:
        return []
    gpus = "The GPU was" if use.count == 1 else f"The {use.count} GPUs were"
    if use.waiting_seconds is None:
        return [f"{gpus} never busy: the training ran on the CPU; {_PAGE}."]
    if use.waiting_seconds > use.seconds / 2:
        return [
            f"{gpus} first used after {use.waiting_seconds:.0f} of {use.seconds:.0f} s: what comes before "
            f"the first step takes longer than the training; {_PAGE}."
        ]
    advice = []
    if use.idle:
        advice.append(
            f"{use.idle} of {use.count} GPUs were never busy: the code has to spread its work over them, as "
            f"with tf.distribute.MirroredStrategy; {_PAGE}."
        )
    elif use.busy_percent < BUSY_PERCENT:
        advice.append(
            f"{gpus} busy {use.busy_percent:.0f} % of the time: the input pipeline is the bottleneck; "
            f"{_PAGE}."
        )
    return advice


def of_checkpoints(
    *, is_spot: bool, has_checkpoint: bool, script_seconds: float, interval_seconds: float
) -> list[str]:
    """Advice for a long training on Spot that left nothing in CHECKPOINT_DIR."""
    least = max(CHECKPOINT_SECONDS, CHECKPOINT_INTERVALS * interval_seconds)
    if not is_spot or has_checkpoint or script_seconds <= least:
        return []
    return [
        f"The script ran for {script_seconds / 60:.0f} min on a Spot instance and wrote nothing to "
        "CHECKPOINT_DIR: had Spot taken the instance, it would have begun again from the start; "
        "see docs/container.md."
    ]
