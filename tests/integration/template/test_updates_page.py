"""docs/updates.md says what another value of each parameter does; none loses what people would miss."""

from integration.template import updates_page
from integration.template.updates_page import ACCEPTED, CHANGES, HOLDS, PAGE, effects, updates
from support.template import template


def test_the_page_is_as_make_docs_writes_it() -> None:
    assert PAGE.read_text("utf-8") == updates_page.page(), "run make docs"


def test_every_parameter_is_changed() -> None:
    changed = {
        name
        for _, before, after in CHANGES
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
    }
    assert changed == set(template()["Parameters"]), (
        "add what is missing to CHANGES in tests/integration/template/updates_page.py"
    )


def test_a_change_of_scaling_alone_may_replace_instances() -> None:
    for change in ("`MaxvCpus`", "`KeepInstanceMinutes`"):
        found = {it.behaviour for it in updates()[change] if it.type_ == "AWS::Batch::ComputeEnvironment"}
        assert found == {"in place, may replace instances"}, change


def test_no_parameter_replaces_or_removes_what_holds_data_messages_or_jobs() -> None:
    lost = {
        (change, effect.resource)
        for change, found in updates().items()
        for effect in found
        if effect.loses and effect.type_ in HOLDS
    }
    assert lost == set(ACCEPTED)


def test_what_is_called_holding_is_what_the_template_has() -> None:
    assert set(HOLDS) <= {resource["Type"] for resource in template()["Resources"].values()}


def test_a_changed_property_that_has_to_be_new_replaces_its_resource_and_reaches_what_refers_to_it() -> None:
    (first, second) = ({"VpcId": f"vpc-0000000{n}", "SubnetIds": "subnet-00000000"} for n in range(2))
    found = {effect.resource: effect for effect in effects(first, second)}
    assert found["TrainingSecurityGroup"].behaviour == "replaced"
    assert found["SpotComputeEnvironment"].properties == ("ComputeResources.SecurityGroupIds",)
    assert found["SpotComputeEnvironment"].behaviour == "in place, with new instances"
