"""Which compute environment takes a job, and which jobs none can ever take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from droptrain_local.batch.compute import (
    JOB_RESOURCE,
    MAX_RESOURCE,
    ComputeEnvironment,
    Needs,
    choose,
    misconfiguration,
    needs_of,
)


def environment(name, max_vcpus, types=("g5.xlarge",), enabled=True):
    return ComputeEnvironment(name, f"arn:{name}", max_vcpus, {}, enabled, types)


def test_the_first_environment_with_room_takes_the_job():
    first, second = environment("first", 8), environment("second", 8)
    assert choose(Needs(4), [first, second], {}) is first
    assert choose(Needs(4), [first, second], {"arn:first": 5}) is second
    assert choose(Needs(4), [first, second], {"arn:first": 5, "arn:second": 8}) is None
    assert choose(Needs(4), [environment("off", 8, enabled=False)], {}) is None


@pytest.mark.parametrize(
    ("needs", "types", "why"),
    [
        (Needs(8, gpus=1), ("g5.xlarge",), None),
        (Needs(8, gpus=1), ("c6i.large", "p4d.24xlarge"), None),
        (Needs(8, gpus=1), (), None),
        (Needs(8), ("c6i.large",), None),
        (Needs(8, gpus=1), ("c6i.large", "optimal"), JOB_RESOURCE),
        (Needs(9), ("g5.xlarge",), MAX_RESOURCE),
    ],
)
def test_a_job_that_no_environment_can_ever_run_is_told_why(needs, types, why):
    assert misconfiguration(needs, [environment("one", 8, types)]) == why


@given(st.integers(1, 64), st.lists(st.tuples(st.integers(0, 64), st.integers(0, 64)), max_size=4))
def test_no_environment_is_ever_filled_beyond_its_limit(vcpus, sizes):
    environments = [environment(str(number), size) for number, (size, _) in enumerate(sizes)]
    used = {f"arn:{number}": amount for number, (_, amount) in enumerate(sizes)}
    chosen = choose(Needs(vcpus), environments, used)
    if chosen:
        assert used[chosen.arn] + vcpus <= chosen.max_vcpus


def test_vcpus_in_resource_requirements_go_before_the_deprecated_field():
    asked = [{"type": "VCPU", "value": "4"}, {"type": "GPU", "value": "2"}]
    assert needs_of({"vcpus": 2, "resourceRequirements": asked}) == Needs(4, 2)
    assert needs_of({"vcpus": 2}) == Needs(2)
