"""A `current.json` of another table or bucket, or written by a person."""

import json

import pytest
from integration.droptrain_core.test_missing_model import delete_export, served
from integration.droptrain_core.test_promotion import publish, published, run_id, trained


def write_pointer(stack, number: object) -> None:
    """A pointer to a run that the table doesn't know."""
    document = {"schema": 1, "number": number, "run_id": run_id(99), "project": "penguins"}
    stack.put("models/penguins/current.json", json.dumps(document).encode())


@pytest.mark.parametrize("number", [7, 1, -1, 10**4000, "1"])
def test_the_table_decides_what_is_served_whatever_the_pointer_says(stack, number) -> None:
    first = trained(stack, 1, 0.9)
    write_pointer(stack, number)
    assert (publish(stack), published(stack)["run_id"]) == ("published", first)
    second = trained(stack, 2, 0.95)
    assert (publish(stack), published(stack)["run_id"]) == ("published", second)


@pytest.mark.parametrize("number", [7, 1, 10**4000])
def test_a_pointer_to_an_unknown_run_is_no_proof_that_a_missing_export_was_copied(stack, number) -> None:
    first = trained(stack, 1, 0.9)
    delete_export(stack, first)
    write_pointer(stack, number)
    assert (publish(stack), served(stack)) == ("missing", None)
