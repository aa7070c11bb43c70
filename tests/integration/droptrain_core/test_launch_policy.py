"""What the stack's owner decided holds: a paused stack launches nothing, overrides have limits."""

import pytest
from droptrain_core.domain.errors import PausedError, RejectedError
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from droptrain_core.domain.runs.run import Run

PAUSED = LaunchPolicy(paused="no budget until Monday")


def only_run(stack) -> Run:
    [found] = stack.query.runs(limit=10, cursor=None).runs
    return found


def test_nothing_is_launched_while_the_stack_is_paused_and_nothing_is_lost(stack) -> None:
    stack.publish_project()
    dropped = stack.drop()
    stack.policy = PAUSED
    with pytest.raises(PausedError, match="no budget until Monday"):
        stack.launch.upload(*dropped[0])
    with pytest.raises(PausedError):
        stack.launch.request("penguins", "first", caller="ann")
    assert stack.query.runs(limit=10).runs == ()
    stack.policy = LaunchPolicy()
    assert [stack.launch.upload(*each).answer for each in dropped] == ["launched", "repeated"]
    stack.policy = PAUSED
    with pytest.raises(PausedError):
        stack.launch.repeat(only_run(stack).run_id, caller="ann")


def test_the_reconciler_leaves_claims_and_datasets_to_the_end_of_the_pause(stack) -> None:
    stack.publish_project()
    [(key, version)] = stack.drop("second", "train.csv")
    stack.launch.upload(key, version)
    stack.drop("second", "test.csv")  # its event gets lost
    stack.later(hours=2)
    stack.policy = PAUSED
    assert stack.reconcile.all()["finished"] == 0
    assert stack.batch_jobs() == []
    stack.policy = LaunchPolicy()
    assert stack.reconcile.all()["finished"] == 1
    assert len(stack.batch_jobs()) == 1


def test_a_claim_from_before_the_pause_is_submitted_after_it(stack) -> None:
    stack.publish_project()
    stack.drop()
    stack.jobs.submit = None  # whoever claims dies here
    with pytest.raises(TypeError):
        stack.launch.request("penguins", "first", caller="ann")
    del stack.jobs.submit
    stack.later(minutes=10)
    stack.policy = PAUSED
    stack.reconcile.all()
    assert only_run(stack).status == "CLAIMED"
    stack.policy = LaunchPolicy()
    stack.reconcile.all()
    assert only_run(stack).status != "CLAIMED"


def test_overrides_beyond_the_owner_s_limits_are_refused(stack) -> None:
    stack.publish_project()
    stack.drop()
    stack.policy = LaunchPolicy(most={"gpus": 2, "memory_gib": 64})
    for resources in ({"gpus": 3}, {"gpus": 1, "memory_gib": 65}):
        with pytest.raises(RejectedError, match="than this stack's limit of"):
            stack.launch.request("penguins", "first", caller="ann", overrides={"resources": resources})
    run, new = stack.launch.request(
        "penguins", "first", caller="ann", overrides={"resources": {"gpus": 2, "memory_gib": 64, "vcpus": 96}}
    )
    assert new
    assert run.job.gpus == 2
