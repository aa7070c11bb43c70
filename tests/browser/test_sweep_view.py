"""A project's sweeps, and a sweep as it goes: its best trial, costs, trials over one another, and its end."""

import re
from typing import Any

import pytest
from browser.many_runs import curve, many
from browser.test_accessibility import violations
from playwright.sync_api import Page, expect

SWEEP = "trees-first-sweep-0123456789ab"
COUNTS = {"running": 1, "succeeded": 6, "failed": 1, "cancelled": 0, "stopped_early": 1, "left": 2}


def trial(number: int, **more: Any) -> dict[str, Any]:
    """A trial whose value is best in the middle of the learning rates."""
    return {
        "trial": number, "run_id": f"trees-first-{number:07x}00000", "status": "SUCCEEDED",
        "value": 0.95 - abs(number - 5) / 50, "cost_usd": 0.01 * number,
        "hyperparameters": {"learning_rate": 0.001 * number, "units": 32 * (1 + number % 3)},
    } | more  # fmt: skip


def a_sweep(**more: Any) -> dict[str, Any]:
    """A sweep that goes on."""
    runs = [trial(number) for number in range(1, 7)]
    runs[1]["stopped_early"] = {"step": 3}
    runs += [trial(7, status="FAILED", value=None), trial(8, status="RUNNING", value=None, cost_usd=None)]
    runs.append(trial(9, status=None, value=None, cost_usd=None))
    return {
        "sweep_id": SWEEP, "project": "trees", "dataset": "first", "status": "RUNNING",
        "created_at": "2026-11-29T10:00:00Z", "created_by": "arn:aws:iam::123456789012:user/ann",
        "method": "bayesian", "trials": 10, "parallel": 4, "early_stop": "asha", "seed": 1,
        "space": {"units": "32,64,128", "learning_rate": "0.0001..0.1:log"},
        "metric": {"name": "test_accuracy", "goal": "maximize"}, "reserved_usd": 1.5, "cost_usd": 0.21,
        "estimate": {"expected_usd": None, "max_usd": 2.5}, "counts": COUNTS, "runs": runs,
        "best": {"trial": 5, "run_id": runs[4]["run_id"], "value": 0.95,
                 "hyperparameters": runs[4]["hyperparameters"]},
        "importance": {"learning_rate": 0.8, "units": 0.2},
    } | more  # fmt: skip


@pytest.fixture
def served(page: Page) -> list[dict[str, Any]]:
    """The page's calls for a sweep are answered with the last of these; a cancellation ends it."""
    found = [a_sweep()]

    def cancel(route) -> None:
        found.append({**found[-1], "status": "CANCELLED", "reason": "Cancelled by ann."})
        route.fulfill(status=202, json=found[-1])

    def listed(route) -> None:
        sweep = {name: value for name, value in found[-1].items() if name != "runs"}
        route.fulfill(json={"sweeps": [sweep], "cursor": None})

    page.route("**/api/sweeps?*", listed)
    page.route(f"**/api/sweeps/{SWEEP}", lambda route: route.fulfill(json=found[-1]))
    page.route(f"**/api/sweeps/{SWEEP}/cancel", cancel)
    series = [curve("test_accuracy", [0.3, 0.6, 0.9])]
    page.route("**/api/runs/*/metrics", lambda route: route.fulfill(json={"series": series}))
    return found


def test_a_project_s_sweeps_are_listed_and_lead_to_their_trials(page, see, served) -> None:
    see("/projects/trees/sweeps")
    row = page.get_by_role("region", name="The sweeps").get_by_role("row").nth(1)
    expect(row).to_contain_text("Running")
    expect(row).to_contain_text("test_accuracy 0.95")
    expect(row).to_contain_text("7 of 10")
    assert violations(page) == []
    row.get_by_role("link").click()
    expect(page.locator(".now")).to_have_text(
        "7 of 10 trials are done, 1 is under way. The best test_accuracy so far is 0.95, of trial 5."
    )
    trials = page.get_by_role("region", name="The trials")
    expect(trials.get_by_role("columnheader")).to_have_text(
        ["Trial", "test_accuracy", "learning_rate", "units", "Cost", "Status"]
    )
    expect(trials.get_by_role("row").nth(1)).to_contain_text("5 0000005 best0.950.00596$0.0500Succeeded")
    expect(trials.get_by_role("row", name=re.compile("^2 "))).to_contain_text("stopped early")
    expect(trials.get_by_role("row").nth(-2)).to_contain_text("Running")
    expect(trials.get_by_role("row").last).to_contain_text("9 ")
    expect(page.get_by_label("Cost", exact=True)).to_contain_text("$0.2100")
    expect(page.get_by_label("Cost", exact=True)).to_contain_text("Reserved$1.50")
    expect(page.get_by_label("Importance of learning_rate")).to_have_js_property("value", 0.8)
    expect(page.get_by_role("group", name=re.compile("Lines across"))).to_be_visible()
    expect(page.locator(".chart canvas")).to_have_count(2)
    assert violations(page) == []


def test_what_happens_to_a_sweep_is_seen_without_a_reload(page, see, served) -> None:
    see(f"/sweeps/{SWEEP}")
    expect(page.get_by_label("Best", exact=True)).to_contain_text("Best so far")
    runs = [*served[-1]["runs"][:7], trial(8, value=0.97)]
    best = {"trial": 8, "run_id": runs[-1]["run_id"], "value": 0.97,
            "hyperparameters": runs[-1]["hyperparameters"]}  # fmt: skip
    served.append(a_sweep(runs=runs, best=best, counts={**COUNTS, "running": 0, "succeeded": 7}))
    expect(page.get_by_label("Best", exact=True)).to_contain_text("0.97", timeout=10_000)
    expect(page.get_by_role("region", name="The trials").get_by_role("row").nth(1)).to_contain_text("8 ")
    page.get_by_role("button", name="Cancel sweep").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"sweep cancel {SWEEP}")
    page.get_by_role("dialog").get_by_role("button", name="Cancel sweep").click()
    expect(page.locator(".badge-large")).to_have_text("Cancelled")
    expect(page.locator(".now")).to_contain_text("8 trials of 10 were made. Cancelled by ann.")
    expect(page.get_by_role("button", name="Cancel sweep")).to_have_count(0)


def test_many_trials_are_shown_in_part_and_the_curves_of_the_best(page, see, served) -> None:
    served.append(a_sweep(trials=300, runs=[trial(number, value=number / 1000) for number in range(1, 301)]))
    see(f"/sweeps/{SWEEP}")
    rows = page.get_by_role("region", name="The trials").get_by_role("row")
    expect(rows).to_have_count(51)
    expect(page.get_by_role("heading", name="Curves of the best 20")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="All 300 trials").click()
    expect(rows).to_have_count(301)


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_a_sweep_fits_into_every_width_and_the_dark(page, see, served, width) -> None:
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    for place in (f"/sweeps/{SWEEP}", "/projects/trees/sweeps"):
        see(place)
        expect(page.get_by_role("region", name=re.compile("The (trials|sweeps)"))).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
        assert violations(page) == [], place


def test_a_trial_leads_to_its_sweep(page, see, run) -> None:
    [ran] = many(run, 1, sweep=SWEEP, trial=7)
    page.route(f"**/api/runs/{ran['run_id']}", lambda route: route.fulfill(json=ran))
    see(f"/runs/{ran['run_id']}")
    link = page.get_by_label("Facts").get_by_role("link", name="7 of a sweep")
    expect(link).to_have_attribute("href", f"/sweeps/{SWEEP}")
