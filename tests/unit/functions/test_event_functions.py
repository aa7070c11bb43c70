"""The functions fed by events: what they ask of their use case, what they answer for a record that fails."""

import json
from collections import Counter
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from droptrain_core.aws.wake_ups import WakeUps
from droptrain_core.domain.datasets.dataset import Created
from droptrain_core.domain.errors import BusyError
from droptrain_core.domain.runs.retraining import schedule_message
from droptrain_core.launch.answers import Launched
from droptrain_core.notify import EndNotified
from support.golden import golden, queued, streamed
from unit.functions.function_output import failed, metrics_in


class Uploads:
    """Answers each upload in turn; an exception is raised."""

    def __init__(self, *answers: Launched | Exception) -> None:
        self.answers = list(answers)
        self.seen: list[Created] = []
        self.woken: list[tuple[str, ...]] = []

    def upload(self, upload: Created) -> Launched:
        self.seen.append(upload)
        return self._answer()

    def wake(self, *dataset_and_wake_up: str) -> Launched:
        self.woken.append(dataset_and_wake_up)
        return self._answer()

    def _answer(self) -> Launched:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


COUNTED = ("ignored", "waiting", "postponed", "repeated", "rejected")


def test_an_upload_is_launched_by_its_key_and_version(load, context, capsys) -> None:
    app = load("dataset_uploaded")
    app.launch = uploads = Uploads(Launched("launched", "penguins-first-0123456789ab"))
    assert failed(app.handler(queued(golden("s3/odd_key")), context)) == []
    key, version = "projects/penguins/data/first/größe + 100%.csv", "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"
    uploaded_at = datetime.fromisoformat(golden("s3/odd_key")["time"])
    assert uploads.seen == [Created(key, version, uploaded_at, "PutObject")]
    output = capsys.readouterr().out
    assert metrics_in(output)["RunsLaunched"] == 1
    assert '"run_id":"penguins-first-0123456789ab"' in output


def test_a_wake_up_looks_at_its_dataset(load, context) -> None:
    app = load("dataset_uploaded")
    app.launch = uploads = Uploads(Launched("launched", "penguins-first-0123456789ab"))
    sent: list[dict[str, Any]] = []
    client: Any = SimpleNamespace(send_message=lambda **message: sent.append(message))
    wake_up = WakeUps(lambda: client, "a-queue").send("penguins", "first", 9)
    (message,) = sent
    assert message["DelaySeconds"] == 9
    assert failed(app.handler(queued(json.loads(message["MessageBody"])), context)) == []
    assert uploads.woken == [("penguins", "first", wake_up)]


class Schedules:
    """Keeps what it is asked to do."""

    def __init__(self) -> None:
        self.followed: list[str] = []
        self.due_at: list[tuple[str, str]] = []

    def follow(self, project: str) -> None:
        self.followed.append(project)

    def due(self, project: str, due_at: str) -> Launched:
        self.due_at.append((project, due_at))
        return Launched("launched", "penguins-first-0123456789ab")


def test_a_time_of_a_schedule_is_launched_as_scheduler_names_it(load, context, capsys) -> None:
    app = load("dataset_uploaded")
    schedules = Schedules()
    app.schedules = lambda: schedules
    at = "2026-11-23T05:00:00Z"
    message = json.loads(
        json.dumps(schedule_message("penguins")).replace("<aws.scheduler.scheduled-time>", at)
    )
    assert failed(app.handler(queued(message), context)) == []
    assert schedules.due_at == [("penguins", at)]
    assert metrics_in(capsys.readouterr().out)["RunsLaunched"] == 1


@pytest.mark.parametrize(
    ("key", "project"),
    [
        ("projects/penguins/train.yaml", "penguins"),
        ("projects/penguins/push.json", "penguins"),
        ("projects/Penguins/train.yaml", None),
        ("projects/penguins/code/train.yaml", None),
        ("projects/train.yaml", None),
    ],
)
def test_a_published_recipe_s_schedule_is_followed(load, context, key: str, project: str | None) -> None:
    app = load("dataset_uploaded")
    app.launch, schedules = Uploads(Launched("ignored")), Schedules()
    app.schedules = lambda: schedules
    event = golden("s3/put_object")
    event["detail"]["object"]["key"] = key
    assert failed(app.handler(queued(event), context)) == []
    assert schedules.followed == ([project] if project else [])


@pytest.mark.parametrize("event", [golden("s3/odd_key"), {**golden("s3/odd_key"), "time": None}])
def test_a_postponed_upload_comes_back_as_the_same_object_version(load, context, event: Any) -> None:
    app = load("dataset_uploaded")
    app.launch = uploads = Uploads(Launched("postponed"), Launched("launched", "penguins-first-0123456789ab"))
    app.handler(queued(event), context)
    sent: list[dict[str, Any]] = []
    client: Any = SimpleNamespace(send_message=lambda **message: sent.append(message))
    WakeUps(lambda: client, "a-queue").postpone(uploads.seen[0], 60)
    (message,) = sent
    assert (message["QueueUrl"], message["DelaySeconds"]) == ("a-queue", 60)
    assert failed(app.handler(queued(json.loads(message["MessageBody"])), context)) == []
    assert uploads.seen[0] == uploads.seen[1]


def test_what_each_upload_led_to_is_counted(load, context, capsys) -> None:
    app = load("dataset_uploaded")
    app.launch = Uploads(*(Launched(answer) for answer in COUNTED))
    app.handler(queued(*[golden("s3/odd_key")] * len(COUNTED)), context)
    assert metrics_in(capsys.readouterr().out) == {
        "UploadsIgnored": 1,
        "DatasetsWaiting": 1,
        "UploadsPostponed": 1,
        "UploadsRepeated": 1,
        "RunsRejected": 1,
    }


def test_only_the_records_that_failed_come_back(load, context, capsys) -> None:
    app = load("dataset_uploaded")
    app.launch = Uploads(Launched("waiting"), BusyError("run-1: Too Many Requests"), OSError("disk"))
    bodies = [golden("s3/odd_key")] * 3
    assert failed(app.handler(queued(*bodies, "not JSON"), context)) == ["m1", "m2", "m3"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    levels = [line["level"] for line in lines if "level" in line]
    assert levels == ["INFO", "WARNING", "ERROR", "ERROR"], "a throttle is no error"


def test_what_a_record_is_about_is_no_key_of_the_next_one_s_lines(load, context, capsys) -> None:
    app = load("dataset_uploaded")
    app.launch = Uploads(Launched("launched", "penguins-first-0123456789ab"))
    app.handler(queued(golden("s3/put_object"), "not JSON"), context)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (error,) = [line for line in lines if line.get("level") == "ERROR"]
    assert not {"key", "run_id"} & set(error)


def test_a_batch_that_fails_whole_is_no_function_error(load, context) -> None:
    app = load("dataset_uploaded")
    app.launch = Uploads(BusyError("x"))
    assert failed(app.handler(queued(golden("s3/odd_key")), context)) == ["m0"]


@pytest.mark.parametrize(("change", "counted"), [
    ("applied", "ChangesApplied"), ("stale", "ChangesIgnored"), ("foreign", "ChangesIgnored"),
])  # fmt: skip
def test_a_state_change_is_applied_and_its_environment_is_not_logged(
    load, context, capsys, change, counted
) -> None:
    app = load("batch_job_changed")
    seen = []
    app.track = type("Track", (), {"event": lambda self, detail: seen.append(detail) or change})()
    assert failed(app.handler(queued(golden("batch/running")), context)) == []
    assert seen[0]["jobName"] == "penguins-first-0123456789ab"
    output = capsys.readouterr().out
    assert metrics_in(output) == {counted: 1}
    assert '"run_id":"penguins-first-0123456789ab"' in output
    assert "do-not-log" not in output


def test_an_event_of_another_kind_changes_nothing(load, context, capsys) -> None:
    app = load("batch_job_changed")
    app.track = None
    kind = {"detail-type": "Batch Job Something Else"}
    assert failed(app.handler(queued(golden("batch/running") | kind), context)) == []
    assert metrics_in(capsys.readouterr().out) == {"ChangesIgnored": 1}


def test_an_ended_run_is_announced_by_its_id(load, context, capsys) -> None:
    app = load("run_changed")
    seen = []
    app.notify = type(
        "Notify", (), {"ended": lambda self, *run: seen.append(run) or EndNotified("published")}
    )()
    assert failed(app.handler(streamed(golden("stream/modify_ended")), context)) == []
    assert seen == [("penguins-first-0123456789ab", "penguins")]
    assert metrics_in(capsys.readouterr().out) == {"NoticesPublished": 1}


def test_a_canary_that_succeeds_is_counted_for_its_alarm(load, context, capsys) -> None:
    app = load("run_changed")
    app.notify = SimpleNamespace(ended=lambda *_: EndNotified("muted", canary_succeeded=True))
    app.handler(streamed(golden("stream/modify_ended")), context)
    assert metrics_in(capsys.readouterr().out) == {"NoticesSpared": 1, "CanaryRunsSucceeded": 1}


def test_a_record_that_nobody_can_read_does_not_keep_others_from_their_notice(load, context) -> None:
    app = load("run_changed")
    seen = []
    app.notify = type(
        "Notify", (), {"ended": lambda self, *run: seen.append(run) or EndNotified("published")}
    )()
    good = golden("stream/modify_ended")
    change = good["dynamodb"]
    nameless = {name: value for name, value in change["NewImage"].items() if name != "run_id"}
    poisoned = good | {"dynamodb": change | {"NewImage": nameless, "SequenceNumber": "110"}}
    assert failed(app.handler(streamed(poisoned, good), context)) == ["110"]
    assert seen == [("penguins-first-0123456789ab", "penguins")]


def test_a_new_current_model_is_published_for_some_seconds(load, context, capsys) -> None:
    app, asked = load("run_changed"), []
    publishes = SimpleNamespace(go_on=lambda *given: asked.append(given) or "published")
    app.wiring = SimpleNamespace(publish_model=lambda: publishes)
    assert failed(app.handler(streamed(golden("stream/modify_model")), context)) == []
    assert asked == [("penguins", app.COPY_SECONDS)]
    assert metrics_in(capsys.readouterr().out) == {"ModelsPublished": 1}


def test_copies_of_one_batch_leave_time_for_its_other_records(load, context) -> None:
    app, asked = load("run_changed"), []
    context.get_remaining_time_in_millis = lambda: 30_000

    def go_on(project: str, seconds: float) -> str:
        asked.append(seconds)
        left = context.get_remaining_time_in_millis() - 11_000
        context.get_remaining_time_in_millis = lambda: left
        return "unfinished"

    app.wiring = SimpleNamespace(publish_model=lambda: SimpleNamespace(go_on=go_on))
    models = [golden("stream/modify_model") for _ in range(2)]
    assert failed(app.handler(streamed(*models), context)) == []
    assert asked == [10, 4]


def test_a_notice_that_fails_is_delivered_again(load, context) -> None:
    app = load("run_changed")

    def ended(self: object, run_id: str, project: str) -> str:
        raise OSError("topic")

    app.notify = type("Notify", (), {"ended": ended})()
    assert failed(app.handler(streamed(golden("stream/modify_ended")), context)) == ["110000000000000000003"]


@pytest.mark.parametrize(
    ("name", "records", "needed_ms"),
    [
        ("run_changed", streamed(*[golden("stream/modify_ended")] * 3), 10_000),
        ("trial_ended", streamed(*[golden("stream/modify_trial_ended")] * 3), 40_000),
        ("batch_job_changed", queued(*[golden("batch/running")] * 3), 10_000),
    ],
)
def test_what_a_batch_has_no_time_for_is_delivered_again_alone(
    load, context, monkeypatch, name: str, records: dict[str, Any], needed_ms: int
) -> None:
    app, handled = load(name), []
    monkeypatch.setattr(app, "handle", lambda *given: handled.append(given))
    times = iter([needed_ms, needed_ms - 1])
    context.get_remaining_time_in_millis = lambda: next(times)
    again = failed(app.handler(records, context))
    assert len(handled) == 2
    assert len(again) == 1


def test_a_pass_of_the_reconciler_says_what_it_did(load, context, capsys) -> None:
    app = load("reconcile_runs")
    context.get_remaining_time_in_millis = lambda: 240_000
    asked = []

    def all(self: object, seconds: float) -> Counter[str]:
        asked.append(seconds)
        return Counter(active=3, finished=1)

    app.reconcile = type("Reconcile", (), {"all": all})()
    assert app.handler(golden("scheduler/reconcile_runs"), context) == {"active": 3, "finished": 1}
    assert metrics_in(capsys.readouterr().out) == {"RunsActive": 3, "ClaimsFinished": 1}
    assert asked == [210], "a pass leaves time to handle its last item"


def refreshing(*failed: str, fractions: tuple[str, ...] = ()) -> object:
    from droptrain_core.refresh import Done

    done = Done(4, 0, 5, written=True, failed=failed, fractions=fractions)
    return type("Refresh", (), {"all": lambda self: done})()


def test_a_refresh_of_the_prices_says_how_many_it_read(load, context, capsys) -> None:
    app = load("refresh_prices")
    app.refresh = refreshing()
    assert app.handler(golden("scheduler/refresh_prices"), context)["on_demand"] == 4
    assert metrics_in(capsys.readouterr().out) == {
        "OnDemandPricesRead": 4,
        "SpotPricesRead": 0,
        "InstanceSizesRead": 5,
    }


def test_a_list_that_did_not_answer_is_an_error_after_the_other_is_written(load, context) -> None:
    app = load("refresh_prices")
    app.refresh = refreshing("spot")
    with pytest.raises(RuntimeError, match="spot could not be read"):
        app.handler({}, context)


def test_a_parameter_that_names_a_fraction_of_a_gpu_is_an_error_after_everything_is_written(
    load, context
) -> None:
    app = load("refresh_prices")
    app.refresh = refreshing(fractions=("g9f.large",))
    with pytest.raises(RuntimeError, match=r"InstanceTypes names g9f\.large: a fraction of a GPU"):
        app.handler({}, context)


SWEEP_ID = "penguins-first-sweep-0123456789ab"


@pytest.mark.parametrize("event", ["stream/modify_trial_ended", "stream/insert_sweep"])
def test_the_end_of_a_trial_and_a_new_sweep_advance_the_sweep(load, context, event: str) -> None:
    app = load("trial_ended")
    asked: list[Any] = []
    app.advance = SimpleNamespace(sweep=lambda *given: asked.append(given) or "waits")
    assert failed(app.handler(streamed(golden(event), golden("stream/remove")), context)) == []
    assert asked == [(SWEEP_ID, app.search)]


def test_a_step_of_a_sweep_that_fails_is_delivered_again(load, context) -> None:
    app = load("trial_ended")

    def busy(*_: Any) -> None:
        raise BusyError("another process works on it")

    app.advance = SimpleNamespace(sweep=busy)
    event = golden("stream/modify_trial_ended")
    number = event["dynamodb"]["SequenceNumber"]
    assert failed(app.handler(streamed(event), context)) == [number]


def test_the_end_of_a_sweep_is_announced_by_its_id(load, context) -> None:
    app = load("run_changed")
    asked: list[str] = []
    notify = SimpleNamespace(ended=lambda sweep_id: asked.append(sweep_id) or "published")
    app.wiring = SimpleNamespace(notify_sweep=lambda: notify)
    assert failed(app.handler(streamed(golden("stream/modify_sweep_ended")), context)) == []
    assert asked == [SWEEP_ID]
