"""Which project a name may mean that no project has."""

import difflib
from collections.abc import Collection

_ALIKE = 0.75


def hint(name: str, projects: Collection[str]) -> str:
    """A question that names the nearest project, with a space before it; empty if none is near."""
    near = difflib.get_close_matches(name, projects, n=1, cutoff=_ALIKE)
    return f" Did you mean {near[0]}?" if near else ""
