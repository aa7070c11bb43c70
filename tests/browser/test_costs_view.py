"""What a month cost, by project and by day, with what the caps leave, and the months before."""

import re
from datetime import UTC, datetime

from browser.test_accessibility import violations
from playwright.sync_api import Page, expect

MONTH = datetime.now(UTC).strftime("%Y-%m")


def serve_costs(page: Page, parts: list[list[dict]]) -> None:
    """Answer the page's calls for the costs of this month with `parts`; other months cost nothing."""

    def answer(route) -> None:
        asked = dict(pair.split("=") for pair in route.request.url.partition("?")[2].split("&"))
        number = int(asked.get("cursor", 0))
        days = parts[number] if asked["month"] == MONTH else []
        cursor = str(number + 1) if asked["month"] == MONTH and number + 1 < len(parts) else None
        route.fulfill(json={"month": asked["month"], "days": days, "cursor": cursor})

    page.route("**/api/costs?*", answer)


def cost(project: str, usd: float, *, runs: int = 1, active: int = 0, worst: float = 0) -> dict:
    return {
        "day": f"{MONTH}-01", "project": project, "runs": runs, "cost_usd": usd, "active": active,
        "worst_usd": worst,
    }  # fmt: skip


def test_a_month_is_summed_by_project_and_day_over_all_parts(page, see) -> None:
    serve_costs(page, [[cost("penguins", 1.5, runs=3), cost("<b>whales</b>", 0.5)], [cost("penguins", 2)]])
    see("/")
    page.get_by_role("link", name="Costs").click()
    by_project = page.get_by_role("region", name="Costs by project")
    expect(by_project.get_by_role("row").nth(1)).to_have_text(re.compile(r"penguins\$3.5088 %40–"))
    expect(by_project.get_by_role("row").nth(2)).to_contain_text("<b>whales</b>$0.5000")
    by_day = page.get_by_role("region", name="Costs by day")
    expect(by_day.get_by_role("row").nth(1)).to_contain_text(f"{MONTH}-01$4.00$3.50$0.5000")
    expect(page.locator(".chart canvas")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("navigation", name="Months").get_by_role("link").first.click()
    expect(page.get_by_text("Nothing was launched in this month.")).to_be_visible()
    page.go_back()
    expect(by_project).to_be_visible()


def test_what_is_reserved_and_left_of_the_caps_is_shown(page, see) -> None:
    budget = {
        "month": MONTH, "cap_usd": 100, "spent_usd": 12, "reserved_usd": 5,
        "running": 1, "runs_at_once": None,
        "projects": [{"project": "penguins", "cap_usd": 20, "spent_usd": 3, "reserved_usd": 18}],
    }  # fmt: skip
    page.route("**/api/budget", lambda route: route.fulfill(json=budget))
    serve_costs(page, [[cost("penguins", 3, active=2, worst=18)]])
    see("/")
    page.get_by_role("link", name=re.compile("spent and .* held")).click()
    caps = page.get_by_role("region", name="The caps")
    expect(caps.get_by_role("row").nth(1)).to_have_text("the stack$100.00$12.00$5.00$83.00")
    expect(caps.get_by_role("row").nth(2)).to_have_text("penguins$20.00$3.00$18.00$0")
    by_project = page.get_by_role("region", name="Costs by project")
    expect(by_project.get_by_role("row").nth(1)).to_contain_text("2$18.00")


def test_a_run_s_cost_is_in_its_month(page, see, user) -> None:
    user.publish("echo trained")
    user.drop()
    user.run_with("SUCCEEDED")
    see("/costs")
    row = page.get_by_role("region", name="Costs by project").get_by_role("row", name=user.project)
    expect(row).to_be_visible(timeout=30_000)
    row.get_by_role("link").click()
    page.wait_for_url(f"**/projects/{user.project}?sort=cost")
    expect(page.get_by_role("columnheader", name="Cost")).to_have_attribute("aria-sort", "descending")
