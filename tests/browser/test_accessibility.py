"""axe-core finds nothing, the keyboard reaches everything, and who wants no motion sees none."""

from pathlib import Path

import pytest
from browser import stage
from playwright.sync_api import expect

AXE = Path(__file__).parent / "vendor" / "axe.min.js"


def violations(page) -> list[str]:
    page.evaluate(AXE.read_text("utf-8"))  # the page's policy forbids a script of another place
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {each['help']} {[node['html'][:160] for node in each['nodes'][:3]]}"
        for each in found["violations"]
    ]


def check(page, see, places: dict[str, str]) -> None:
    """Whether axe finds nothing in these places, and none is wider than a narrow window."""
    for place, sign in places.items():
        see(place)
        page.locator(sign).first.wait_for()
        page.wait_for_timeout(300)
        assert violations(page) == [], place
    for width in (1024, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for place, sign in places.items():
            see(place)
            page.locator(sign).first.wait_for()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
                f"{place} at {width} px"
            )
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page, see, user, scheme) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    stage.learns(user, user.project, epochs=4)
    user.drop()
    good = user.run_with("SUCCEEDED")["run_id"]
    user.call("PATCH", f"/runs/{good}", {"name": "wide", "note": "Twice the units.", "tags": ["best"]})
    stage.fails(user, user.project)
    user.drop("second")
    bad = user.run_with("FAILED")["run_id"]
    places = {
        "/": ".run-link", f"/projects/{user.project}": ".run-link", f"/runs/{good}": ".chart canvas",
        f"/runs/{bad}": ".evidence", f"/compare?runs={good},{bad}": ".differences",
        "/runs/none": "[role=alert]", f"/projects/{user.project}/models": ".files", "/costs": ".chart canvas",
    }  # fmt: skip
    check(page, see, places)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_code_and_datasets(page, see, user, scheme) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    user.publish("echo first\necho trained\n", "timeout: 1h\n")
    user.drop("first", **stage.CSV)
    first = user.run_with("SUCCEEDED")["run_id"]
    user.publish("exit 1\n", "timeout: 2h\n")
    user.drop("second", **stage.CSV)
    second = user.run_with("FAILED")["run_id"]
    places = {
        f"/runs/{first}/code": ".code", f"/runs/{second}/code?with={first}": ".code-removed",
        f"/projects/{user.project}/datasets?dataset=first": ".dataset-card",
    }  # fmt: skip
    check(page, see, places)


def test_dialogs_keep_the_focus_and_give_it_back(page, see) -> None:
    see("/")
    button = page.get_by_role("button", name="New project")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()


def test_the_keyboard_goes_through_the_list(page, see, user) -> None:
    user.publish("echo trained")
    user.drop()
    user.run_with("SUCCEEDED")
    see("/")
    page.locator(".run-link").first.wait_for()
    page.keyboard.press("j")
    expect(page.locator(".run-link").first).to_be_focused()
    outline = page.locator(".run-row:has(.run-link:focus-visible)").evaluate(
        "row => getComputedStyle(row).outlineStyle"
    )
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/**")
    expect(page.locator("main")).to_be_focused()


def test_times_are_the_viewers_with_utc_on_hover(chromium, console, user) -> None:
    user.publish("echo trained")
    user.drop()
    run = user.run_with("SUCCEEDED")
    made = chromium.new_context(timezone_id="Asia/Kolkata", locale="en-GB")
    page = made.new_page()
    page.goto(console.link)
    page.goto(f"{console.address}/runs/{run['run_id']}")
    shown = page.get_by_label("Facts").locator("time").first
    hour, minute = run["created_at"][11:13], run["created_at"][14:16]
    shown.wait_for()
    assert f"{hour}:{minute}" in (shown.get_attribute("title") or "")
    assert (shown.get_attribute("title") or "").endswith("UTC")
    local = (int(hour) * 60 + int(minute) + 330) % 1440
    expect(shown).to_contain_text(f"{local // 60:02}:{local % 60:02}")
    made.close()


def test_nothing_moves_for_who_wants_no_motion(page, see, user) -> None:
    page.emulate_media(reduced_motion="reduce")
    stage.learns(user, user.project, epochs=300, seconds=1)
    user.drop()
    run = user.run_with("RUNNING")
    see(f"/runs/{run['run_id']}")
    page.locator(".icon-live").first.wait_for()
    assert page.evaluate("document.getAnimations().length") == 0
    user.call("POST", f"/runs/{run['run_id']}/cancel")
