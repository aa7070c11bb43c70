"""Deletes a dataset."""

import click

from droptrain_cli import formatting, output
from droptrain_cli.api import Api, quoted
from droptrain_cli.drop_plan import check_dataset_name
from droptrain_cli.errors import CommandError
from droptrain_cli.list_projects import read
from droptrain_cli.project_folder import check_project_name
from droptrain_cli.stack import Stack


def delete(stack: Stack, place: str, *, ask: bool, as_json: bool) -> None:
    """Delete the dataset `PROJECT/DATASET`; CommandError if there is none, or a run trains on it."""
    project, separator, dataset = place.partition("/")
    if not separator:
        raise CommandError(f"{place!r} isn't PROJECT/DATASET, as in penguins/first.")
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
        raise CommandError(f"There is no dataset {place}. `droptrain datasets {project}` lists them.")
