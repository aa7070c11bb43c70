"""Which of preflight's findings are about the fault that a script found in its data."""

from collections.abc import Collection, Sequence

from droptrain_core.domain.datasets.finding import Finding, describe

_MOST = 2


def related(findings: Sequence[Finding], rules: Collection[str], lines: Sequence[str]) -> str:
    """The findings of these rules as text; only of a file that the lines name, if they name one.

    Without such a finding, all findings of a file that the lines name; "" if there are none.
    """
    named = [each for each in findings if any(_name(each) in line for line in lines)]
    chosen = [each for each in named if each.rule in rules]
    chosen = chosen or [each for each in findings if each.rule in rules] or named
    return "; ".join(f"{describe(each)}." for each in chosen[:_MOST])


def _name(finding: Finding) -> str:
    return finding.file.rpartition("/")[2]
