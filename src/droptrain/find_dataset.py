"""Which dataset a project trains next, where none is named."""

from itertools import islice

from droptrain.api import Api, quoted
from droptrain.errors import DroptrainError

_PAGE = 100  # runs; the API's limit
_SEARCHED = 1000  # newest runs
_BY_UPLOAD = "upload"


def latest_dataset(api: Api, project: str) -> str:
    """The dataset of the newest run that an upload launched, else of the newest run, else the only one.

    DroptrainError if there is none of them.
    """
    every = (run for page in api.pages("/runs", project=project, limit=_PAGE) for run in page["runs"])
    newest: str | None = None
    for run in islice(every, _SEARCHED):
        newest = newest or run["dataset"]
        if run["launched_by"] == _BY_UPLOAD:
            return str(run["dataset"])
    if newest:
        return newest
    found = api.get(f"/projects/{quoted(project)}/datasets", limit=2)["datasets"]
    if len(found) == 1:
        return str(found[0]["dataset"])
    if found:
        raise DroptrainError(f"No dataset of {project} has a run. Name one with --dataset.")
    raise DroptrainError(
        f"{project} has no dataset. Drop one, which trains it: droptrain drop {project} FILES"
    )
