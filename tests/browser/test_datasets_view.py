"""A project's datasets: their files, their data, what they wait for, and the runs that used them."""

from browser import stage
from playwright.sync_api import expect


def test_a_dataset_tells_its_files_its_data_and_the_runs_of_each_version(page, see, user) -> None:
    user.publish("echo trained")
    user.drop("first", **stage.CSV)
    run = user.run_with("SUCCEEDED")
    see(f"/projects/{user.project}")
    page.get_by_role("link", name="Datasets").click()
    expect(page.get_by_label("Files", exact=True).first).to_contain_text("train.csv")
    data = page.get_by_label("Data", exact=True)
    expect(data).to_contain_text("about 40 rows, 3 columns")
    expect(data.get_by_role("row", name="mass_g")).to_contain_text("numbers")
    versions = page.get_by_label("Versions", exact=True).first
    expect(versions).to_contain_text("as now")
    versions.get_by_role("link").click()
    page.wait_for_url(f"**/runs/{run['run_id']}")


def test_one_that_waits_says_what_it_lacks_and_what_lies_there(page, see, user) -> None:
    user.publish("echo trained")
    user.put(f"projects/{user.project}/data/second/train.csv", stage.CSV["train"])
    see(f"/projects/{user.project}/datasets?dataset=second")
    waiting = page.locator(".cause-waiting")
    expect(waiting).to_contain_text("It waits for test.csv", timeout=30_000)
    expect(waiting).to_contain_text("train.csv")
    page.get_by_text("Code and recipe of the project").click()
    expect(page.locator(".command")).to_contain_text(f"projects/{user.project}/ {user.project}")
