"""What was read for one project, to estimate or price its run."""

from droptrain_core.domain.costs.pricing import PriceList
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.run import Run


@frozen
class ProjectReading:
    """What was read at one moment: prices, how many seconds the project's last runs took, and the run.

    `left_checkpoint` is whether the project's last successful run did so; None if unknown.
    `last_summary` summarizes the training data of that run, and `summary` that of `run`, as JSON. `holder_id`
    is the run that holds the prepared data that were asked for, if one does.
    """

    prices: PriceList
    history: tuple[int, ...] = ()
    run: Run | None = None
    left_checkpoint: bool | None = None
    last_summary: str | None = None
    summary: str | None = None
    holder_id: str | None = None
