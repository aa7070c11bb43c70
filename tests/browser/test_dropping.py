"""Somebody drops CSVs onto a project's page, and watches the run."""

import re

from browser import stage
from playwright.sync_api import Page, expect

# What a browser gives to a page on which files are dropped.
DROP = """(files) => {
  const data = new DataTransfer();
  for (const [name, text] of Object.entries(files)) {
    data.items.add(new File([text], name, {type: "text/csv"}));
  }
  for (const kind of ["dragenter", "dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: data}));
  }
}"""
FILES = {f"{name}.csv": text for name, text in stage.CSV.items()}


def drop(page: Page, **files: str) -> None:
    expect(page.get_by_text("anywhere here")).to_contain_text("train.csv")
    page.evaluate(DROP, files)


def test_two_files_dropped_on_the_page_become_a_run_with_its_curve(page, see, user) -> None:
    stage.learns(user, user.project, epochs=6)
    see(f"/projects/{user.project}")
    drop(page, **FILES)
    page.wait_for_url(re.compile("/runs/"), timeout=30_000)
    expect(page.locator(".badge-large")).to_have_text("Succeeded", timeout=40_000)
    expect(page.locator(".now")).to_contain_text("test_accuracy")
    chart = page.locator(".chart", has_text="test_accuracy").first
    expect(chart.get_by_role("img")).to_have_accessible_name(re.compile("test_accuracy: .* at step 6"))
    inked = chart.locator("canvas").evaluate(
        """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
        .some((value, index) => index % 4 === 2 && value > 150)"""
    )
    assert inked, "the curve is drawn"
    expect(page.get_by_label("Log lines")).to_contain_text("Epoch 6/6")
    expect(page.get_by_label("Facts")).to_contain_text("export/model.keras")


def test_a_wrong_file_is_told_before_anything_is_sent(page, see, user) -> None:
    stage.learns(user, user.project)
    see(f"/projects/{user.project}")
    drop(page, **{**FILES, "train.csv": ""})
    expect(page.locator(".drop-wrong")).to_contain_text("empty")
    drop(page, **{"train.csv": "island,mass_g,species\nBiscoe,3750,Adelie\nDream,3800\n"})
    expect(page.locator(".drop-warned")).to_contain_text("line 3")
    expect(page.locator(".drop-warned")).to_contain_text("train.csv")
    expect(page.get_by_role("button", name="Send these now")).to_be_visible()
    folder = f"projects/{user.project}/data/"
    listed = user.cloud.client("s3").list_objects_v2(Bucket=user.cloud.ready.bucket, Prefix=folder)
    assert listed["KeyCount"] == 0
    drop(page, **{"train.csv": FILES["train.csv"]})
    page.wait_for_url(re.compile("/runs/"), timeout=30_000)


def test_files_are_chosen_by_keyboard_and_what_lacks_is_named(page, see, user) -> None:
    stage.learns(user, user.project)
    see(f"/projects/{user.project}")
    expect(page.get_by_text("anywhere here")).to_contain_text("train.csv")
    button = page.get_by_role("button", name="Choose files")
    with page.expect_file_chooser() as chooser:
        button.press("Enter")
    chooser.value.set_files(
        [{"name": "train.csv", "mimeType": "text/csv", "buffer": FILES["train.csv"].encode()}]
    )
    expect(page.locator(".drop-lacking")).to_contain_text("test.csv")
    page.get_by_role("button", name="Send these now").click()
    expect(page.locator(".drop-note")).to_contain_text("test.csv", timeout=20_000)
    expect(page.get_by_text("waits for")).to_be_visible(timeout=20_000)


def test_a_new_project_comes_from_the_scaffold(page, see, user) -> None:
    see("/")
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name").fill(user.project)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/projects/{user.project}")
    expect(page.get_by_role("heading", name="No run yet")).to_be_visible()
    expect(page.get_by_label("Projects").get_by_text(user.project)).to_be_visible(timeout=15_000)
    assert f"How {user.project} is trained" in user.text(f"projects/{user.project}/train.yaml")
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name").fill(user.project)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("already")


RAGGED = "island,mass_g,species\nBiscoe,3750,Adelie\nDream,3800\n"


def test_a_newer_file_of_the_same_name_is_judged_by_itself(page, see, user) -> None:
    stage.learns(user, user.project)
    see(f"/projects/{user.project}")
    held = []

    def hold(route):
        held.append(route)

    page.route("**/local/preflight*", hold, times=1)
    drop(page, **{"train.csv": FILES["train.csv"]})
    expect(page.locator(".drop-checking")).to_have_count(1)
    drop(page, **{"train.csv": RAGGED})
    expect(page.locator(".drop-warned")).to_contain_text("line 3")
    held[0].fulfill(json={"findings": []})
    page.wait_for_timeout(500)
    expect(page.locator(".drop-warned")).to_contain_text("train.csv")
    expect(page.locator(".drop-right")).to_have_count(0)


def test_each_call_of_a_drop_can_be_tried_again(page, see, user) -> None:
    stage.learns(user, user.project)
    see(f"/projects/{user.project}")
    away = {"json": {"type": "x:away", "detail": "Nobody answers."}, "status": 502}
    page.route("**/local/preflight?project*", lambda route: route.fulfill(**away), times=1)
    page.route("**/local/uploads?*file=test.csv", lambda route: route.fulfill(**away), times=1)
    page.route("**/local/drops", lambda route: route.fulfill(**away), times=1)
    drop(page, **FILES)
    expect(page.locator(".drop-failed")).to_contain_text("Nobody answers.")
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_role("alert")).to_contain_text("Nobody answers.")
    expect(page.locator(".drop-unsent")).to_contain_text("test.csv")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".drop-sent")).to_have_count(2)
    expect(page.get_by_role("alert")).to_contain_text("Nobody answers.")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url(re.compile("/runs/"), timeout=30_000)


def test_foreign_files_are_left_out_and_a_bad_name_is_told_while_it_is_typed(page, see, user) -> None:
    stage.learns(user, user.project)
    see(f"/projects/{user.project}")
    name = page.get_by_label("as dataset")
    expect(name).not_to_have_value("")
    name.fill("Bad Name")
    expect(page.locator(".drop-problem")).to_contain_text("1 to 40")
    drop(page, **{**FILES, "notes.txt": "hello"})
    expect(page.locator(".drop-left-out")).to_contain_text("notes.txt")
    expect(page.locator(".drop-right")).to_have_count(2)
    expect(page.get_by_role("button", name="Send these now")).to_have_count(0)
    page.get_by_role("button", name="Remove test.csv").click()
    expect(page.locator(".drop-lacking")).to_contain_text("test.csv")
    drop(page, **{"test.csv": FILES["test.csv"]})
    expect(page.locator(".drop-right")).to_have_count(2)
    name.fill("week-46")
    page.wait_for_url(re.compile("/runs/"), timeout=30_000)


def test_an_incomplete_drop_asks_which_waiting_dataset_is_meant(page, see, user) -> None:
    stage.learns(user, user.project)
    user.put(f"projects/{user.project}/data/monday/train.csv", FILES["train.csv"])
    see(f"/projects/{user.project}")
    expect(page.locator(".waiting-line")).to_contain_text("monday", timeout=20_000)
    drop(page, **{"test.csv": FILES["test.csv"]})
    expect(page.get_by_role("group", name="Which dataset")).to_be_visible()
    assert not user.runs()
    page.get_by_role("button", name=re.compile("monday, which waits")).click()
    page.wait_for_url(re.compile("/runs/"), timeout=30_000)
    assert [run["dataset"] for run in user.runs()] == ["monday"]
