"""The commands that pages show are shell that parses, and those of AWS in the guides exist."""

import json
import re
import shlex
import subprocess
from typing import Any

import pytest
from awscli.customizations.cloudformation.deploy import DeployCommand
from botocore import xform_name
from botocore.session import Session
from droptrain_core.shipped_prices import shipped_prices
from support.template import ROOT, properties, template

# Each with the least number of `aws` commands that it shows. The pages in docs/operations are followed on the
# laptop cloud (test_operations_pages.py).
GUIDES = {
    "README.md": 4, "docs/deploying.md": 4, "docs/cost.md": 2, "docs/ami.md": 2, "docs/teams.md": 2,
    "docs/notices.md": 1,
}  # fmt: skip
FOLDERS = (ROOT / "docs", ROOT / "docs/operations")
PAGES = [
    "README.md",
    *(str(path.relative_to(ROOT)) for each in FOLDERS for path in sorted(each.glob("*.md"))),
]
SERVICE_OF = {"s3api": "s3"}
GLOBAL_OPTIONS = {"output", "query"}


def shell_blocks(guide: str) -> list[str]:
    text = (ROOT / guide).read_text("utf-8")
    blocks = re.findall(r"^( *)```sh\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in blocks]


def aws_commands(shell: str) -> list[list[str]]:
    """The words of every `aws SERVICE OPERATION …` in some shell, up to where another command begins."""
    commands: list[list[str]] = []
    for start in re.finditer(r"\baws (?=[a-z0-9-]+ [a-z0-9-]+)", shell):
        rest = shell[start.end() :].replace("\\\n", " ").replace("\n    ", " ")
        lexer = shlex.shlex(rest.split("\n")[0], posix=True, punctuation_chars=";|)")
        lexer.whitespace_split = True
        words = list(lexer)
        ends = [index for index, word in enumerate(words) if word[0] in ";|)"]
        commands.append(words[: ends[0]] if ends else words)
    return commands


@pytest.mark.parametrize("guide", PAGES)
def test_what_a_page_shows_is_shell_that_parses(guide: str) -> None:
    for block in shell_blocks(guide):
        answer = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, f"{answer.stderr}\n{block}"


@pytest.mark.parametrize("guide", GUIDES)
def test_the_aws_commands_of_a_guide_exist_with_their_options(guide: str) -> None:
    session = Session()
    checked = 0
    for block in shell_blocks(guide):
        for service, operation, *rest in map(_without_wait, aws_commands(block)):
            if service == "s3":
                assert operation in {"cp", "rb"}
                continue
            if [service, operation] == ["cloudformation", "deploy"]:  # the CLI's own, in no model
                given = {word[2:] for word in rest if word.startswith("--")}
                assert given <= {argument["name"] for argument in DeployCommand.ARG_TABLE}
                checked += 1
                continue
            model = session.get_service_model(SERVICE_OF.get(service, service))
            names = {xform_name(name, "-"): name for name in model.operation_names}
            assert operation in names, f"aws {service} {operation}"
            shape: Any = model.operation_model(names[operation]).input_shape
            allowed = {xform_name(member, "-") for member in shape.members} | GLOBAL_OPTIONS
            options = {word[2:] for word in rest if word.startswith("--")}
            assert options <= allowed, f"aws {service} {operation}: {options - allowed}"
            assert {xform_name(name, "-") for name in shape.required_members} <= options, operation
            checked += 1
    assert checked >= GUIDES[guide]


def _without_wait(words: list[str]) -> list[str]:
    """A command of `wait` as the operation that it asks; others as they are."""
    if words[1] != "wait":
        return words
    service, _, waiter, *rest = words
    waiters = Session().get_waiter_model(service)
    names = {xform_name(name, "-"): name for name in waiters.waiter_names}
    assert waiter in names, f"aws {service} wait {waiter}"
    return [service, xform_name(waiters.get_waiter(names[waiter]).operation, "-"), *rest]


def test_the_quota_codes_are_those_of_gpu_instances_on_spot_and_on_demand() -> None:
    guide = (ROOT / "docs/deploying.md").read_text("utf-8")
    assert 'L-3819A6DF is "All G and VT Spot Instance Requests"' in guide
    assert 'L-DB2E81BA "Running On-Demand G and VT instances"' in guide


def test_the_guides_count_the_alarms_that_cost() -> None:
    alarms = [it for it in template()["Resources"].values() if it["Type"] == "AWS::CloudWatch::Alarm"]
    row = f"| alarms | {len(alarms)} at most | 0.10 each, 10 free | {len(alarms) / 10:.2f} |"
    assert row in (ROOT / "docs/deploying.md").read_text("utf-8")


def test_the_guides_add_up_what_a_stack_costs_while_nothing_runs() -> None:
    guide = (ROOT / "docs/deploying.md").read_text("utf-8")
    rows = re.findall(r"^\| (.+?) \| (.+?) \| .* \| ([\d.–]+)(?: a version)? \| \S+ \|$", guide, re.MULTILINE)
    table = {what: (how_much, [float(usd) for usd in listed.split("–")]) for what, how_much, listed in rows}
    least, most = (sum(prices[end] for _, prices in table.values()) for end in (0, -1))
    free_alarms, free_polls = 10, 1.0
    alarms = table["alarms"][1][0] - 0.10 * free_alarms
    polling = 0.40 * (float(re.findall(r"[\d.]+", table["empty queues being polled"][0])[0]) - free_polls)
    image = next(prices[0] for what, (_, prices) in table.items() if what == "image")
    for page in ("README.md", "docs/deploying.md", "docs/faq.md"):
        text = " ".join((ROOT / page).read_text("utf-8").lower().split())
        assert f"else ${least:.0f} to ${most:.0f}" in text
        assert f"about ${alarms + polling + image:.1f}0" in text


def test_the_guide_to_costs_compares_with_the_shipped_prices() -> None:
    rows = re.findall(
        r"^\| (\S+large) \| ([\d.]+) \| ml\.\1 \| ([\d.]+) \| (\d+) % \|$",
        (ROOT / "docs/cost.md").read_text("utf-8"),
        re.MULTILINE,
    )
    shipped = shipped_prices("us-east-1").on_demand
    assert len(rows) >= 5
    for name, on_demand, training, more in rows:
        assert float(on_demand) == round(shipped[name], 3), name
        assert int(more) == round(100 * (float(training) / shipped[name] - 1)), name


def test_the_ten_newest_images_are_kept_and_always_those_that_train() -> None:
    rules = json.loads(properties("ImageRepository")["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    chosen = [rule["selection"] for rule in sorted(rules, key=lambda rule: rule["rulePriority"])]
    # A tag is on one image alone, and a rule keeps what it selects from the rules after it (Amazon
    # ECR user guide, "How lifecycle policies work").
    assert [(each.get("tagPatternList"), each["countNumber"]) for each in chosen] == [
        (["latest"], 1), (["cpu"], 1), (["baked-*"], 1), (None, 10),
    ]  # fmt: skip
    assert [each["tagStatus"] for each in chosen] == ["tagged", "tagged", "tagged", "any"]
