"""A project's latest and best model: which run made it, its files, and all of them in one click."""

import re
import zipfile

import pytest
from browser import stage
from browser.test_accessibility import violations
from playwright.sync_api import expect
from support.missing_model import promote_without_files

# One pixel.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYPgPAAEEAQA4Oh9kAAAAAElFTkSuQmCC"
LEAVES = f"""
echo '{{"classes": ["<b>Adelie</b>"], "rate": 1.0}}' > report.json
echo {PNG} | base64 -d > confusion.png
echo '{{"broken": ' > half.json
for file in report.json half.json; do aws s3 cp --quiet $file "$EXPORT_PATH/$file"; done
aws s3 cp --quiet confusion.png "$EXPORT_PATH/plots/confusion.png"
"""


@pytest.fixture
def models(user) -> dict[str, str]:
    """A project whose best model isn't its latest: run ids by name."""
    found = {}
    for dataset, top in (("best", 0.95), ("latest", 0.9)):
        user.publish(stage.LEARNS + LEAVES, stage.RECIPE.format(epochs=3, seconds=0, top=top))
        user.drop(dataset)
        found[dataset] = stage.ended(user, dataset)
    return found


def test_the_latest_and_the_best_model_are_shown_and_downloaded_whole(page, see, user, models) -> None:
    see(f"/projects/{user.project}")
    page.get_by_role("link", name="Models").click()
    best, latest = page.get_by_label("Best", exact=True), page.get_by_label("Latest", exact=True)
    expect(best.get_by_role("link", name=re.compile("best"))).to_have_attribute(
        "href", f"/runs/{models['best']}"
    )
    expect(best).to_contain_text(re.compile(r"test_accuracy 0\.\d+"), timeout=30_000)
    expect(latest).to_contain_text("latest")
    expect(latest).to_contain_text("before:")
    expect(best.locator(".files a")).to_have_text(
        ["half.json", "model.keras", "plots/confusion.png", "report.json"]
    )
    with page.expect_download() as download:
        best.get_by_role("link", name="Download all").click()
    assert download.value.suggested_filename == f"{models['best']}.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        assert f"{models['best']}/export/plots/confusion.png" in archive.namelist()
        assert not [name for name in archive.namelist() if "/export/" not in name]
    with page.expect_download() as download:
        best.get_by_role("link", name="report.json").click()
    assert "Adelie" in download.value.path().read_text()
    assert violations(page) == []


def test_small_files_are_looked_at_and_nothing_of_them_runs(page, see, user, models) -> None:
    see(f"/runs/{models['best']}")
    look = page.get_by_label("Facts").get_by_role("button")
    look.and_(page.get_by_label("Look at export/report.json")).click()
    dialog = page.get_by_role("dialog")
    text = dialog.get_by_label("Text of export/report.json")
    expect(text).to_have_text(
        re.compile(r'^{\n  "classes": \[\n    "<b>Adelie</b>"\n  \],\n  "rate": 1\.0\n}')
    )
    assert dialog.locator("b").count() == 0
    assert violations(page) == []
    dialog.get_by_role("button", name="Close").click()
    look.and_(page.get_by_label("Look at export/half.json")).click()
    expect(dialog.locator("pre")).to_have_text(re.compile('"broken": '))
    dialog.get_by_role("button", name="Close").click()
    look.and_(page.get_by_label("Look at export/plots/confusion.png")).click()
    image = dialog.get_by_role("img")
    expect(image).to_have_js_property("naturalWidth", 1)
    expect(image).to_have_accessible_name("export/plots/confusion.png")
    assert violations(page) == []
    expect(page.get_by_label("Look at export/model.keras")).to_have_count(0)


def test_a_model_whose_files_are_gone_names_the_one_that_programs_load(page, see, user, models) -> None:
    promote_without_files(user, models["latest"])
    see(f"/projects/{user.project}/models")
    current = page.get_by_label("Current", exact=True)
    expect(current).to_contain_text("were deleted before they were copied", timeout=30_000)
    expect(current.get_by_role("link", name=models["best"])).to_be_visible()
    expect(page.get_by_role("region", name="newest first")).to_contain_text("its files were gone")
    assert violations(page) == []
    current.get_by_role("button", name="Roll back").click()
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    expect(current).to_contain_text("Programs find it at")


def test_a_project_without_a_model_says_so(page, see, user) -> None:
    user.publish("exit 1")
    see(f"/projects/{user.project}/models")
    expect(page.get_by_text("No run of this project has succeeded yet.")).to_be_visible()


def test_a_model_is_promoted_and_rolled_back_after_a_question_and_the_history_shows_both(
    page, see, user, models
) -> None:
    see(f"/runs/{models['latest']}")
    facts = page.get_by_label("Facts")
    expect(facts).to_contain_text("Not promoted", timeout=30_000)
    page.get_by_role("button", name="Promote").click()
    dialog = page.get_by_role("dialog", name="Make this the current model?")
    expect(dialog).to_contain_text(
        re.compile(r"The model of latest \w{7} \(test_accuracy 0\.\d+\) becomes the current one")
    )
    expect(dialog).to_contain_text(re.compile(r"Until now it is that of best \w{7} \(test_accuracy 0\.\d+\)"))
    assert violations(page) == []
    dialog.get_by_role("button", name="Leave it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Promote").click()
    dialog.get_by_role("button", name="Promote").click()
    expect(facts).to_contain_text(re.compile("Promoted"))
    see(f"/projects/{user.project}/models")
    current = page.get_by_label("Current", exact=True)
    history = page.get_by_role("region", name="newest first")
    expect(current).to_contain_text("latest")
    expect(page.get_by_label("Latest", exact=True).get_by_role("button", name="Promote")).to_have_count(0)
    expect(history.locator("tbody tr")).to_have_count(2)
    expect(history.locator("tbody tr").last).to_contain_text("the gate")
    assert violations(page) == []
    current.get_by_role("button", name="Roll back").click()
    dialog = page.get_by_role("dialog", name="Go back to the model before?")
    expect(dialog).to_contain_text(re.compile(r"The model of best \w{7} \(test_accuracy 0\.\d+\) becomes"))
    dialog.get_by_role("button", name="Roll back").click()
    expect(current).to_contain_text(re.compile(r"best \w{7}.*\(rollback\)"))
    expect(current.get_by_role("button", name="Roll back")).to_have_count(0)
    expect(history.locator("tbody tr")).to_have_count(3)
    expect(history.locator("tbody tr").first).to_contain_text("now")
    page.get_by_label("Latest", exact=True).get_by_role("button", name="Promote").click()
    page.get_by_role("dialog").get_by_role("button", name="Promote").click()
    expect(history.locator("tbody tr")).to_have_count(4)
    expect(current).to_contain_text(re.compile(r"Programs find it at|It is being copied to"))
