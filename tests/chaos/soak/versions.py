"""The versions of a dataset's inputs: what a drop is, and what a run trains."""

Versions = frozenset[tuple[str, str]]  # (key, version id) of each input


def project_of(versions: Versions) -> str:
    """The project of a dataset's files."""
    key, _ = min(versions)
    return key.split("/")[1]
