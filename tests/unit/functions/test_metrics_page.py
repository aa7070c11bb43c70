"""Every metric that the functions count is explained; every widget and alarm shows one that they count."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider
from droptrain_core.telemetry import metrics
from support.template import ROOT, properties, template

NAMESPACE = "droptrain"
ALARMS = {
    name: it["Properties"]
    for name, it in template()["Resources"].items()
    if it["Type"] == "AWS::CloudWatch::Alarm"
}


def names_in(node: ast.expr, constants: dict[str, ast.expr]) -> Iterator[str]:
    """The names that the first argument of `add_metric` can be."""
    match node:
        case ast.Constant(value=str(name)):
            yield name
        case ast.IfExp(body=one, orelse=other):
            yield from names_in(one, constants)
            yield from names_in(other, constants)
        case ast.Subscript(value=ast.Name(id=table)):
            found = constants[table]
            assert isinstance(found, ast.Dict)
            for value in found.values:
                yield from names_in(value, constants)
        case _:
            raise AssertionError(f"which metric is {ast.unparse(node)}?")


@cache
def counted() -> frozenset[str]:
    """The names of all metrics that the deployed code can count."""
    found: set[str] = set()
    for path in [*ROOT.glob("functions/*/*.py"), *ROOT.glob("layers/droptrain/python/**/*.py")]:
        tree = ast.parse(path.read_text("utf-8"))
        constants = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "metrics.add_metric":
                found.update(names_in(call.args[0], constants))
    return frozenset(found)


def dimensions(stack: Any) -> dict[str, Any]:
    """What each metric is counted under, as the functions of a stack of that name write it."""
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
    # A provider of its own: those that `Metrics` makes share what they count.
    counts = AmazonCloudWatchEMFProvider(metric_set={}, namespace=metrics.namespace, service="a-stack")
    written: Any = counts.serialize_metric_set(
        {"Any": {"Unit": "Count", "StorageResolution": 60, "Value": [1.0]}}
    )
    (directive,) = written["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == NAMESPACE
    (names,) = directive["Dimensions"]
    return {name: stack if written[name] == "a-stack" else written[name] for name in names}


def widgets() -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """(title, namespace, metric, dimensions) of all that the dashboard shows, abbreviations written out."""
    body = properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    for widget in json.loads(re.sub(r"\$\{[^}]*\}", "name", body))["widgets"]:
        before: list[str] = []
        for entry in widget["properties"]["metrics"]:
            words = [word for word in entry if isinstance(word, str)]
            if words[0] == "...":
                words = [*before[: len(before) - len(words) + 1], *words[1:]]
            words = [before[place] if word == "." else word for place, word in enumerate(words)]
            before = words
            pairs = dict(zip(words[2::2], words[3::2], strict=True))
            yield widget["properties"]["title"], words[0], words[1], pairs


def test_every_metric_is_explained() -> None:
    page = (ROOT / "docs" / "operations" / "README.md").read_text("utf-8")
    section = page.split("## Metrics")[1].split("## Alarms")[0]
    explained = {
        name
        for row in section.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`(\w+)`", row.split("|")[1])
    }
    assert explained == counted()


def test_the_dashboard_shows_what_the_functions_count_as_they_count_it() -> None:
    own = [each for each in widgets() if each[1] == NAMESPACE]
    shown = {metric for _, _, metric, _ in own}
    assert {"RunsLaunched", "RunsRejected", "NoticesPublished", "ReconcileFailures"} <= shown <= counted()
    for title, _, metric, pairs in own:
        assert pairs == dimensions("name"), f"{title}: {metric}"


def test_the_dashboard_shows_each_function_queue_and_api_by_its_own_dimension() -> None:
    by_namespace = {"AWS/SQS": {"QueueName"}, "AWS/Lambda": {"FunctionName"}, "AWS/ApiGateway": {"ApiId"}}
    for title, namespace, _, pairs in widgets():
        if namespace != NAMESPACE:
            assert set(pairs) == by_namespace[namespace], title


def test_alarms_watch_what_the_functions_count_as_they_count_it() -> None:
    own = [alarm for alarm in ALARMS.values() if alarm["Namespace"] == NAMESPACE]
    assert len(own) == 3
    for alarm in own:
        assert alarm["MetricName"] in counted()
        assert {each["Name"]: each["Value"] for each in alarm["Dimensions"]} == dimensions(
            {"Ref": "AWS::StackName"}
        )


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_names_the_page_that_its_row_leads_to(name: str) -> None:
    description = ALARMS[name]["AlarmDescription"]
    place = re.search(r"What to do: docs/operations/([\w-]+\.md)(#[\w-]+)?$", description)
    assert place, description
    page, anchor = place[1], place[2] or ""
    text = (ROOT / "docs" / "operations" / page).read_text("utf-8")
    assert not anchor or anchor[1:] in {slug(title) for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    index = (ROOT / "docs" / "operations" / "README.md").read_text("utf-8")
    (row,) = [line for line in index.splitlines() if line.startswith(f"| `{name}` |")]
    (link,) = re.findall(r"\]\(([^)]+)\)", row.split("|")[3])
    assert link == (anchor if page == "README.md" else page + anchor)


def slug(title: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_the_page_names_no_alarm_that_is_not_there() -> None:
    index = (ROOT / "docs" / "operations" / "README.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+Alarm)` \|", index, re.MULTILINE)) == set(ALARMS)


def test_an_alarm_that_waits_while_the_stack_is_paused_is_silent_then() -> None:
    silent = {name for name, alarm in ALARMS.items() if "ActionsEnabled" in alarm}
    assert silent == {"UploadsWaitAlarm", "CanaryFailsAlarm"}
    for name in silent:
        assert ALARMS[name]["ActionsEnabled"] == {"Fn::If": ["Works", True, False]}
