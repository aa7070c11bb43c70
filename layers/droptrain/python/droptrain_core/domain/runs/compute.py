"""The instances of a stack: those with GPUs and those without, each with its job queues."""

from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.run import Run


@frozen
class Compute:
    """One kind of instances: its types, its two job queues, and the job definition of its jobs.

    `job_definition` is by revision, so that a run's plan can name exactly what it ran with.
    """

    instance_types: tuple[str, ...]
    spot_queue: str
    on_demand_queue: str
    job_definition: str


@frozen
class StackCompute:
    """Both kinds. A run without GPUs never gets an instance that has some."""

    gpu: Compute
    cpu: Compute

    @property
    def instance_types(self) -> tuple[str, ...]:
        """The types of both kinds."""
        return (*self.gpu.instance_types, *self.cpu.instance_types)

    def of(self, gpus: int) -> Compute:
        """The instances for a job that requests so many GPUs."""
        return self.gpu if gpus else self.cpu

    def of_run(self, run: Run) -> Compute:
        """The instances of a run; those with GPUs for a run that was rejected before it had a job."""
        return self.of(run.job.gpus if run.job else 1)


def image_tag(run: Run) -> str:
    """The tag of the run's image in the stack's own repository."""
    return "cpu" if run.job and not run.job.gpus else "latest"
