"""The real template as the laptop cloud reads it."""

import pytest

from droptrain_local import resources
from droptrain_local.errors import TemplateError
from droptrain_local.provision import Stack
from droptrain_local.render import Template, find_root, render
from droptrain_local.resources import NOT_MADE, RUN_HERE, Makers
from droptrain_local.shapes import to_parameters


@pytest.fixture(scope="module")
def template() -> Template:
    return render(find_root(), {"SettleSeconds": "7"})


def test_code_and_layer_are_folders_of_the_checkout(template) -> None:
    function = template.resources["RunsApiFunction"]["Properties"]
    assert (template.path_of(function["Code"]) / "app.py").is_file()
    layer = next(item for item in template.resources.values() if item["Type"] == "AWS::Lambda::LayerVersion")
    assert (template.path_of(layer["Properties"]["Content"]) / "droptrain_core" / "wiring.py").is_file()


def test_parameters_are_the_defaults_but_for_what_is_overridden(template) -> None:
    assert template.parameters["SettleSeconds"] == "7"
    assert template.parameters["InstanceTypes"][0] == "g4dn.xlarge"


def test_an_override_without_a_parameter_is_an_error() -> None:
    with pytest.raises(TemplateError, match="SettleSecond\\."):
        render(find_root(), {"SettleSecond": "1"})


def test_every_type_in_the_table_of_what_is_not_made_is_in_the_template(template) -> None:
    used = {resource["Type"] for resource in template.resources.values()}
    assert used >= NOT_MADE.keys() | RUN_HERE


def test_a_type_that_nobody_knows_is_an_error_that_names_it() -> None:
    template = Template(find_root(), {}, {}, {}, {"Pool": {"Type": "AWS::Cognito::UserPool"}})
    with pytest.raises(TemplateError, match=r"AWS::Cognito::UserPool \(Pool\)"):
        Stack(template).make(Makers(clients=None, engine=None))


def test_numbers_and_booleans_that_came_as_text_get_the_api_s_types() -> None:
    made = to_parameters(
        "batch",
        "CreateComputeEnvironment",
        {
            "ComputeEnvironmentName": "x",
            "ComputeResources": {"MaxvCpus": "16", "InstanceTypes": ["g5.xlarge"], "Tags": {"Name": "N"}},
            "UpdatePolicy": {},
        },
        without=frozenset({"UpdatePolicy"}),
    )
    assert made["computeResources"] == {"maxvCpus": 16, "instanceTypes": ["g5.xlarge"], "tags": {"Name": "N"}}


def test_a_property_that_the_api_does_not_know_is_an_error() -> None:
    with pytest.raises(TemplateError, match="CreateJobQueue has no parameter Colour"):
        to_parameters("batch", "CreateJobQueue", {"Colour": "red"})


def test_no_type_is_both_made_and_not_made() -> None:
    made = Makers(clients=None, engine=None).by_type().keys()
    assert not made & (resources.NOT_MADE.keys() | resources.RUN_HERE)
