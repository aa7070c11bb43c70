"""A recipe's schedule on the laptop cloud: a push makes it, its time trains, another push removes it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from support.laptop_user import User
from support.waiting import wait_for


def listed(user: User) -> list[dict[str, Any]]:
    answer: dict[str, Any] = user.cloud.client("scheduler").list_schedules(NamePrefix=user.project)
    return list(answer["Schedules"])


def schedules(user: User) -> dict[str, Any]:
    """The project's schedules by name; none of them may be deleted in the meantime."""
    scheduler = user.cloud.client("scheduler")
    return {
        each["Name"]: scheduler.get_schedule(GroupName=each["GroupName"], Name=each["Name"])
        for each in listed(user)
    }


def test_a_schedule_trains_the_newest_data_once_at_its_time(user: User) -> None:
    user.publish("echo trained\n")
    user.drop("first")
    first = user.run_with("SUCCEEDED")
    # A schedule comes at whole minutes, and its message has to be made before.
    soon = datetime.now(UTC) + timedelta(seconds=75)
    user.publish("echo trained again\n", f'retrain: {{schedule: "{soon.minute} {soon.hour} * * *"}}\n')
    wait_for("a schedule", lambda: user.project in schedules(user))
    expression = schedules(user)[user.project]["ScheduleExpression"]
    assert expression == f"cron({soon.minute} {soon.hour} * * ? *)"
    status, project = user.call("GET", f"/projects/{user.project}")
    assert status == 200
    retraining = project["retraining"]
    assert retraining["next_at"] == soon.strftime("%Y-%m-%dT%H:%M:00Z")

    wait_for("the scheduled run", lambda: len(user.runs()) == 2, seconds=120)
    wait_for("its end", lambda: user.runs()[0]["status"] == "SUCCEEDED")
    run = user.runs()[0]
    assert (run["dataset"], run["launched_by"]) == ("first", "schedule")
    assert run["inputs"] == first["inputs"]
    assert run["code"] != first["code"]
    _, project = user.call("GET", f"/projects/{user.project}")
    assert project["retraining"]["outcome"] == "launched"
    assert project["retraining"]["run_id"] == run["run_id"]
    assert project["retraining"]["next_at"] > retraining["next_at"]

    user.publish("echo trained\n", "spot: auto\n")
    wait_for("no schedule", lambda: not listed(user))
    assert len(user.runs()) == 2


def test_drops_in_a_cooldown_are_one_run_after_it(user: User) -> None:
    user.publish("echo trained\n", "retrain: {cooldown: 1m}\n")
    user.drop("first")
    first = user.run_with("SUCCEEDED")
    [end] = schedules(user).values()
    assert end["ActionAfterCompletion"] == "DELETE"
    user.drop("second")
    user.drop("third")
    project = wait_for(
        "two datasets that wait",
        lambda: next(
            (it for it in [user.call("GET", f"/projects/{user.project}")[1]] if len(it["waiting"]) == 2), None
        ),
    )
    assert all(each["arrived_at"] < each["due_at"] for each in project["waiting"])
    assert project["latest_run"]["run_id"] == first["run_id"]
    wait_for("the next run", lambda: len(user.runs()) == 2, seconds=120)
    assert user.run_with("SUCCEEDED")["dataset"] == "third"
    wait_for("answers", lambda: not user.call("GET", f"/projects/{user.project}")[1]["waiting"])
    assert len(user.runs()) == 2


def test_the_reconciler_begins_and_ends_cooldowns_whose_events_are_lost(user: User) -> None:
    user.publish("echo trained\n", "inputs: {training: train.csv, testing: test.csv}\n")
    user.drop("first", train="a,b\n1,2\n")
    wait_for("a dataset that waits", lambda: user.call("GET", f"/projects/{user.project}")[1].get("waiting"))
    user.publish("echo trained\n", "inputs: {training: train.csv}\nretrain: {cooldown: 1h}\n")
    user.age(f"DATASET#{user.project}/first", "created_order", timedelta(hours=2))
    user.cloud.invoke("ReconcileRunsFunction", {})
    assert user.run_with("SUCCEEDED")["dataset"] == "first"
    [end] = schedules(user)
    assert end.startswith(f"{user.project}.cooldown.")

    user.drop("second", train="a,b\n1,2\n")
    wait_for("a dataset that waits", lambda: user.call("GET", f"/projects/{user.project}")[1]["waiting"])
    user.age(f"DATASET#{user.project}/second", "created_order", timedelta(hours=3))
    user.age(f"RETRAIN#{user.project}", "cooldown_until", timedelta(hours=3))
    user.cloud.invoke("ReconcileRunsFunction", {})
    wait_for("the next run", lambda: len(user.runs()) == 2)
    assert user.run_with("SUCCEEDED")["dataset"] == "second"
