"""The code, the recipe and the settings of a run, and what of them differs from another run."""

from browser import stage
from playwright.sync_api import expect

RECIPE = "hyperparameters: {rate: 0.1}\nenvironment: {MODE: slow}\n"


def test_the_files_of_a_run_are_shown_as_it_trained_with_them(page, see, user) -> None:
    user.publish("echo first\necho trained\n", RECIPE)
    user.put(f"projects/{user.project}/code/logo.png", "\x00\x01")
    user.drop()
    run = user.run_with("SUCCEEDED")
    user.publish("echo second\n", RECIPE)
    see(f"/runs/{run['run_id']}")
    page.get_by_role("link", name="View code and recipe").click()
    expect(page.get_by_label("Text of train.yaml")).to_contain_text("hyperparameters: {rate: 0.1}")
    page.get_by_role("button", name="code/run.sh").click()
    expect(page.get_by_label("Text of code/run.sh")).to_contain_text("echo first")
    page.get_by_role("button", name="code/logo.png").click()
    expect(page.locator(".code-file")).to_contain_text("It isn't text.")
    page.reload()
    expect(page.get_by_role("heading", name="code/logo.png")).to_be_visible()


def test_two_runs_differ_in_these_lines_and_settings(page, see, user) -> None:
    user.publish("echo same\necho first\n", RECIPE)
    user.drop("first")
    user.run_with("SUCCEEDED")
    user.publish("echo same\necho second\n", RECIPE.replace("slow", "fast"))
    user.drop("second")
    second = stage.ended(user, "second")
    see(f"/runs/{second}")
    expect(page.get_by_role("link", name="Compare")).to_be_visible(timeout=20_000)
    page.get_by_role("link", name="Code", exact=True).click()
    expect(page.get_by_role("row", name="environment.MODE")).to_contain_text("slow")
    text = page.get_by_label("Text of code/run.sh")
    expect(text.locator(".code-removed")).to_have_text("2-echo first")
    expect(text.locator(".code-added")).to_have_text("2+echo second")
    expect(page.get_by_label("Text of train.yaml").locator(".code-added")).to_contain_text("fast")
    page.get_by_label("Compare with").select_option("")
    expect(page.get_by_role("heading", name="Code and recipe")).to_be_visible()
