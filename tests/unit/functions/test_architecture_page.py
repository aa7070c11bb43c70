"""docs/architecture.md against the template and the code."""

import re
from itertools import pairwise
from typing import Any

from support.template import ROOT, template

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
CORE = ROOT / "layers" / "droptrain" / "python" / "droptrain_core"
RESOURCES: dict[str, Any] = template()["Resources"]
# These have to be in the diagram of the parts; others may be.
DRAWN = {
    "AWS::Serverless::Function", "AWS::Serverless::HttpApi", "AWS::SQS::Queue", "AWS::Events::Rule",
    "AWS::Batch::JobQueue", "AWS::DynamoDB::Table", "AWS::Scheduler::ScheduleGroup",
    "AWS::Events::ApiDestination",
}  # fmt: skip
NOT_DRAWN = re.compile(r"DeadLetterQueue$|^(ReconcileRuns|RefreshPrices)Function$")


def diagram(kind: str) -> str:
    [found] = re.findall(rf"^```mermaid\n(?:%%.*\n)?{kind}\b(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def arrows() -> set[tuple[str, str]]:
    """Each arrow of the diagram of the parts."""
    found = set()
    for line in diagram("flowchart").splitlines():
        ends = [re.findall(r"^\w+|(?<=& )\w+", end.strip()) for end in line.split("-->")]
        found |= {(one, other) for a, b in pairwise(ends) for one in a for other in b}
    return found


def test_every_resource_that_the_page_names_exists() -> None:
    named = re.findall(r"\b[A-Z]\w+(?:Function|Queue|Rule|Bucket|Table|Topic|Destination|Repository)\b", PAGE)
    assert named
    assert set(named) <= set(RESOURCES)


def test_the_diagram_has_every_part_that_data_flows_through() -> None:
    drawn = set(re.findall(r"\w+", diagram("flowchart")))
    wanted = {
        name for name, each in RESOURCES.items() if each["Type"] in DRAWN and not NOT_DRAWN.search(name)
    }
    assert wanted <= drawn


def test_the_arrows_are_those_of_the_template() -> None:
    for name, each in RESOURCES.items():
        properties = each.get("Properties", {})
        if each["Type"] == "AWS::Events::Rule":
            for target in properties["Targets"]:
                assert (name, target["Arn"]["Fn::GetAtt"][0]) in arrows()
        if each["Type"] == "AWS::Serverless::Function":
            for event in properties["Events"].values():
                source = event["Properties"].get("Queue") or event["Properties"].get("Stream")
                if source:
                    assert (source["Fn::GetAtt"][0], name) in arrows()


def test_every_function_has_a_row() -> None:
    functions = {name for name, each in RESOURCES.items() if each["Type"] == "AWS::Serverless::Function"}
    assert set(re.findall(r"^\| `(\w+Function)` \|", PAGE, re.MULTILINE)) == functions


def test_the_page_names_every_kind_of_item_in_the_table() -> None:
    code = "".join(path.read_text("utf-8") for path in (CORE / "aws").glob("*.py"))
    prefixes = set(re.findall(r"[\"']([A-Z]{3,}#)", code))
    alone = set(re.findall(r"\"S\": \"([A-Z]{4,})\"|_PK = \"([A-Z]+)\"", code))
    kinds = prefixes | {one or other for one, other in alone}
    assert set(re.findall(r"`([A-Z]+#|PRICES|RECONCILER)`", PAGE)) == kinds


def test_the_page_lists_every_folder_of_the_domain() -> None:
    folders = {path.parent.name for path in (CORE / "domain").glob("*/__init__.py")}
    assert first_column("in `droptrain_core/domain/`") == folders


def test_the_page_lists_every_use_case() -> None:
    modules = {path.stem for path in CORE.glob("*.py")} - {"__init__"}
    assert first_column("use cases") == modules


def first_column(title: str) -> set[str]:
    """The names in the first column of the table with this title."""
    [table] = re.findall(rf"^\| {re.escape(title)} \|.*\n\|.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split(" | ")[0])}
