"""The list of runs, a run's page, and runs side by side."""

import re
from functools import partial

from browser import stage
from browser.many_runs import many, scroll_to_the_end, serve, serve_each
from browser.test_trouble import ANNOUNCED
from playwright.sync_api import expect
from support.laptop_user import User
from support.waiting import wait_for

# Counts the skeletons that are drawn from now on.
SKELETONS = """() => {
  window.skeletons = 0;
  new MutationObserver(() => {
    window.skeletons += document.querySelectorAll("[aria-busy=true]").length;
  }).observe(document.body, {subtree: true, childList: true});
}"""


def test_a_new_run_appears_by_itself_and_can_be_cancelled(page, see, user) -> None:
    stage.learns(user, user.project, epochs=600, seconds=1)
    see(f"/projects/{user.project}")
    expect(page.get_by_role("heading", name="No run yet")).to_be_visible()
    user.drop()
    row = page.locator(".run-row", has_text="first")
    expect(row.locator(".badge")).to_have_text("Running", timeout=40_000)
    row.get_by_role("link").click()
    expect(page.locator(".now")).to_contain_text("at step", timeout=40_000)
    page.get_by_role("button", name="Cancel run").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel run").click()
    expect(page.locator(".badge-large")).to_have_text("Cancelled", timeout=30_000)
    expect(page.get_by_role("button", name="Cancel run")).to_have_count(0)
    [run] = user.runs()
    assert run["cancelled_by"].endswith("laptop")


def test_the_log_follows_and_is_searched(page, see, user) -> None:
    user.publish('for n in $(seq 1 600); do echo "line $n of the training"; sleep 0.05; done')
    user.drop()
    run = user.run_with("RUNNING")
    see(f"/runs/{run['run_id']}")
    box = page.get_by_label("Log lines")
    expect(box).to_contain_text("line 200 of", timeout=60_000)
    assert box.evaluate("box => box.scrollTop + box.clientHeight > box.scrollHeight - 40"), "it follows"
    expect(page.get_by_role("button", name="Following")).to_have_attribute("aria-pressed", "true")
    box.evaluate("box => { box.scrollTop = 0 }")
    expect(page.get_by_role("button", name="Go to the end")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("LINE 17 ")
    expect(page.locator(".hits")).to_have_text("1")
    page.keyboard.press("Enter")
    expect(page.locator(".line.hit mark")).to_have_text("line 17 ")
    user.call("POST", f"/runs/{run['run_id']}/cancel")


def test_a_failing_run_tells_its_cause_its_evidence_and_the_fix(page, see, user) -> None:
    stage.fails(user, user.project)
    user.drop()
    user.run_with("FAILED")
    see("/?status=failed")
    row = page.locator(".run-row", has_text=user.project)
    expect(row).to_contain_text("'Gentoo' is not in list")
    row.get_by_role("link").click()
    cause = page.get_by_label("Cause")
    expect(cause).to_contain_text("Correct that code")
    expect(cause).to_contain_text("What to do")
    expect(cause.get_by_label("The last lines")).to_contain_text("ValueError: 'Gentoo' is not in list")
    expect(page.get_by_label("Timeline")).to_contain_text("exit code 1")


def test_runs_are_compared_curve_by_curve_and_in_what_differs(page, see, user) -> None:
    for dataset, top in (("first", 0.9), ("second", 0.95)):
        stage.learns(user, user.project, epochs=5, top=top)
        user.drop(dataset)
        assert user.run_with("SUCCEEDED")["dataset"] == "first" or dataset == "second"
        page.wait_for_timeout(1100)  # a second run is a later one
    see(f"/projects/{user.project}")
    expect(page.locator(".run-link")).to_have_count(2, timeout=30_000)
    expect(page.locator(".badge", has_text="Succeeded")).to_have_count(2, timeout=40_000)
    for key in "jxjxc":
        page.keyboard.press(key)
    page.wait_for_url(re.compile(r"/compare\?runs="))
    expect(page.locator(".chart")).to_have_count(3)
    expect(page.locator(".chart", has_text="test_accuracy").locator(".legend li")).to_have_count(2)
    table = page.get_by_role("table")
    expect(table.get_by_role("row", name="hyperparameter top")).to_contain_text("0.95")
    expect(table.get_by_role("row", name="hyperparameter epochs")).to_have_count(0)
    page.get_by_label("what is alike, too").check()
    expect(table.get_by_role("row", name="hyperparameter epochs")).to_contain_text("5")
    expect(page.locator(".command")).to_contain_text("droptrain compare")


def test_a_run_is_trained_again_exactly(page, see, user) -> None:
    user.publish("echo trained")
    user.drop()
    first = user.run_with("SUCCEEDED")
    see(f"/runs/{first['run_id']}")
    page.get_by_role("button", name="Rerun").click()
    expect(page.get_by_role("button", name=re.compile("Train again, for at most"))).to_be_visible(
        timeout=20_000
    )
    page.get_by_label("Exactly the same").check()
    expect(page.get_by_role("dialog").locator(".command")).to_contain_text(
        f"rerun --versions pinned {first['run_id']}"
    )
    page.get_by_role("button", name="Train again").click()
    page.wait_for_url(lambda url: "/runs/" in url and first["run_id"] not in url)
    expect(page.get_by_label("Facts")).to_contain_text(first["run_id"])
    expect(page.locator(".badge-large")).to_have_text("Succeeded", timeout=40_000)


def test_an_artifact_is_downloaded(page, see, user) -> None:
    user.publish('echo weights > m.txt; aws s3 cp --quiet m.txt "$EXPORT_PATH/m.txt"')
    user.drop()
    see(f"/runs/{user.run_with('SUCCEEDED')['run_id']}")
    with page.expect_download() as download:
        page.get_by_role("link", name="export/m.txt").click()
    assert download.value.path().read_text("utf-8") == "weights\n"


def test_a_place_that_is_not_there_says_so(page, see) -> None:
    see("/runs/no-such-run")
    expect(page.get_by_role("alert")).to_contain_text("There is no run")
    see("/nowhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


def test_going_back_finds_the_list_as_it_was(page, see, run) -> None:
    runs = many(run, 121)
    serve(page, runs)
    serve_each(page, runs, lambda _: [])
    see(f"/projects/{run['project']}")
    expect(page.locator(".run-link").first).to_be_attached(timeout=30_000)
    scroll_to_the_end(page, len(runs))
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")
    row, other = (page.locator(f".run-row[aria-rowindex='{index}']") for index in (62, 64))
    row.get_by_role("checkbox").check()
    other.get_by_role("checkbox").check()
    row.scroll_into_view_if_needed()
    top = page.evaluate("scrollY")
    assert top > 500
    row.get_by_role("link").click()
    page.wait_for_url("**/runs/**")
    expect(page.locator(".badge-large")).to_be_visible(timeout=20_000)
    page.evaluate(SKELETONS)
    page.go_back()
    page.wait_for_function("(top) => Math.abs(scrollY - top) < 60", arg=top)
    assert page.evaluate("window.skeletons") == 0
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".differences")).to_be_visible(timeout=20_000)
    page.go_back()
    expect(page.get_by_label("Comparison")).to_contain_text("2 runs chosen")
    page.wait_for_function("(top) => Math.abs(scrollY - top) < 60", arg=top)
    page.evaluate("window.skeletons = 0")
    page.go_forward()
    expect(page.locator(".differences")).to_be_visible()
    assert page.evaluate("window.skeletons") == 0


def test_a_zoom_stays_while_values_come(page, see, user) -> None:
    stage.learns(user, user.project, epochs=600, seconds=1)
    user.drop()
    run = user.run_with("RUNNING")
    see(f"/runs/{run['run_id']}")
    chart = page.locator(".chart", has_text="test_accuracy").first
    expect(chart.get_by_role("img")).to_have_accessible_name(re.compile(r"at step \d\d"), timeout=40_000)
    over = chart.locator(".u-over").bounding_box()
    assert over
    page.mouse.move(over["x"] + over["width"] * 0.3, over["y"] + 60)
    page.mouse.down()
    page.mouse.move(over["x"] + over["width"] * 0.6, over["y"] + 60, steps=5)
    page.mouse.up()
    expect(chart.get_by_role("button", name="Reset zoom")).to_be_visible()
    shown = chart.get_by_role("img").get_attribute("data-steps")
    before = chart.get_by_role("img").get_attribute("aria-label")
    expect(chart.get_by_role("img")).not_to_have_attribute("aria-label", before or "", timeout=20_000)
    assert chart.get_by_role("img").get_attribute("data-steps") == shown
    chart.get_by_role("button", name="Reset zoom").click()
    expect(chart.get_by_role("img")).to_have_attribute("data-steps", re.compile("^1 "))
    user.call("POST", f"/runs/{run['run_id']}/cancel")


def test_a_running_run_is_announced_when_its_state_changes_alone(page, see, user) -> None:
    stage.learns(user, user.project, epochs=600, seconds=1)
    user.drop()
    run = user.run_with("RUNNING")
    see(f"/runs/{run['run_id']}")
    expect(page.locator(".now")).to_contain_text("at step", timeout=40_000)
    page.wait_for_timeout(1500)
    page.evaluate(ANNOUNCED)
    page.wait_for_timeout(6000)
    assert page.evaluate("window.announced") == []
    user.call("POST", f"/runs/{run['run_id']}/cancel")
    expect(page.get_by_role("status").filter(has_text="Cancelled.")).to_have_count(1, timeout=30_000)


def test_a_run_that_a_cap_refused_can_be_rerun(page, see, user) -> None:
    user.publish("echo trained")
    user.drop()
    run = user.run_with("SUCCEEDED")
    cause = {"code": "over_budget", "message": "No room.", "fix": "Then: droptrain rerun", "evidence": []}
    refused = {**run, "status": "REJECTED", "cause": {**cause, "retry_helps": True}}
    page.route(f"**/api/runs/{run['run_id']}", lambda route: route.fulfill(json=refused))
    see(f"/runs/{run['run_id']}")
    expect(page.get_by_role("button", name="Rerun")).to_be_visible()


def test_a_rerun_keeps_the_run_s_settings_and_takes_other_values(page, see, user) -> None:
    stage.learns(user, user.project, epochs=5)
    user.drop()
    user.run_with("SUCCEEDED")
    body = {"project": user.project, "dataset": "first", "overrides": {"hyperparameters": {"epochs": 3}}}
    run_id = user.call("POST", "/runs", body)[1]["run_id"]
    see(f"/runs/{run_id}")
    facts = page.get_by_label("Facts")
    expect(facts.get_by_text("recipe: 5")).to_be_visible(timeout=40_000)
    page.get_by_role("button", name="Rerun").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("epochs")).to_have_value("3")
    dialog.get_by_label("top").fill("0.8")
    dialog.get_by_role("button", name=re.compile("Train again, for at most")).click(timeout=20_000)
    page.wait_for_url(lambda url: "/runs/" in url and run_id not in url, timeout=20_000)
    made = user.call("GET", "/runs/" + page.url.rpartition("/")[2])[1]
    assert (made["hyperparameters"]["epochs"], made["hyperparameters"]["top"]) == (3, 0.8)


def have_succeeded(user: User, count: int) -> bool:
    """Whether so many runs have succeeded."""
    return [run["status"] for run in user.runs()].count("SUCCEEDED") == count


def test_a_project_s_runs_are_sorted_and_found_by_value(page, see, user) -> None:
    for number, (dataset, top) in enumerate((("first", 0.9), ("second", 0.95), ("third", 0.9)), 1):
        stage.learns(user, user.project, epochs=3, top=top)
        user.drop(dataset)
        wait_for(dataset, partial(have_succeeded, user, number))
        page.wait_for_timeout(1100)
    see(f"/projects/{user.project}")
    names = page.locator(".run-link")
    expect(names).to_have_text([re.compile("third"), re.compile("second"), re.compile("first")])
    expect(page.locator(".cell-unusual")).to_contain_text("top 0.95")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("dialog").get_by_label("top").check()
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="top", exact=True).click()
    expect(names.first).to_have_text(re.compile("second"))
    expect(page.get_by_role("columnheader", name="top")).to_have_attribute("aria-sort", "descending")
    expect(page.locator(".sorted")).to_contain_text("All 3 runs")
    page.reload()
    expect(names.first).to_have_text(re.compile("second"))
    expect(page.locator(".cell-h").first).to_contain_text("0.95")
    page.get_by_label("Search runs").fill("top<0.92")
    expect(names).to_have_count(2)
