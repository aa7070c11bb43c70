"""docs/security.md: every grant of the template, with what needs it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from permissions.calls import Call, recorded
from permissions.exceptions import UNCALLED, Uncalled
from permissions.grants import Grant, grants, meeting, statements
from support.template import ROOT

PAGE = ROOT / "docs" / "security.md"
_TITLE = "## Every permission\n"
_INTRO = (
    "One table for each role, and for the policies of those who use the stack. Resources have the names\n"
    "of a stack `droptrain`, without region and account; `*` stands where the action takes no resource.\n"
)
_WHOSE = {
    "InstanceRole": "what an instance's ECS agent acts with",
    "ImageBuildRole": "what CodeBuild builds the image with",
    "TrainingRole": "what the training code, and the entrypoint around it, acts with",
    "CanaryScheduleRole": "what the schedule of the daily canary acts with",
    "WebhookRole": "what EventBridge calls the webhook with",
    "SchedulesRole": "what the schedules of projects act with",
    "DatasetUploadedRole": "`dataset_uploaded`: launches what is dropped",
    "BatchJobChangedRole": "`batch_job_changed`: records what becomes of jobs",
    "ReconcileRunsRole": "`reconcile_runs`: finishes what events left undone",
    "RefreshPricesRole": "`refresh_prices`: reads what instances cost",
    "RunsApiRole": "`runs_api`: the HTTP API",
    "TrialEndedRole": "`trial_ended`: launches the trials of sweeps",
    "RunChangedRole": "`run_changed`: announces runs",
    "ReconcileRunsScheduleRole": "what the schedule of `reconcile_runs` acts with",
    "RefreshPricesScheduleRole": "what the schedule of `refresh_prices` acts with",
    "ReaderPolicy": "for those who may look",
    "OperatorPolicy": "for those who may also publish, drop, launch, cancel and delete",
    "ShellPolicy": "for those who may also open shells in containers, where `AllowShell` is on",
}
# Shown without the region and the account, which all have.
_SHORTER = (":eu-west-1:123456789012:", "::")


def text() -> str:
    """The page: what people wrote above the mark, then the tables."""
    written = PAGE.read_text("utf-8").partition(_TITLE)[0]
    return written + _TITLE + "\n" + _INTRO + "".join(_tables())


def _tables() -> Iterator[str]:
    needed_by = _needed_by()
    for principal in sorted(statements(), key=list(_WHOSE).index):
        yield f"\n### {principal}\n\n{_WHOSE[principal]}\n\n"
        yield "| action | resource | needed by | only if |\n| --- | --- | --- | --- |\n"
        for grant in (grant for grant in grants() if grant.principal == principal):
            by = "<br>".join(sorted(needed_by[grant]))
            resource = grant.resource.replace(*_SHORTER)
            yield f"| {grant.action} | `{resource}` | {by} | {_escaped(grant.condition)} |\n"


def _needed_by() -> dict[Grant, set[str]]:
    needed: dict[Grant, set[str]] = defaultdict(set)
    for call, said in [*_recorded(), *_by_aws()]:
        for grant in meeting(call):
            needed[grant].add(said)
    return needed


def _recorded() -> Iterator[tuple[Call, str]]:
    for call in recorded():
        yield call, call.operation.removeprefix("execute-api:")


def _by_aws() -> Iterable[tuple[Call, str]]:
    for exception in UNCALLED:
        for call in exception.calls():
            yield call, _said(exception)


def _said(exception: Uncalled) -> str:
    return f"{exception.who} {exception.why} ([AWS]({exception.source}))"


def _escaped(condition: str) -> str:
    return f"`{condition}`" if condition else ""


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
