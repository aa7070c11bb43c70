"""The template as CloudFormation gets it: translated from SAM, without an account."""

from typing import Any

import pytest
from support.rendered import translated as translate


@pytest.fixture(scope="session")
def translated() -> dict[str, Any]:
    """The translated template."""
    return translate()


@pytest.fixture(scope="session")
def of_type(translated: dict[str, Any]) -> Any:
    """A function: the properties of all resources of a CloudFormation type, by logical id."""

    def find(type_: str) -> dict[str, Any]:
        resources = translated["Resources"].items()
        return {name: it.get("Properties", {}) for name, it in resources if it["Type"] == type_}

    return find
