"""A run's end is heard of in another tab: by the tab's title, and by a notification that was asked for."""

import re

from playwright.sync_api import expect

HEARD = """() => {
  window.heard = [];
  window.Notification = class {
    static requestPermission() { window.heard.push("asked"); return Promise.resolve("granted"); }
    constructor(title) { window.heard.push(title); }
  };
}"""


def test_the_end_is_notified_after_a_click_and_stands_in_the_title(page, see, user) -> None:
    page.add_init_script(f"({HEARD})()")
    user.publish("sleep 600")
    user.drop()
    run = user.run_with("RUNNING")
    see(f"/runs/{run['run_id']}")
    expect(page).to_have_title(re.compile("^Running"), timeout=20_000)
    assert page.evaluate("heard") == []
    page.get_by_role("button", name="Notify me").click()
    expect(page.get_by_role("button", name="Notifies at the end")).to_have_attribute("aria-pressed", "true")
    user.call("POST", f"/runs/{run['run_id']}/cancel")
    expect(page).to_have_title(re.compile("^Cancelled"), timeout=40_000)
    page.wait_for_function("heard.length === 2")
    assert page.evaluate("heard") == ["asked", f"Cancelled: {user.project}/first"]
