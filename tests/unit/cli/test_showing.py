"""What people see of a run and of tables: the sections, and text from elsewhere as text."""

import io
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from droptrain_cli import output, show_run, show_timing

NOW = datetime(2026, 11, 23, 3, 0, 0, tzinfo=UTC)


def run(**more: Any) -> dict[str, Any]:
    return {
        "run_id": "penguins-first-9a8869ef2b6a", "project": "penguins", "dataset": "first",
        "status": "CLAIMED", "cause": None, "rerun_of": None, "launched_by": "upload", "cancelled_by": None,
        "created_at": "2026-11-23T02:50:00Z", "updated_at": "2026-11-23T02:50:00Z",
        "started_at": None, "stopped_at": None, "batch_job_id": None, "log_stream": None, "attempts": [],
        "cost": None, "metric": None, "metrics": {}, "inputs": [], "input_count": 0, "recipe": None,
        "code": None, "history": [], "gpu": None, "advice": [],
        "links": dict.fromkeys(("self", "run", "model", "export", "log"), "s3://data/"), **more,
    }  # fmt: skip


def shown(place: str | None = None, **more: Any) -> str:
    text = io.StringIO()
    show_run.write(run(**more), Console(file=text, width=200, highlight=False), NOW, place)
    return text.getvalue()


def test_a_run_that_has_just_been_claimed_has_no_empty_sections():
    said = shown()
    for absent in ("Metrics", "Attempts", "Inputs", "Cost", "What happened", "Batch job", "GPU", "Advice"):
        assert absent not in said
    assert "2026-11-23T02:50:00Z (10 min ago), by upload" in said


def test_prepared_data_are_shown_with_the_metrics_of_their_step():
    data = {"run_id": "penguins-first-1", "files": 3, "bytes": 2_400_000, "seconds": 840}
    said = shown(prepared=data | {"metrics": {"rows": 1200.0, "dropped": 3.0}})
    expected = "3 files, 2.4 MB of penguins-first-1 reused, 14 min 0 s saved; dropped 3; rows 1200"
    assert expected in " ".join(said.split())


PARTS = ("queued", "instance_launched", "instance_started", "image_pulled", "container_started", "fetched",
         "first_step", "trained", "saved")  # fmt: skip


def timed(timing: dict[str, Any], status: str = "RUNNING") -> list[str]:
    text = io.StringIO()
    screen = Console(file=text, width=200, highlight=False)
    show_timing.write({"run_id": "p-1", "status": status}, timing, screen, NOW)
    return [" ".join(line.split()) for line in text.getvalue().splitlines()]


def test_the_timing_has_a_row_for_each_part_and_says_what_is_not_reported():
    known: dict[str, Any] = {
        "queued": {"at": "2026-11-23T02:50:00Z"},
        "instance_launched": {"at": "2026-11-23T02:40:00Z", "after": "queued", "seconds": 0},
        "container_started": {"at": "2026-11-23T02:52:10Z", "after": "queued", "seconds": 130},
        "fetched": {
            "at": "2026-11-23T02:52:18Z", "after": "container_started", "seconds": 8,
            "usual": {"seconds": 6, "runs": 5, "of": "project"},
        },
    }  # fmt: skip
    nothing = {"at": None, "after": None, "seconds": None, "usual": None}
    parts = [{"name": name, **nothing, **known.get(name, {})} for name in PARTS]
    underway = {
        "name": "first_step", "since": "2026-11-23T02:59:18Z",
        "usual": {"seconds": 90, "runs": 1, "of": "stack"},
    }  # fmt: skip
    assert timed({"attempt": 2, "parts": parts, "underway": underway}) == [
        "p-1 is RUNNING, attempt 2",
        "Now: before its first output or metric, for 42 s; usually 1 min 30 s (median of 1 run of the stack)",
        "PART ENDED AT TOOK USUALLY",
        "queued 2026-11-23T02:50:00Z",
        "instance launched 2026-11-23T02:40:00Z before the run",
        "instance started not reported",
        "image pulled not reported",
        "container started 2026-11-23T02:52:10Z 2 min 10 s since queued",
        "fetched 2026-11-23T02:52:18Z 8 s 6 s (median of 5 runs of the project)",
        "first step not reported", "trained not reported", "saved not reported",
    ]  # fmt: skip


def test_what_the_queue_says_of_a_success_is_left_out():
    words = "Essential container in task exited"
    times = {"started_at": "2026-11-23T02:10:00Z", "stopped_at": "2026-11-23T02:11:00Z"}
    tries = [
        {"number": number, "step": "train", "exit_code": code, "reason": words, **times}
        for number, code in ((1, 75), (2, 0))
    ]
    history = [{"at": "2026-11-23T02:11:00Z", "status": "SUCCEEDED", "note": words}]
    said = shown(attempts=tries, history=history)
    assert [line.split()[0] for line in said.splitlines() if words in line] == ["1"]


def test_the_place_in_a_queue_follows_the_status():
    lines = shown("number 3 in the Spot queue", status="RUNNABLE").splitlines()
    assert [line.split() for line in lines[1:3]] == [
        ["Status", "RUNNABLE"],
        ["Waits", "number", "3", "in", "the", "Spot", "queue"],
    ]


def test_cause_and_fix_come_before_everything_else():
    cause = {"code": "bad_data", "message": "train.csv is empty.", "fix": "Drop it again."}
    lines = shown(status="REJECTED", cause=cause).splitlines()
    assert [line.split("  ")[1] for line in lines[1:4]] == ["Status", "What happened", "What to do"]
    assert lines[3].endswith("Drop it again.")


def test_the_evidence_stands_between_what_happened_and_what_to_do():
    cause = {
        "code": "gpu_out_of_memory", "message": "The GPU's memory ran out.", "fix": "Take a smaller batch.",
        "evidence": ['File "train.py", line 88', "OOM when allocating tensor"], "retry_helps": False,
    }  # fmt: skip
    lines = shown(status="FAILED", cause=cause).splitlines()
    assert [line.strip() for line in lines[3:7]] == [
        'Evidence       File "train.py", line 88',
        "OOM when allocating tensor",
        "What to do     Take a smaller batch.",
        "Retry          Retrying unchanged won't help.",
    ]


def test_an_idle_gpu_is_shown_with_the_advice():
    gpu = {"count": 1, "busy_percent": 12.4, "peak_memory_gib": 3.0, "waiting_seconds": None, "seconds": 60.0}
    said = shown(gpu=gpu, advice=["Prefetch."])
    assert "GPU            1 GPU, busy 12 % of the time, at most 3.0 GiB of memory" in said
    assert said.index("Advice         Prefetch.") < said.index("Dataset")


def test_the_headline_metric_comes_first():
    said = shown(metric="test_accuracy", metrics={"loss": 0.5, "test_accuracy": 0.98765})
    assert said.index("test_accuracy  0.9877") < said.index("loss           0.5")


def test_the_values_of_metrics_with_long_names_are_aligned():
    said = shown(metrics={"loss": 0.5, "baseline_accuracy": 0.25})
    assert "\n  baseline_accuracy 0.25\n  loss              0.5\n" in said


def test_of_many_inputs_the_first_are_shown_and_the_others_counted():
    inputs = [
        {"key": f"part-{n}.csv", "version_id": "v", "size": 5, "channel": "training"} for n in range(100)
    ]
    said = shown(inputs=inputs, input_count=5000)
    assert "part-9.csv" in said
    assert "part-10.csv" not in said
    assert "and 4990 more: all are in run.json" in said


def test_names_and_messages_are_never_markup_nor_control_characters():
    cause = {"code": "c", "message": "[bold]\x1b[31mE\x1b[0m[/nope]", "fix": "[link=x]"}
    said = shown(cause=cause, metrics={"[red]\x07": 1.0})
    assert "[bold]E[/nope]" in said
    assert "[link=x]" in said
    assert "[red] " in said
    assert not {"\x1b", "\x07"} & set(said)


def test_a_table_without_a_terminal_is_neither_folded_nor_padded():
    text = io.StringIO()
    console = Console(file=text, width=10_000, highlight=False)
    output.show(console, output.table(("A", "B"), [("x" * 300, "y"), ("", "")]))
    header, line, empty = text.getvalue().split("\n")[:3]
    assert line == f"{'x' * 300}  y"
    assert header.split() == ["A", "B"]
    assert empty == ""


OFFERED = {
    "offers": [
        {"instance_type": "g4dn.xlarge", "on_demand_usd_per_hour": 0.587, "spot_usd_per_hour": 0.2363,
         "spot_zone": "eu-west-1b"},
        {"instance_type": "g5.xlarge", "on_demand_usd_per_hour": 1.123, "spot_usd_per_hour": None,
         "spot_zone": None},
    ],
    "expected_seconds": 1800, "expected_usd": 0.11815, "worst_usd": 80.856, "worst_usd_per_hour": 1.123,
    "basis": "as long as the project's last 3 successful runs", "priced_at": "2025-11-30",
    "spot_priced_at": "2026-11-23T00:00:00Z",
}  # fmt: skip


def test_the_estimate_is_an_estimate_with_the_prices_that_it_is_made_of():
    said = shown(estimate=OFFERED)
    assert "about $0.1182 for 30 min 0 s, at worst $80.86: as long as the project's last 3" in said
    assert "g4dn.xlarge Spot $0.2363 in eu-west-1b, on demand $0.587, g5.xlarge Spot unknown, on dem" in said
    assert "on-demand prices of 2025-11-30, Spot's of 2026-11-23T00:00:00Z" in " ".join(said.split())


def test_a_first_run_s_estimate_says_the_worst_alone():
    said = shown(estimate={**OFFERED, "expected_seconds": None, "expected_usd": None, "spot_priced_at": None})
    assert "Estimate       at worst $80.86" in said


def test_what_spot_reclaimed_is_shown_apart():
    cost = {
        "estimate_usd": 0.45, "instance_type": "g4dn.xlarge", "usd_per_hour": 0.6, "seconds": 3600,
        "basis": "on-demand list price", "priced_at": "2025-11-30", "reclaimed_usd": 0.15, "attempts": [],
    }  # fmt: skip
    said = shown(cost=cost)
    assert "Cost           about $0.4500 (an estimate)" in said
    assert "Reclaimed      $0.1500 of it is for attempts that Spot reclaimed" in said
