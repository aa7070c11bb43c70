"""The list of runs as a leaderboard: best first, by dataset, live values, and thousands of rows."""

import re

import pytest
from browser.many_runs import curve, many, scroll_to_the_end, serve, serve_each
from playwright.sync_api import expect


@pytest.mark.timeout(300)  # the page asks for a hundred runs at a time
@pytest.mark.parametrize("count", [1_000, 10_000])
def test_of_thousands_of_runs_only_those_in_sight_are_drawn(page, see, run, count) -> None:
    serve(page, many(run, count))
    see(f"/projects/{run['project']}")
    expect(page.locator(".run-link").first).to_be_visible()
    scroll_to_the_end(page, count)
    last = page.locator(f".run-row[aria-rowindex='{count + 1}']")
    expect(last).to_be_visible()
    assert page.locator(".run-row").count() < 260
    last.get_by_role("link").focus()
    page.keyboard.press("k")
    expect(page.locator(f".run-row[aria-rowindex='{count}'] .run-link")).to_be_focused()
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator(".run-row[aria-rowindex='2']")).to_be_in_viewport()
    page.locator(".run-link").first.focus()
    for index in range(3, 63):
        page.keyboard.press("j")
        expect(page.locator(f".run-row[aria-rowindex='{index}'] .run-link")).to_be_focused()


def test_the_keyboard_jumps_over_no_rows_that_are_not_drawn(page, see, run) -> None:
    serve(page, many(run, 300))
    see(f"/projects/{run['project']}")
    expect(page.locator(".run-link").first).to_be_visible()
    scroll_to_the_end(page, 300)
    last = page.locator(".run-row[aria-rowindex='301']")
    last.get_by_role("link").focus()
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(300)
    expect(last).to_have_count(1)
    before = page.evaluate("""() => {
      const links = [...document.querySelectorAll(".run-link")];
      const rowOf = (link) => Number(link.closest(".run-row").ariaRowIndex);
      const edge = links.findIndex((link, n) => rowOf(link) < rowOf(links[n + 1]) - 1);
      links[edge].focus({preventScroll: true});
      links[edge].dispatchEvent(new KeyboardEvent("keydown", {key: "j", bubbles: true}));
      return rowOf(links[edge]);
    }""")
    expect(page.locator(f".run-row[aria-rowindex='{before + 1}'] .run-link")).to_be_focused()
    expect(last).to_have_count(0)


def test_the_best_of_all_runs_come_first_whatever_is_loaded(page, see, run) -> None:
    runs = many(run, 1_500)
    best = runs[-1]
    best["metrics"] = {**best["metrics"], "test_accuracy": 0.999}
    runs[0] |= {"status": "RUNNING", "metrics": {}, "stopped_at": None}
    ranked = sorted(runs[1:], key=lambda each: -each["metrics"]["test_accuracy"])
    serve(page, runs, lambda _: ranked)
    see(f"/projects/{run['project']}")
    names = page.locator(".run-link")
    expect(names.first).to_be_visible()
    page.get_by_role("button", name="Metric").click()
    expect(names.first).to_have_attribute("data-run", best["run_id"])
    expect(page.get_by_role("columnheader", name="Metric")).to_have_attribute("aria-sort", "descending")
    expect(page.locator(".sorted")).to_contain_text("among all runs")
    page.get_by_role("button", name="Metric").click()
    expect(page.locator(".sorted")).to_contain_text("Only the newest 1,0", timeout=30_000)
    expect(page.get_by_role("columnheader", name="Metric")).to_have_attribute("aria-sort", "ascending")


def test_a_metric_to_minimize_is_ranked_from_the_lowest(page, see, run) -> None:
    runs = many(run, 60, metric="loss")
    ranked = sorted(runs, key=lambda each: each["metrics"]["loss"])
    serve(page, runs, lambda _: ranked)
    see(f"/projects/{run['project']}?sort=metric")
    expect(page.locator(".run-link").first).to_have_attribute("data-run", ranked[0]["run_id"])
    expect(page.get_by_role("columnheader", name="Metric")).to_have_attribute("aria-sort", "ascending")


def test_columns_that_lack_older_runs_say_so(page, see, run) -> None:
    serve(page, many(run, 1_200))
    see(f"/projects/{run['project']}?sort=h:dropout")
    expect(page.locator(".sorted")).to_contain_text("Only the newest 1,0", timeout=30_000)
    expect(page.locator(".sorted")).to_contain_text("older ones")


def test_runs_are_grouped_by_dataset(page, see, run) -> None:
    serve(page, many(run, 200))
    see(f"/projects/{run['project']}")
    page.get_by_role("button", name="By dataset").click()
    head = page.locator(".run-group").first
    expect(head).to_contain_text("week-0")
    expect(head).to_contain_text("8 runs")
    expect(head).to_contain_text(re.compile(r"test_accuracy 0\.\d+ to 0\.\d+"))
    first = page.locator(".run-row:not(.run-group, .runs-head)").first
    expect(first).to_contain_text("week-0")
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(head.get_by_role("button")).to_have_attribute("aria-expanded", "false")
    expect(first).to_contain_text("week-1")
    page.reload()
    expect(page.locator(".run-group").first).to_be_visible()


def test_a_row_names_what_is_unusual_and_a_running_one_its_newest_value(page, see, run) -> None:
    runs = many(run, 30)
    runs[0] |= {"status": "RUNNING", "metrics": {}, "stopped_at": None}
    serve(page, runs)
    serve_each(page, runs, lambda _: [curve("test_accuracy", [0.5, 0.8125])])
    for place in (f"/projects/{run['project']}", "/"):
        see(place)
        row = page.locator(f".run-row:has([data-run='{runs[3]['run_id']}'])")
        expect(row.locator(".cell-unusual")).to_contain_text("learning_rate 0.003")
        live = page.locator(f".run-row:has([data-run='{runs[0]['run_id']}']) .cell-metric b")
        expect(live).to_have_text("0.8125")
        expect(live).to_have_class("dim")


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_dataset_and_hash_are_shown_whole(page, see, run, width) -> None:
    name = "a.dataset_with-a_very.long-name_as-well1"
    serve(page, many(run, 3, dataset=name))
    page.set_viewport_size({"width": width, "height": 900})
    see(f"/projects/{run['project']}")
    for part in (page.locator(".run-link").first, page.locator(".cell-name .hash").first):
        expect(part).to_be_visible()
        cut = part.evaluate(
            """(part) => {
              const all = document.createRange(), cell = part.closest(".cell-name").getBoundingClientRect();
              all.selectNodeContents(part);
              const boxes = [...all.getClientRects()];
              return boxes.some((box) => box.right > cell.right + 1 || box.bottom > cell.bottom + 1);
            }"""
        )
        assert not cut
    expect(page.locator(".run-link").first).to_have_text(name)


def test_a_tablet_shows_every_column_and_the_title_in_a_line(page, see, run) -> None:
    runs = many(run, 3)
    runs[0] |= {"status": "RUNNING", "stopped_at": None}
    serve(page, runs)
    serve_each(page, runs, lambda _: [])
    page.set_viewport_size({"width": 1024, "height": 768})
    see(f"/projects/{run['project']}")
    table = page.get_by_role("table", name="Runs")
    expect(table.get_by_role("columnheader", name="Started")).to_be_visible()
    assert table.evaluate("table => table.scrollWidth <= table.clientWidth")
    see(f"/runs/{runs[0]['run_id']}")
    expect(page.get_by_role("link", name="Compare")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel run")).to_be_visible()
    box = page.locator(".run-title h1").bounding_box()
    assert box
    assert box["height"] < 40
