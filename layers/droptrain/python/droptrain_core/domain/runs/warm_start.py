"""A warm start: the model of an earlier run, from which a training continues."""

from droptrain_core.domain.datasets.dataset import ObjectVersion, digest
from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.frozen import frozen

# What a recipe's `warm_start` calls the project's current model; else it is a run's id.
CURRENT = "current"
MISSING = "no_warm_start"


@frozen
class WarmStart:
    """The run whose model a training starts from, and one digest over its files' keys and versions."""

    run_id: str
    files: int
    digest: str


@frozen
class StartingModel:
    """The files of such a model in `folder`, each by its version; `run_id` is None if there is no model."""

    asked: str
    run_id: str | None = None
    folder: str = ""
    files: tuple[ObjectVersion, ...] = ()

    @property
    def pinned(self) -> WarmStart | None:
        """What a run's record has of it; None if the training starts from scratch."""
        if self.run_id is None or not self.files:
            return None
        parts = sorted(item.identity for item in self.files)
        return WarmStart(self.run_id, len(parts), digest(*parts)[:16])

    def warnings(self) -> tuple[Finding, ...]:
        """The warning that the training starts from scratch, if there is no such model."""
        if self.pinned:
            return ()
        wanted = "the project has no current model" if self.asked == CURRENT else f"{self.asked} has no model"
        message = f"warm_start: {wanted} in the bucket, so the training starts from scratch"
        fix = "Nothing, if this is the project's first run. Else name another run, or promote one."
        return (Finding(MISSING, "warning", "train.yaml", None, None, message, fix),)
