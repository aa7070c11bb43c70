"""docs/diagnosis.md: every cause, and how many of the labelled cases the rules get right."""

from collections import Counter
from pathlib import Path

from diagnosis import corpus
from droptrain_core.domain.diagnosis import kinds
from droptrain_core.domain.diagnosis.kind import Kind
from droptrain_core.domain.diagnosis.table import RULES

PAGE = Path(__file__).parents[2] / "docs" / "diagnosis.md"
_NEXT = "Next: [from a failed run to one that trains](debugging.md).\n"
VERDICTS = ("right", "wrong", "unknown")
_RETRY = {True: "can help", False: "won't help", None: "it depends"}


def text() -> str:
    """The page: what people wrote above the marks, then what follows from rules and cases."""
    written = PAGE.read_text("utf-8").partition("## How often it is right\n")[0]
    return written + "\n".join(
        ["## How often it is right", "", *_accuracy(), "", "## The causes", "", *_causes(), "", _NEXT]
    )


def _accuracy() -> list[str]:
    rows = ["| cases | right | wrong | unknown | of |", "| --- | --- | --- | --- | --- |"]
    files: dict[str, Counter[str]] = {}
    for case in corpus.cases():
        files.setdefault(case["file"], Counter())[corpus.judge(case)] += 1
    for file, verdicts in files.items():
        rows.append(f"| [{file}](../tests/diagnosis/cases/{file}) | {_counts(verdicts)} |")
    public = [verdicts for file, verdicts in files.items() if file != corpus.OWN]
    return [*rows, f"| all from public sources | {_counts(sum(public, Counter()))} |"]


def _counts(verdicts: Counter[str]) -> str:
    of = verdicts.total()
    shares = (f"{verdicts[name]} ({100 * verdicts[name] / of:.1f} %)" for name in VERDICTS)
    return " | ".join([*shares, str(of)])


def _causes() -> list[str]:
    rows = [
        "| code | what it means | what to do | trying again as it is | sources |",
        "| --- | --- | --- | --- | --- |",
    ]
    for kind in kinds_of_causes():
        sources = dict.fromkeys(rule.source for rule in RULES if rule.kind == kind)
        links = ", ".join(_link(source, number) for number, source in enumerate(sources, 1)) or "-"
        message = kind.message.replace("{detail}", "…")
        rows.append(f"| `{kind.code}` | {message} | {kind.fix} | {_RETRY[kind.retry_helps]} | {links} |")
    return rows


def kinds_of_causes() -> list[Kind]:
    """Every cause that a run can have."""
    return [kind for kind in vars(kinds).values() if isinstance(kind, Kind)]


def _link(source: str, number: int) -> str:
    if source.startswith("docs/"):
        return f"[{source.removeprefix('docs/')}]({source.removeprefix('docs/')})"
    return f"[{number}]({source})"


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
