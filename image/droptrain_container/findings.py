"""What an attempt found out on its way: the facts of outcome.json beside how it ended."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from droptrain_container.early_stop import StoppedEarly
    from droptrain_container.end_warnings import EndWarning
    from droptrain_container.gpu_use import Use
    from droptrain_container.image import Image
    from droptrain_container.prepared import Report
    from droptrain_container.reclaim import Instance


@dataclass
class Findings:
    """The facts of one attempt; what isn't known, or wasn't looked for, is None or empty."""

    instance: "Instance | None" = None
    image: "Image | None" = None
    gpu: "Use | None" = None
    advice: list[str] = field(default_factory=list)
    warnings: "list[EndWarning]" = field(default_factory=list)
    left_checkpoint: bool = False
    prepared: "Report | None" = None
    stopped_early: "StoppedEarly | None" = None
    timing: dict[str, str] = field(default_factory=dict)
