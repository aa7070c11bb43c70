"""The rail with more projects than fit into it."""

import re
from urllib.parse import parse_qs, urlsplit

from browser.test_accessibility import violations
from playwright.sync_api import Route, expect

COUNT = 250


def _projects(route: Route) -> None:
    asked = parse_qs(urlsplit(route.request.url).query)
    start = int(asked.get("cursor", ["0"])[0])
    end = min(start + 100, COUNT)
    listed = [
        {
            "project": f"team-{n:03}",
            "latest_run": {"status": "SUCCEEDED", "created_at": f"2026-01-01T00:{n // 60:02}:{n % 60:02}Z"},
            "waiting": [],
        }
        for n in range(start, end)
    ]
    route.fulfill(json={"projects": listed, "cursor": str(end) if end < COUNT else None})


def test_of_many_projects_the_newest_are_shown_and_all_are_found(page, see) -> None:
    page.route(re.compile(r"/api/projects\?"), _projects)
    see("/")
    rail = page.get_by_role("navigation", name="Projects")
    links = rail.locator("a[href^='/projects/']")
    expect(rail.get_by_role("button", name=f"All {COUNT} projects")).to_be_visible()
    expect(links).to_have_count(12)
    expect(links.first).to_have_text("team-249")
    rail.get_by_role("searchbox").fill("team-17")
    expect(links).to_have_count(10)
    assert violations(page) == []
    links.first.click()
    page.wait_for_url("**/projects/team-170")
    rail.get_by_role("searchbox").fill("")
    expect(links).to_have_count(13)
    expect(rail.locator("[aria-current=page]")).to_have_text("team-170")
    rail.get_by_role("button", name=f"All {COUNT} projects").click()
    expect(links).to_have_count(COUNT)
