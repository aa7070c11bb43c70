"""docs/security.md: every grant of the template, with what needs it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from permissions.calls import Call, recorded
from permissions.exceptions import UNCALLED, Uncalled
from permissions.grants import Grant, grants, meeting, statements
from support.template import ROOT

PAGE = ROOT / "docs" / "security.md"
_TITLE = "## Every permission\n"
_INTRO = (
    "One table for each role and for each policy of the stack's users. Resources have the names of a stack\n"
    "`droptrain`, without region and account. `*` means that the action takes no resource.\n"
)
_WHOSE = {
    "InstanceRole": "The ECS agent of a training instance",
    "ImageBuildRole": "CodeBuild, when it builds the image",
    "TrainingRole": "The training code and the container's entrypoint",
    "CanaryScheduleRole": "The schedule of the daily canary",
    "WebhookRole": "EventBridge, when it calls the webhook",
    "SchedulesRole": "The schedules of projects",
    "DatasetUploadedRole": "The function `dataset_uploaded`, which launches runs for dropped datasets",
    "BatchJobChangedRole": "The function `batch_job_changed`, which records the states of Batch jobs",
    "ReconcileRunsRole": "The function `reconcile_runs`, which repairs the effects of lost events",
    "RefreshPricesRole": "The function `refresh_prices`, which reads prices and sizes of instance types",
    "RunsApiRole": "The function `runs_api`, which answers the HTTP API",
    "TrialEndedRole": "The function `trial_ended`, which launches the trials of sweeps",
    "RunChangedRole": "The function `run_changed`, which sends notices and publishes models",
    "ReconcileRunsScheduleRole": "The schedule of `reconcile_runs`",
    "RefreshPricesScheduleRole": "The schedule of `refresh_prices`",
    "ReaderPolicy": "People who may look",
    "OperatorPolicy": "People who may also publish, drop, launch, cancel and delete",
    "ShellPolicy": "People who may also open shells in containers, where `AllowShell` is on",
}
_SAME_NAMES = "calls of the same names"
# Shown without the region and the account, which all have.
_NEXT = "\nNext: [teams and permissions](teams.md), or [the threats](threats.md).\n"
_SHORTER = (":eu-west-1:123456789012:", "::")


def text() -> str:
    """The page: what people wrote above the mark, then the tables."""
    written = PAGE.read_text("utf-8").partition(_TITLE)[0]
    return written + _TITLE + "\n" + _INTRO + "".join(_tables()) + _NEXT


def _tables() -> Iterator[str]:
    needed_by = _needed_by()
    for principal in sorted(statements(), key=list(_WHOSE).index):
        yield f"\n### {principal}\n\n{_WHOSE[principal]}\n\n"
        yield "| actions | resources | needed by | only if |\n| --- | --- | --- | --- |\n"
        yield from _rows(principal, needed_by)


def _rows(principal: str, needed_by: Mapping[Grant, set[str]]) -> Iterator[str]:
    """A row for each resource, or for several with the same actions and reasons."""
    found: dict[tuple[str, str, bool], tuple[list[str], set[str]]] = {}
    for grant in (grant for grant in grants() if grant.principal == principal):
        by_aws = any("](" in reason for reason in needed_by[grant])
        actions, reasons = found.setdefault((grant.resource, grant.condition, by_aws), ([], set()))
        actions.append(grant.action)
        reasons |= needed_by[grant]
    rows: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for (resource, condition, _), (actions, reasons) in found.items():
        reason = _SAME_NAMES if reasons == set(actions) else ", ".join(sorted(reasons))
        rows[", ".join(actions), reason, condition].append(f"`{resource.replace(*_SHORTER)}`")
    for (named, reason, condition), resources in rows.items():
        yield f"| {named} | {'<br>'.join(resources)} | {reason} | {_escaped(condition)} |\n"


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
