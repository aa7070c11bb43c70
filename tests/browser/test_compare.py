"""Runs side by side: what is pointed at is lit everywhere, and columns are drawn against each other."""

import re

import pytest
from browser.many_runs import curve, many, serve_each
from browser.test_accessibility import violations
from playwright.sync_api import Page, expect

STEPS = 20


@pytest.fixture
def compared(page: Page, see, run) -> list[str]:
    """Three runs are compared, whose curves are far from each other."""
    runs = many(run, 3)
    serve_each(page, runs, lambda number: [curve("test_accuracy", [0.2 + 0.3 * number] * STEPS)])
    ids = [each["run_id"] for each in runs]
    see(f"/compare?runs={','.join(ids)}")
    expect(page.locator(".chart canvas")).to_have_count(1, timeout=30_000)
    return ids


def column(page: Page, number: int):
    return page.locator(f"td[data-column='{number}']").first


def test_pointing_at_a_column_lights_its_curve_and_its_marks(page, compared) -> None:
    column(page, 1).hover()
    expect(column(page, 1)).to_have_class(re.compile("lit"))
    expect(page.locator(".legend .lit")).to_contain_text("week-1")
    expect(page.locator(".mark:not(.unlit)")).to_have_count(2)  # a point and a line
    assert page.locator(".chart canvas").evaluate(BRIGHT) == [1]
    page.locator("thead a").nth(2).focus()
    expect(page.locator(".legend .lit")).to_contain_text("week-2")


# Of the legend's colours, the numbers of those that the chart draws at full strength.
BRIGHT = """(canvas) => {
  const { width, height } = canvas, data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const has = (color) => {
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] === 255 && color.every((part, n) => Math.abs(part - data[at + n]) < 3)) return true;
    }
    return false;
  };
  const swatches = [...document.querySelectorAll(".legend .swatch")];
  const colors = swatches.map((swatch) => getComputedStyle(swatch).stroke.match(/\\d+/g).map(Number));
  return colors.flatMap((color, n) => (has(color) ? [n] : []));
}"""


def test_pointing_at_a_curve_lights_its_column(page, compared) -> None:
    over = page.locator(".chart .u-over").bounding_box()
    assert over
    page.mouse.move(over["x"] + over["width"] / 2, over["y"] + over["height"] / 2, steps=3)
    expect(column(page, 1)).to_have_class(re.compile("lit"))
    expect(column(page, 0)).not_to_have_class(re.compile("lit"))
    page.mouse.move(over["x"] + over["width"] / 2, over["y"] + over["height"] / 4, steps=3)
    expect(page.locator("td.lit")).to_have_count(0)


def test_columns_are_drawn_against_each_other_and_reached_by_keyboard(page, compared) -> None:
    panel = page.get_by_role("region", name="Columns against each other")
    panel.get_by_role("combobox", name="Across").select_option("dropout")
    points = panel.get_by_role("group", name=re.compile("test_accuracy by dropout"))
    expect(points.locator("a")).to_have_count(3)
    points.locator("a[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    expect(points.locator("a").nth(1)).to_be_focused()
    expect(points.locator("a").nth(1)).to_have_accessible_name(re.compile(r"week-1 \w+: .*dropout 0.1"))
    expect(column(page, 1)).to_have_class(re.compile("lit"))
    lines = panel.get_by_role("group", name=re.compile("Lines across"))
    expect(lines.locator("a")).to_have_count(3)
    panel.get_by_text(re.compile("of . columns")).click()
    panel.get_by_role("checkbox", name="dropout").uncheck()
    expect(panel.get_by_role("group", name=re.compile("Lines across.*dropout"))).to_have_count(0)
    assert violations(page) == []
    points.locator("a").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/runs/{compared[1]}")
