"""Fair-share queues over the Batch API: whose job is next, what a submission needs, the queue's snapshot."""

import pytest
from botocore.exceptions import ClientError

ONE_JOB_EACH = 4  # vCPUs of a job, and of the whole environment


@pytest.fixture
def shared(bench):
    """A bench with a fair-share queue that has room for one job at a time."""
    bench.environment("one", max_vcpus=ONE_JOB_EACH)
    bench.policy = bench.engine.create_scheduling_policy(name="equal", fairsharePolicy={})
    bench.queue("shared", "one", schedulingPolicyArn=bench.policy)
    return bench


def until(name):
    """A child that runs until a file comes into its folder."""
    return ("sh", "-c", f"until test -e {name}; do sleep 0.02; done")


def submit(bench, share, *command, **fields):
    request = {"jobQueue": "shared", "schedulingPriorityOverride": 0, **fields}
    return bench.submit(*(command or ("true",)), shareIdentifier=share, **request)


def started(bench):
    return [event["jobId"] for event in bench.events.details if event["status"] == "STARTING"]


def release(bench, job):
    bench.events.wait(job, "RUNNING")
    bench.marker(job, "go").touch()


def snapshot(bench):
    front = bench.batch.get_job_queue_snapshot(jobQueue="shared")["frontOfQueue"]
    return [job["jobArn"].rpartition("/")[2] for job in front["jobs"]]


def test_one_run_of_another_project_is_next_before_forty_that_came_earlier(shared):
    running = submit(shared, "penguins", *until("go"))
    shared.events.wait(running, "RUNNING")
    forty = [submit(shared, "penguins") for _ in range(40)]
    other = submit(shared, "whales")
    assert snapshot(shared)[0] == other
    release(shared, running)
    shared.events.wait(forty[-1], "SUCCEEDED")
    assert started(shared) == [running, other, *forty]


def test_shares_that_have_used_as_much_take_turns(shared):
    running = submit(shared, "c", *until("go"))
    shared.events.wait(running, "RUNNING")
    a = [submit(shared, "a") for _ in range(3)]
    b = [submit(shared, "b") for _ in range(3)]
    assert snapshot(shared) == [a[0], b[0], a[1], b[1], a[2], b[2]]
    release(shared, running)
    shared.events.wait(b[-1], "SUCCEEDED")
    assert started(shared)[1:3] == [a[0], b[0]]


def test_a_share_of_lower_weight_may_use_more(shared):
    weights = [{"shareIdentifier": "fast*", "weightFactor": 0.01}]
    shared.batch.update_scheduling_policy(arn=shared.policy, fairsharePolicy={"shareDistribution": weights})
    running = submit(shared, "fast1", *until("go"))
    shared.events.wait(running, "RUNNING")
    slow = submit(shared, "slow", "sh", "-c", "sleep 0.5")
    more, again = submit(shared, "fast1"), submit(shared, "slow")
    release(shared, running)
    shared.events.wait(again, "SUCCEEDED")
    assert started(shared) == [running, slow, more, again]


def test_a_higher_priority_goes_first_within_its_share(shared):
    running = submit(shared, "a", *until("go"))
    shared.events.wait(running, "RUNNING")
    usual, urgent = submit(shared, "a"), submit(shared, "a", schedulingPriorityOverride=9)
    assert snapshot(shared) == [urgent, usual]
    release(shared, running)
    shared.events.wait(usual, "SUCCEEDED")
    assert started(shared) == [running, urgent, usual]


def test_the_snapshot_lists_the_first_hundred(shared):
    running = submit(shared, "a", *until("go"))
    shared.events.wait(running, "RUNNING")
    jobs = [submit(shared, "a") for _ in range(101)]
    assert snapshot(shared) == jobs[:100]
    usage = shared.batch.get_job_queue_snapshot(jobQueue="shared")["queueUtilization"]
    assert usage["fairshareUtilization"]["activeShareCount"] == 1
    release(shared, running)


def test_the_snapshot_of_a_queue_without_a_policy_is_in_order_of_submission(bench):
    running = [bench.submit(*until("go")) for _ in range(2)]
    waiting = [bench.submit("true") for _ in range(2)]
    bench.events.wait(running[1], "RUNNING")
    front = bench.batch.get_job_queue_snapshot(jobQueue="training")["frontOfQueue"]["jobs"]
    assert [job["jobArn"] for job in front] == [bench.describe(job)["jobArn"] for job in waiting]
    assert all(job["earliestTimeAtPosition"] > 1e12 for job in front)
    for job in running:
        release(bench, job)


@pytest.mark.parametrize(
    ("queue", "fields", "message"),
    [
        ("shared", {}, "shareIdentifier must be specified"),
        ("shared", {"shareIdentifier": "a"}, "schedulingPriority"),
        ("shared", {"shareIdentifier": "my-project", "schedulingPriorityOverride": 0}, "letters and digits"),
        ("shared", {"shareIdentifier": "a" * 256, "schedulingPriorityOverride": 0}, "255"),
        ("shared", {"shareIdentifier": "a", "schedulingPriorityOverride": 10_000}, "9999"),
        ("training", {"shareIdentifier": "a", "schedulingPriorityOverride": 0}, "no scheduling policy"),
    ],
)
def test_a_submission_that_does_not_fit_the_queue_s_policy_is_refused(shared, queue, fields, message):
    with pytest.raises(ClientError, match=message) as refused:
        shared.submit("true", jobQueue=queue, **fields)
    assert refused.value.response["Error"]["Code"] == "ClientException"


def test_a_priority_of_the_definition_does_too(shared):
    shared.define("ranked", schedulingPriority=0)
    job = shared.submit("true", jobQueue="shared", jobDefinition="ranked", shareIdentifier="a")
    detail = shared.events.wait(job, "SUCCEEDED")
    assert (detail["shareIdentifier"], detail["schedulingPriority"]) == ("a", 0)


def test_a_queue_has_five_hundred_active_shares(shared):
    running = submit(shared, "s0", *until("go"))
    for number in range(1, 500):
        submit(shared, f"s{number}")
    with pytest.raises(ClientError, match="500"):
        submit(shared, "another")
    submit(shared, "s7")
    release(shared, running)


def test_a_queue_without_a_policy_never_gets_one_and_one_with_a_policy_keeps_it(shared):
    with pytest.raises(ClientError, match="FIFO"):
        shared.batch.update_job_queue(jobQueue="training", schedulingPolicyArn=shared.policy)
    with pytest.raises(ClientError, match="doesn't exist"):
        shared.batch.update_job_queue(jobQueue="shared", schedulingPolicyArn=shared.policy + "2")
    found = shared.batch.describe_job_queues(jobQueues=["shared"])["jobQueues"]
    assert [queue["schedulingPolicyArn"] for queue in found] == [shared.policy]
    found = shared.batch.describe_scheduling_policies(arns=[shared.policy])["schedulingPolicies"]
    assert [(policy["name"], policy["arn"]) for policy in found] == [("equal", shared.policy)]
