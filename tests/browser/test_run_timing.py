"""How long the parts of a run usually take, on its page."""

import re

from playwright.sync_api import expect


def test_an_active_run_says_how_long_its_part_usually_takes(page, see, user) -> None:
    user.publish("echo trained")
    user.drop("first")
    user.run_with("SUCCEEDED")
    user.publish("echo begun; sleep 600")
    user.drop("second")
    run = user.run_with("RUNNING")
    see(f"/runs/{run['run_id']}")
    expect(page.locator(".now")).to_contain_text(
        re.compile(
            r"first output or metric: \d+ s, usually \d+ s \(median of \d+ runs? of the (project|stack)\)"
        ),
        timeout=60_000,
    )
    user.call("POST", f"/runs/{run['run_id']}/cancel")
    user.run_with("CANCELLED")
    expect(page.get_by_text("median of")).to_have_count(0)
