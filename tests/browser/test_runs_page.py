"""The list of runs, a run's page, and runs side by side."""

import re

from browser import stage
from playwright.sync_api import expect


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
    page.get_by_label("Exactly the same").check()
    expect(page.get_by_role("dialog").locator(".command")).to_contain_text(f"rerun --exact {first['run_id']}")
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
