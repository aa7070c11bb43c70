"""What a shell offers for a project, a run or a dataset: names that the stack has."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from droptrain.errors import DroptrainError

if TYPE_CHECKING:
    from droptrain.api import Api

_PAGE = 100
_PROJECTS = 1000
_DATASETS = 1000


def complete_project(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Projects."""
    return _offered(context, begun, _projects)


def complete_run(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """`latest`, the newest runs, and their projects."""
    return _offered(context, begun, _runs)


def complete_dataset(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Datasets of the project that the command line names before."""
    # Before an option that still lacks its value, click doesn't assign arguments.
    project = context.params.get("project") or next(iter(context.args), None)
    return _offered(context, begun, lambda api: _datasets(api, project)) if project else []


def complete_place(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """PROJECT/, and behind the slash its datasets."""
    project, separator, _ = begun.partition("/")
    if not separator:
        return _offered(context, begun, lambda api: (f"{name}/" for name in _projects(api)))
    return _offered(context, begun, lambda api: (f"{project}/{name}" for name in _datasets(api, project)))


def _offered(context: click.Context, begun: str, names: Callable[["Api"], Iterable[str]]) -> list[str]:
    """The names that continue what is typed; none where no stack answers: a shell shows no errors."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  --help stays fast

    from droptrain.api import Api  # noqa: PLC0415
    from droptrain.stack import find_stack  # noqa: PLC0415

    given = context.params
    try:
        stack = find_stack(given.get("stack_name"), region=given.get("region"), profile=given.get("profile"))
        return [name for name in names(Api(stack, tries=1)) if name.startswith(begun)]
    except (DroptrainError, BotoCoreError, ClientError):
        return []


def _projects(api: "Api") -> Iterator[str]:
    for number, page in enumerate(api.pages("/projects", limit=_PAGE), 1):
        yield from (each["project"] for each in page["projects"])
        if number * _PAGE >= _PROJECTS:
            return


def _runs(api: "Api") -> list[str]:
    runs = api.get("/runs", limit=_PAGE)["runs"]
    return ["latest", *dict.fromkeys(run["project"] for run in runs), *(run["run_id"] for run in runs)]


def _datasets(api: "Api", project: str) -> Iterator[str]:
    from droptrain.api import quoted  # noqa: PLC0415

    for number, page in enumerate(api.pages(f"/projects/{quoted(project)}/datasets", limit=_PAGE), 1):
        yield from (each["dataset"] for each in page["datasets"])
        if number * _PAGE >= _DATASETS:
            return
