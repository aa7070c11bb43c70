"""docs/diagnosis.md: every cause, and how many of the labelled cases the rules get right."""

from collections import Counter
from pathlib import Path

from diagnosis import corpus
from droptrain.domain.diagnosis import kinds
from droptrain.domain.diagnosis.kind import Kind
from droptrain.domain.diagnosis.table import RULES

PAGE = Path(__file__).parents[2] / "docs" / "diagnosis.md"
_RETRY = {True: "can help", False: "won't help", None: "it depends"}


def text() -> str:
    """The page: what people wrote above the marks, then what follows from rules and cases."""
    written = PAGE.read_text("utf-8").partition("## How often it is right\n")[0]
    return written + "\n".join(
        ["## How often it is right", "", *_accuracy(), "", "## The causes", "", *_causes(), ""]
    )


def _accuracy() -> list[str]:
    rows = ["| cases | right | of |", "| --- | --- | --- |"]
    right, all_of = Counter[str](), Counter[str]()
    for case in corpus.cases():
        all_of[case["file"]] += 1
        right[case["file"]] += corpus.is_right(case)
    rows += [
        f"| [{file}](../tests/diagnosis/cases/{file}) | {right[file]} | {all_of[file]} |" for file in all_of
    ]
    share = 100 * right.total() / all_of.total()
    return [*rows, f"| all | {right.total()} ({share:.1f} %) | {all_of.total()} |"]


def _causes() -> list[str]:
    rows = [
        "| code | what it means | what to do | trying again as it is | sources |",
        "| --- | --- | --- | --- | --- |",
    ]
    for kind in _kinds():
        sources = dict.fromkeys(rule.source for rule in RULES if rule.kind == kind)
        links = ", ".join(_link(source, number) for number, source in enumerate(sources, 1)) or "-"
        message = kind.message.replace("{said}", "…")
        rows.append(f"| `{kind.code}` | {message} | {kind.fix} | {_RETRY[kind.retry_helps]} | {links} |")
    return rows


def _kinds() -> list[Kind]:
    return [kind for kind in vars(kinds).values() if isinstance(kind, Kind)]


def _link(source: str, number: int) -> str:
    if source.startswith("docs/"):
        return f"[{source.removeprefix('docs/')}]({source.removeprefix('docs/')})"
    return f"[{number}]({source})"


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
