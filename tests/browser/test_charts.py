"""A run's charts: along steps, epochs or time, GPU use over time, and one chart that fills the screen."""

import re

import pytest
from browser.many_runs import curve, many, serve_each
from browser.test_accessibility import violations
from playwright.sync_api import Page, expect

STEPS = [10.0, 20.0, 30.0, 40.0]
SERIES = [
    curve("test_accuracy", [0.2, 0.5, 0.7, 0.8], STEPS),
    curve("epoch", [0, 0, 1, 1], STEPS),
    curve("droptrain/seconds", [60, 300, 600, 900], STEPS),
    curve("droptrain/gpu_busy_percent", [20, 90, 95, 93], STEPS),
    curve("droptrain/gpu_memory_gib", [3, 13, 13, 13], STEPS),
]


@pytest.fixture
def charts(page: Page, see, run):
    """A run's page, on which the curves are SERIES."""
    [shown] = many(run, 1)
    serve_each(page, [shown], lambda _: SERIES)
    page.route("**/api/runs?*", lambda route: route.fulfill(json={"runs": [], "cursor": None}))
    page.route("**/api/runs/*/artifacts", lambda route: route.fulfill(json={"artifacts": [], "cursor": None}))
    page.route("**/api/runs/*/logs?*", lambda route: route.fulfill(json={"lines": [], "cursor": None}))
    see(f"/runs/{shown['run_id']}")
    expect(page.locator(".chart canvas").first).to_be_visible(timeout=30_000)
    return page.locator(".chart")


def test_curves_are_drawn_along_steps_epochs_or_time(page, charts) -> None:
    accuracy = charts.filter(has_text="test_accuracy").get_by_role("img")
    expect(accuracy).to_have_accessible_name(re.compile("at step 40"))
    expect(accuracy).to_have_attribute("data-steps", "10 40")
    page.get_by_label("Along").select_option("time")
    expect(accuracy).to_have_accessible_name(re.compile("at minutes 15"))
    expect(accuracy).to_have_attribute("data-steps", "1 15")
    page.get_by_label("Along").select_option("epoch")
    expect(accuracy).to_have_attribute("data-steps", "0 1")


def test_gpu_use_is_drawn_over_time_and_is_no_metric(page, charts) -> None:
    busy = charts.filter(has_text="GPU busy (%)").get_by_role("img")
    expect(busy).to_have_accessible_name(re.compile("to 93 at minutes 15"))
    expect(charts.filter(has_text="GPU memory (GiB)")).to_have_count(1)
    expect(page.locator("main")).not_to_contain_text("droptrain/")


def test_a_chart_fills_the_screen_and_goes_back(page, charts) -> None:
    button = page.get_by_role("button", name="test_accuracy: full screen")
    button.focus()
    page.keyboard.press("Enter")
    canvas = page.get_by_role("dialog").locator("canvas")
    expect(canvas).to_be_visible()
    box = canvas.bounding_box()
    assert box
    assert box["width"] > 1200
    assert box["height"] > 500
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()
