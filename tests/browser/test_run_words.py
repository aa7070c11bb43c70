"""A run's name, tags and note, written on its page and found in the list."""

from playwright.sync_api import expect


def test_a_run_is_named_tagged_and_noted_on_its_page_and_found_in_the_list(page, see, user) -> None:
    user.publish("echo trained")
    user.drop()
    run = user.run_with("SUCCEEDED")
    see(f"/runs/{run['run_id']}")
    page.get_by_role("button", name="Name it").click()
    page.get_by_label("Name of the run").fill("wide net")
    page.keyboard.press("Enter")
    expect(page.locator(".run-name")).to_have_text("wide net")
    for tag in ("best", "wide"):
        page.get_by_role("button", name="Tag", exact=True).click()
        page.get_by_label("New tag").fill(tag)
        page.keyboard.press("Enter")
        expect(page.locator(".words .tag", has_text=tag)).to_be_visible()
    page.get_by_role("button", name="Note", exact=True).click()
    page.get_by_label("Note about the run").fill("Twice the units.\nMonday's data.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".note")).to_contain_text("Twice the units.")
    page.get_by_role("button", name="Remove the tag wide").click()
    expect(page.locator(".words .tag")).to_have_count(1)
    written = user.call("GET", f"/runs/{run['run_id']}")[1]
    assert (written["name"], written["tags"]) == ("wide net", ["best"])
    assert written["note"] == "Twice the units.\nMonday's data."
    see(f"/projects/{user.project}")
    expect(page.locator(".run-row", has_text="wide net").locator(".tag")).to_have_text("best")
    page.get_by_role("searchbox").fill("monday's")
    expect(page.locator(".run-link")).to_have_count(1)


def test_runs_are_filtered_by_a_tag(page, see, user) -> None:
    user.publish("echo trained")
    user.drop("first")
    user.call("PATCH", f"/runs/{user.run_with('SUCCEEDED')['run_id']}", {"tags": ["best"]})
    user.drop("second")
    see(f"/projects/{user.project}")
    expect(page.locator(".run-link")).to_have_count(2, timeout=30_000)
    page.get_by_label("Tag", exact=True).select_option("best")
    expect(page.locator(".run-link")).to_have_count(1)
    assert page.url.endswith("?tag=best")
    page.reload()
    expect(page.locator(".run-link")).to_have_count(1)
    page.get_by_label("Tag", exact=True).select_option("")
    expect(page.locator(".run-link")).to_have_count(2)


def test_words_that_are_refused_say_why_and_stay_to_be_corrected(page, see, user) -> None:
    user.publish("echo trained")
    user.drop()
    see(f"/runs/{user.run_with('SUCCEEDED')['run_id']}")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("New tag").fill("two words")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("it has to match")
    expect(page.get_by_label("New tag")).to_have_value("two words")
    page.keyboard.press("Escape")
    expect(page.get_by_label("New tag")).to_have_count(0)
