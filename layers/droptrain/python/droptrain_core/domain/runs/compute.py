"""The instances of a stack: those with GPUs and those without, each with its job queues."""

from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.preparation import JobStep
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
    """Both kinds. A job without GPUs never gets an instance that has some."""

    gpu: Compute
    cpu: Compute

    @property
    def instance_types(self) -> tuple[str, ...]:
        """The types of both kinds."""
        return (*self.gpu.instance_types, *self.cpu.instance_types)

    def of(self, gpus: int) -> Compute:
        """The instances for a job that requests so many GPUs."""
        return self.gpu if gpus else self.cpu

    def of_step(self, run: Run, step: JobStep) -> Compute:
        """The instances of a run's step; those with GPUs for a run that was rejected before it had a job."""
        job = run.request_of(step)
        return self.of(job.gpus if job else 1)


def image_tags(run: Run) -> tuple[str, ...]:
    """The tags of the images of the run's steps in the stack's own repository."""
    steps: tuple[JobStep, ...] = ("prepare", "train") if run.is_preparing else ("train",)
    jobs = [run.request_of(step) for step in steps]
    return tuple(dict.fromkeys("cpu" if job and not job.gpus else "latest" for job in jobs))
