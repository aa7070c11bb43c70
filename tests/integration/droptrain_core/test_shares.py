"""Runs of different projects in the job queues: each project's jobs count to a share of its own."""

from dataclasses import replace

from droptrain_core.domain.runs import share
from support.core_stack import Stack


def launch(stack: Stack, project: str, dataset: str) -> None:
    stack.put(f"projects/{project}/code/run.sh", b"exit 0\n")
    for name in ("train.csv", "test.csv"):
        stack.launch.upload(*stack.put(f"projects/{project}/data/{dataset}/{name}"))


def waiting(stack: Stack) -> list[str]:
    """Names of the Spot queue's first jobs, in order."""
    front = stack.batch.get_job_queue_snapshot(jobQueue="spot")["frontOfQueue"]["jobs"]
    names = {job["jobArn"]: job["jobName"] for job in stack.batch_jobs()}
    return [names[job["jobArn"]] for job in front]


def shares(stack: Stack) -> dict[str, str]:
    return {job["jobName"]: job["shareIdentifier"] for job in stack.batch_jobs()}


def test_a_project_s_single_run_does_not_wait_for_forty_of_another(stack: Stack) -> None:
    launch(stack, "penguins", "d0")
    (run,) = stack.query.runs(limit=1).runs
    for number in range(1, 40):
        stack.jobs.submit(replace(run, run_id=f"penguins-d{number}-0123456789ab"), {})
    launch(stack, "whales", "only")
    order = waiting(stack)
    assert [name.partition("-")[0] for name in order[:3]] == ["penguins", "whales", "penguins"]
    assert len(order) == 41


def test_each_project_has_its_share(stack: Stack) -> None:
    for project in ("penguins", "my-whales", "my-whales"):
        launch(stack, project, f"d{len(shares(stack))}")
    assert set(shares(stack).values()) == {share.of_project("penguins"), share.of_project("my-whales")}


def test_a_project_beyond_five_hundred_shares_joins_the_closest_one(stack: Stack) -> None:
    own = share.of_project("whales")
    # The first two digits of one of them are those of the project's share, of the others none.
    others = [("0" if own[0] != "0" else "1") + f"{number:031}" for number in range(499)]
    for each in [*others, own[:2] + "x"]:
        stack.batch.submit_job(
            jobName="other", jobQueue="spot", jobDefinition="training", shareIdentifier=each,
            schedulingPriorityOverride=0,
        )  # fmt: skip
    launch(stack, "whales", "only")
    (run,) = stack.query.runs(limit=1).runs
    assert run.status == "SUBMITTED"
    assert shares(stack)[run.run_id] == own[:2] + "x"
