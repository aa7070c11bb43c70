"""The template that builds machine images, and the component in it: a document that AWSTOE runs."""

from functools import cache
from typing import Any

import yaml
from samcli.yamlhelper import yaml_parse
from support.template import ROOT


@cache
def ami_template() -> dict[str, Any]:
    """`image/ami/template.yaml`, intrinsics as mappings."""
    parsed: dict[str, Any] = yaml_parse((ROOT / "image" / "ami" / "template.yaml").read_text("utf-8"))
    return parsed


@cache
def document() -> dict[str, Any]:
    """The component's document, as AWSTOE reads it."""
    data = ami_template()["Resources"]["Component"]["Properties"]["Data"]
    parsed: dict[str, Any] = yaml.safe_load(data)
    return parsed


def steps() -> dict[str, dict[str, Any]]:
    """Every step of every phase, by its name."""
    return {step["name"]: step for phase in document()["phases"] for step in phase["steps"]}


def script(step: str, **values: str) -> str:
    """The shell of one step, with values for its parameters where they aren't the document's defaults."""
    (command,) = steps()[step]["inputs"]["commands"]
    for parameter in document()["parameters"]:
        ((name, definition),) = parameter.items()
        command = command.replace(f"{{{{ {name} }}}}", values.get(name, definition.get("default", "")))
    assert "{{" not in command, "AWSTOE takes everything in two braces for its own"
    return command
