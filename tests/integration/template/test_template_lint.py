"""What linters of the template are told to ignore has a reason beside it, and is still needed."""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from audit.variants import VARIANTS
from samcli.yamlhelper import yaml_parse
from support.rendered import rendered
from support.template import ROOT, template

CONFIGURATIONS = {".cfnlintrc": "ignore_checks", ".checkov.yaml": "skip-check"}


def excused(tool: str) -> dict[str, Any]:
    """What Metadata says to a linter, by resource."""
    resources = template()["Resources"].items()
    return {name: it["Metadata"][tool] for name, it in resources if tool in it.get("Metadata", {})}


def without_metadata(source: dict[str, Any]) -> str:
    bare = copy.deepcopy(source)
    for resource in bare["Resources"].values():
        resource.get("Metadata", {}).pop("cfn-lint", None)
    return json.dumps(bare)


@pytest.mark.timeout(300)  # ten seconds of one core, on a busy machine a minute
def test_cfn_lint_finds_exactly_what_it_is_told_to_ignore(tmp_path: Path) -> None:
    files = {"written.json": template(), "deployed.json": rendered(**VARIANTS["everything"][1])}
    for name, source in files.items():
        (tmp_path / name).write_text(without_metadata(source), "utf-8")
    done = subprocess.run(
        [
            Path(sys.executable).with_name("cfn-lint"), "--config-file", "none", "--regions", "eu-west-1",
            "--append-rules", "cfn_lint_serverless.rules", "--format", "json", "--template", *files,
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = {match["Rule"]["Id"] for match in json.loads(done.stdout)}
    ignored = set(yaml_parse((ROOT / ".cfnlintrc").read_text("utf-8"))["ignore_checks"])
    for config in excused("cfn-lint").values():
        ignored.update(config["config"]["ignore_checks"])
    assert found == ignored


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_what_is_ignored_everywhere_has_its_reason_above_it(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    ignored = yaml_parse(text)[CONFIGURATIONS[name]]
    explained: list[str] = []
    for reason, checks in re.findall(r"((?:^  # .+\n)+)((?:^  - \w+\n)+)", text, re.MULTILINE):
        assert len(reason) > 40, checks
        explained += re.findall(r"\w+", checks)
    assert ignored
    assert explained == ignored


def test_what_one_resource_is_excused_from_has_its_reason() -> None:
    skips = [skip for config in excused("checkov").values() for skip in config["skip"]]
    assert skips
    assert all(len(skip["comment"]) > 30 for skip in skips)
    lines = (ROOT / "template.yaml").read_text("utf-8").splitlines()
    places = [index for index, line in enumerate(lines) if "ignore_checks" in line]
    assert places
    for index in places:
        assert any("# " in line for line in lines[index - 3 : index]), lines[index]
