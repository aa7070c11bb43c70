"""What the API gives of one project, in the contract's words."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Self

from models import ProjectView, View

if TYPE_CHECKING:
    from droptrain_core.query import Project
    from droptrain_core.read_retraining import NextRetraining


class RetrainingView(View):
    """The project's schedule, its next time `next_at`, and the `outcome` of its last time `due_at`.

    The outcome is launched or rejected, with its run; unchanged, with the run that has trained the same; or
    nothing_to_train.
    """

    schedule: str | None
    time_zone: str | None
    next_at: str | None
    due_at: str | None
    outcome: str | None
    run_id: str | None

    @classmethod
    def of(cls, retraining: "NextRetraining") -> Self:
        """The view of a project's schedule."""
        values = {**asdict(retraining.known), "next_at": retraining.next_at}
        return cls.model_validate(values, extra="ignore")


class ProjectDetailsView(ProjectView):
    """A project, its newest run, its datasets that wait, and when it trains again."""

    retraining: RetrainingView

    @classmethod
    def with_retraining(cls, project: "Project", bucket: str, retraining: "NextRetraining") -> Self:
        """The view of a project whose runs' files lie in `bucket`."""
        view = ProjectView.of(project, bucket)
        return cls(**dict(view), retraining=RetrainingView.of(retraining))
