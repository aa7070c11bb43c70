"""Lists projects, and shows one."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from droptrain_core.domain.datasets.near_misses import name_files, near_misses
from rich.table import Table
from rich.text import Text

from droptrain import formatting, promotions
from droptrain.api import Api, quoted
from droptrain.errors import ApiError, DroptrainError
from droptrain.run_values import short_id
from droptrain.stack import Stack
from droptrain_cli import output

_PAGE = 100
_NONE = "No projects. Publish one: droptrain init NAME && droptrain push NAME"


def list_all(stack: Stack, *, as_json: bool) -> None:
    """Print all projects."""
    found = [project for page in Api(stack).pages("/projects", limit=_PAGE) for project in page["projects"]]
    screen = output.console()
    if as_json:
        output.write_json({"projects": found})
    elif found:
        tables = (_table(found, short=short) for short in (False, True))
        output.show(screen, output.first_that_fits(screen, tables))
    else:
        output.show(output.console(stderr=True), Text(_NONE))


def show(stack: Stack, name: str, *, as_json: bool) -> None:
    """Print a project; DroptrainError if there is none of that name."""
    api = Api(stack)
    project = read(api, name)
    if as_json:
        output.write_json(project)
        return
    screen, run = output.console(), project["latest_run"]
    output.show(screen, Text(name, style="bold"))
    if run:
        output.show(screen, Text("  Newest run  ").append(run["run_id"]))
        line = Text("  Status      ").append_text(output.styled(run["status"]))
        result = (formatting.headline(run), formatting.price(run["cost"]))
        output.show(screen, line.append("  ".join(["", *filter(None, result)])))
    else:
        output.show(screen, Text("  No run yet."))
    for words in (*_model(name, promotions.read(api, name)), *_retraining(project["retraining"])):
        output.show(screen, output.cell(words))
    for waiting in project["waiting"]:
        output.show(screen, Text())
        for words in _waiting(name, waiting):
            output.show(screen, output.cell(words))


def read(api: Api, name: str) -> dict[str, Any]:
    """A project as the API gives it; DroptrainError if there is none of that name."""
    try:
        project: dict[str, Any] = api.get(f"/projects/{quoted(name)}")
    except ApiError as error:
        if error.problem not in ("not-found", "invalid-request"):
            raise
        raise DroptrainError(f"There is no project {name!r}. `droptrain projects` lists them.") from error
    return project


def waits_for(waiting: Mapping[str, Any]) -> str:
    """What a dataset waits for, in few words."""
    if waiting["missing"]:
        return f"waits for {name_files(waiting['missing'])}"
    if waiting["arrived_at"]:
        return f"waits for the end of the project's cooldown, at {waiting['due_at']}"
    return f"launches at {waiting['due_at']} unless another file arrives"


def _table(projects: list[dict[str, Any]], *, short: bool) -> Table:
    now = datetime.now(UTC)
    headers = ("PROJECT", "NEWEST RUN", "STATUS", "CREATED", "METRIC", "WAITING")
    return output.table(headers, (_row(each, now, short=short) for each in projects), folded=headers[4:])


def _row(project: Mapping[str, Any], now: datetime, *, short: bool) -> tuple[str | Text, ...]:
    run = project["latest_run"]
    waiting = ", ".join(each["dataset"] for each in project["waiting"])
    if not run:
        return project["project"], "", "", "", "", waiting
    created = f"{formatting.age(run['created_at'], now)} ago"
    status = output.styled(run["status"])
    run_id = short_id(run["run_id"]) if short else run["run_id"]
    return project["project"], run_id, status, created, formatting.headline(run), waiting


def _model(name: str, models: Mapping[str, Any]) -> Iterator[str]:
    if models["current"]:
        yield f"  Model       {models['current']['run_id']}"
    if missing := promotions.what_is_missing(name, models):
        yield f"  Missing     {missing}"


def _retraining(retraining: Mapping[str, Any]) -> Iterator[str]:
    if retraining["schedule"]:
        yield f"  Schedule    {retraining['schedule']}, {retraining['time_zone']}"
        yield f"  Next time   {retraining['next_at']}"
    if retraining["due_at"]:
        yield f"  Last time   {retraining['due_at']}: {_outcome(retraining)}"


def _outcome(retraining: Mapping[str, Any]) -> str:
    words = {
        "launched": "launched {run_id}",
        "rejected": "rejected, as {run_id} tells",
        "unchanged": "nothing has changed since {run_id}",
        "nothing_to_train": "no dataset to train",
    }
    outcome = retraining["outcome"]
    return words.get(outcome, outcome).format(run_id=retraining["run_id"])


def _waiting(project: str, waiting: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {project}/{waiting['dataset']} {waits_for(waiting)}, since {waiting['since']}"
    if waiting["present"]:
        yield f"    there: {name_files(waiting['present'])}"
    for hint in near_misses(waiting["missing"], waiting["present"]):
        yield f"    {hint}"
