"""Deletes a dataset."""

import click

from droptrain import formatting
from droptrain.api import Api, quoted
from droptrain.drop_plan import check_dataset_name
from droptrain.errors import DroptrainError
from droptrain.project_folder import check_project_name
from droptrain.stack import Stack
from droptrain_cli import output
from droptrain_cli.list_projects import read


def delete(stack: Stack, place: str, *, ask: bool, as_json: bool) -> None:
    """Delete the dataset `PROJECT/DATASET`; DroptrainError if there is none, or a run trains on it."""
    project, separator, dataset = place.partition("/")
    if not separator:
        raise DroptrainError(f"{place!r} isn't PROJECT/DATASET, as in penguins/first.")
    check_project_name(project)
    check_dataset_name(dataset)
    api = Api(stack)
    read(api, project)
    if ask:
        click.confirm(f"Delete {place} in every version? Its runs and models stay.", abort=True)
    path = f"/projects/{quoted(project)}/datasets/{quoted(dataset)}"
    deleted, complete = 0, False
    while not complete:  # an answer comes within 30 s, and a large dataset takes several
        answer = api.delete(path)
        deleted += answer["deleted"]
        complete = answer["complete"]
    if as_json:
        output.write_json({"project": project, "dataset": dataset, "deleted": deleted})
    elif deleted:
        click.echo(f"Deleted {place}: {formatting.count(deleted, 'version')} of its files.")
    else:
        raise DroptrainError(f"There is no dataset {place}. `droptrain datasets {project}` lists them.")
