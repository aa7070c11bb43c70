"""The cause of a Batch job's end, and its fix, by an ordered table of rules."""

from droptrain_core.domain.diagnosis.explain import explain, of_step, unknown_to_batch
from droptrain_core.domain.diagnosis.waiting import no_instance

__all__ = ["explain", "no_instance", "of_step", "unknown_to_batch"]
