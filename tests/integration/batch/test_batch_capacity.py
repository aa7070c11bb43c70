"""Compute environments' limits over the Batch API: who waits, who goes first, who waits for ever."""


def vcpus(count, gpus=0):
    asked = [{"type": "VCPU", "value": str(count)}]
    if gpus:
        asked.append({"type": "GPU", "value": str(gpus)})
    return {"resourceRequirements": asked}


def until(name):
    """A child that runs until a file comes into its folder."""
    return ("sh", "-c", f"until test -e {name}; do sleep 0.02; done")


def release(bench, job):
    bench.events.wait(job, "RUNNING")
    bench.marker(job, "go").touch()


def test_a_job_waits_runnable_until_there_is_room(bench):
    first, second = bench.submit(*until("go")), bench.submit(*until("go"))
    third = bench.submit("true")
    bench.events.wait(second, "RUNNING")
    assert bench.describe(third)["status"] == "RUNNABLE"
    assert "statusReason" not in bench.describe(third)
    release(bench, first)
    bench.events.wait(third, "SUCCEEDED")
    release(bench, second)
    bench.events.wait(second, "SUCCEEDED")


def test_the_first_that_waits_holds_back_those_behind_it(bench):
    running = bench.submit(*until("go"), containerOverrides=vcpus(4))
    large = bench.submit("true", containerOverrides=vcpus(8))
    small = bench.submit("true", containerOverrides=vcpus(1))
    assert bench.describe(small)["status"] == "RUNNABLE"
    release(bench, running)
    bench.events.wait(small, "SUCCEEDED")
    order = [event["jobId"] for event in bench.events.details if event["status"] == "SUCCEEDED"]
    assert order.index(large) < order.index(small)


def test_the_queue_of_higher_priority_goes_first(bench):
    bench.queue("urgent", "gpus", priority=10)
    running = bench.submit(*until("go"), containerOverrides=vcpus(8))
    low = bench.submit("true", containerOverrides=vcpus(8))
    high = bench.submit("true", containerOverrides=vcpus(8), jobQueue="urgent")
    release(bench, running)
    bench.events.wait(low, "SUCCEEDED")
    order = [event["jobId"] for event in bench.events.details if event["status"] == "STARTING"]
    assert order == [running, high, low]


def test_a_job_of_higher_priority_that_waits_is_not_overtaken_by_lower_ones(bench):
    bench.queue("urgent", "gpus", priority=10)
    running = bench.submit(*until("go"), containerOverrides=vcpus(4))
    high = bench.submit("true", containerOverrides=vcpus(8), jobQueue="urgent")
    low = bench.submit("true", containerOverrides=vcpus(4))
    release(bench, running)
    bench.events.wait(low, "SUCCEEDED")
    order = [event["jobId"] for event in bench.events.details if event["status"] == "STARTING"]
    assert order == [running, high, low]


def test_a_queue_goes_to_its_next_environment_when_the_first_is_full(bench):
    bench.environment("overflow", max_vcpus=4)
    bench.queue("wide", "gpus", "overflow")
    blocker = bench.submit(*until("go"), containerOverrides=vcpus(8), jobQueue="wide")
    job = bench.submit("sh", "-c", "echo $AWS_BATCH_CE_NAME > where", jobQueue="wide")
    bench.events.wait(job, "SUCCEEDED")
    assert bench.marker(job, "where").read_text() == "overflow\n"
    release(bench, blocker)


def test_a_job_larger_than_every_environment_waits_for_ever_and_says_why(bench):
    job = bench.submit("true", containerOverrides=vcpus(9))
    detail = bench.describe(job)
    assert detail["status"] == "RUNNABLE"
    assert detail["statusReason"].startswith("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE")
    assert bench.events.states(job)[-1:] in ([], ["PENDING"], ["RUNNABLE"])


def test_a_gpu_job_without_gpu_instances_waits_for_ever_and_says_why(bench):
    bench.environment("plain", max_vcpus=8, instance_types=("c6i.xlarge",))
    bench.queue("cpus", "plain")
    job = bench.submit("true", containerOverrides=vcpus(4, gpus=1), jobQueue="cpus")
    assert bench.describe(job)["statusReason"].startswith("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT")


def test_more_capacity_lets_the_waiting_job_run(bench):
    job = bench.submit("true", containerOverrides=vcpus(9))
    bench.batch.update_compute_environment(computeEnvironment="gpus", computeResources={"maxvCpus": 16})
    bench.events.wait(job, "SUCCEEDED")


def test_a_disabled_environment_takes_no_job_until_it_is_enabled(bench):
    bench.batch.update_compute_environment(computeEnvironment="gpus", state="DISABLED")
    job = bench.submit("true")
    assert bench.describe(job)["status"] == "RUNNABLE"
    bench.batch.update_compute_environment(computeEnvironment="gpus", state="ENABLED")
    bench.events.wait(job, "SUCCEEDED")


def test_a_cancelled_head_lets_the_next_one_go(bench):
    head = bench.submit("true", containerOverrides=vcpus(9))
    behind = bench.submit("true")
    bench.batch.cancel_job(jobId=head, reason="too large")
    bench.events.wait(behind, "SUCCEEDED")


def test_an_instance_takes_its_time_to_come(start_bench):
    bench = start_bench(provisioning_seconds=0.3)
    job = bench.submit("true")
    bench.events.wait(job, "SUCCEEDED")
    assert bench.describe(job)["startedAt"] - bench.describe(job)["createdAt"] >= 300


def test_fifty_jobs_at_once_all_end_and_the_capacity_is_never_exceeded(bench):
    jobs = [bench.submit("true", jobName=f"burst-{number}") for number in range(50)]
    for job in jobs:
        bench.events.wait(job, "SUCCEEDED")
    running = most = 0
    for event in bench.events.details:
        running += {"STARTING": 1, "SUCCEEDED": -1}.get(event["status"], 0)
        most = max(most, running)
    assert most == 2
