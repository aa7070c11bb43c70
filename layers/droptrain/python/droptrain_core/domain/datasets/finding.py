"""Findings: problems in a dataset's files, and warnings after a run that ended well."""

from droptrain_core.domain.frozen import frozen

# Rules of the container, about a script that finished with 0.
LOSS_NOT_FINITE = "loss_not_finite"
OF_AN_END = ("no_model", "error_at_the_end", LOSS_NOT_FINITE)


@frozen
class Finding:
    """One finding, by its rule's name; `row` counts from 1 and is None where only a part was read.

    `level` is "error" (the run is rejected) or "warning" (recorded with the run).
    """

    rule: str
    level: str
    file: str
    row: int | None
    column: str | None
    message: str
    fix: str


def describe(finding: Finding) -> str:
    """A finding in one line: file, row, column and problem."""
    place = [finding.file.rpartition("/")[2]]
    place += [f"row {finding.row}"] if finding.row else []
    place += [f"column {finding.column}"] if finding.column else []
    return f"{', '.join(place)}: {finding.message}"
