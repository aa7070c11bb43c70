"""Where a trial of a sweep was stopped before its end."""

from droptrain_core.domain.frozen import frozen


@frozen
class StoppedEarly:
    """The step at which a sweep's trial was stopped, and its comparison with other trials at a level."""

    step: int
    level: int
    compared_with: int
