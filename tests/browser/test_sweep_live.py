"""A sweep on the laptop cloud, watched on its page from its start to its end, and cancelled there."""

import re

from browser import stage
from browser.test_accessibility import violations
from playwright.sync_api import expect

SLOW = 90_000


def start(user, **more) -> str:
    """Start a sweep over three values; its id."""
    asked = {"project": user.project, "dataset": "first", "method": "grid", "parallel": 3} | more
    status, answer = user.call("POST", "/sweeps", {"space": {"top": "0.8,0.9,0.95"}, **asked})
    assert status == 202, answer
    return answer["sweep_id"]


def test_a_sweep_is_watched_from_its_start_to_its_end(page, see, user) -> None:
    stage.learns(user, user.project, epochs=4)
    user.drop("first", **stage.CSV)
    stage.ended(user, "first")
    see(f"/projects/{user.project}")
    page.get_by_role("link", name="Sweeps").click()
    expect(page.get_by_text("No sweep has searched")).to_be_visible()
    sweep_id = start(user)
    row = page.get_by_role("region", name="The sweeps").get_by_role("row").nth(1)
    row.get_by_role("link").click(timeout=30_000)
    page.wait_for_url(f"**/sweeps/{sweep_id}")
    trials = page.get_by_role("region", name="The trials")
    expect(trials.get_by_role("row")).to_have_count(4, timeout=SLOW)
    expect(page.locator(".badge-large")).to_have_text("Succeeded", timeout=SLOW)
    expect(page.get_by_label("Best", exact=True)).to_contain_text("top0.95")
    expect(trials.get_by_role("row").nth(1)).to_contain_text(re.compile(r"best.*0\.95.*Succeeded"))
    expect(page.get_by_role("heading", name="Curves")).to_be_visible()
    assert violations(page) == []
    trials.get_by_role("link").first.click()
    page.get_by_label("Facts").get_by_role("link", name=re.compile("of a sweep")).click(timeout=30_000)
    page.wait_for_url(f"**/sweeps/{sweep_id}")


def test_a_sweep_is_cancelled_on_its_page(page, see, user) -> None:
    stage.learns(user, user.project, epochs=2)
    user.drop("first", **stage.CSV)
    stage.ended(user, "first")
    stage.learns(user, user.project, epochs=900, seconds=1)
    sweep_id = start(user)
    see(f"/sweeps/{sweep_id}")
    trials = page.get_by_role("region", name="The trials")
    expect(trials.get_by_text("Running").first).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Cancel sweep").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel sweep").click()
    expect(page.locator(".badge-large")).to_have_text("Cancelled", timeout=SLOW)
    expect(page.get_by_role("button", name="Cancel sweep")).to_have_count(0)
