"""What the console's page costs: weight, first view beside an empty page, calls, 10,000 runs scrolled.

    PYTHONPATH=tests:image .venv/bin/python tests/bench/console_page.py

needs Debian's chromium. The runs are one real run's record, repeated under other names and times. Tasks of
the page's thread are measured by their own processor time, so that a busy machine doesn't count.
"""

import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from browser.conftest import CHROMIUM, QUIET, console_of
from browser.many_runs import many, scroll_to_the_end, serve
from playwright.sync_api import Page, sync_playwright
from support.laptop_user import User

from droptrain_cli.console import page as served_page

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "console"
LOADS = 9
WATCHED_SECONDS = 30
# Scrolls the whole page in steps, one each frame, and gives the milliseconds between frames.
SCROLL = """(px) => new Promise((done) => {
  const gaps = []; let before = performance.now();
  const step = (now) => {
    gaps.push(now - before); before = now;
    scrollBy(0, px);
    const end = document.documentElement.scrollHeight - 2;
    if (scrollY + innerHeight < end && gaps.length < 400) requestAnimationFrame(step);
    else done(gaps);
  };
  requestAnimationFrame(step);
})"""
# When the first row stands, counted from the moment at which the page's own bytes came.
DRAWN = """(sign) => new Promise((done) => {
  const look = () => {
    if (!document.querySelector(sign)) return requestAnimationFrame(look);
    const begun = performance.getEntriesByType("navigation")[0].responseStart;
    requestAnimationFrame(() => done(performance.now() - begun));
  };
  look();
})"""


def weight() -> tuple[int, int]:
    """Bytes that the first view takes as they are sent, and with the chart library."""
    first, charts = 0, 0
    served = served_page.Page(PAGE)
    for path in PAGE.rglob("*"):
        if path.suffix in (".js", ".mjs", ".css", ".html", ".svg"):
            size = len(served.get(f"/{path.relative_to(PAGE)}", {"accept-encoding": "gzip"}).body)
            charts += size
            first += 0 if path.name == "uplot.mjs" else size
    return first, charts


def drawn(page: Page, address: str, sign: str) -> float:
    """The median of milliseconds from the server's answer to the drawn view."""
    found = []
    for _ in range(LOADS):
        page.goto(address, wait_until="commit")
        found.append(page.evaluate(DRAWN, sign))
    return statistics.median(found)


def scrolled(page: Page, address: str, run: dict[str, Any], count: int) -> None:
    """Load a list of so many runs, then scroll through it at two speeds."""
    run = json.loads(
        page.evaluate("async (place) => (await fetch(place)).text()", f"/api/runs/{run['run_id']}")
    )
    serve(page, many(run, count))
    page.goto(f"{address}/projects/{run['project']}")
    page.get_by_role("table", name="Runs").wait_for()
    scroll_to_the_end(page, count)
    assert page.context.browser
    for step in (120, 700):
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(500)
        page.context.browser.start_tracing(page=page, categories=["toplevel", "devtools.timeline"])
        gaps = sorted(page.evaluate(SCROLL, step)[1:])
        tasks = task_times(page.context.browser.stop_tracing())
        longest = ", ".join(f"{each:.0f}" for each in tasks[:3])
        print(
            f"scrolling {count} runs by {step} px a frame: {len(gaps)} frames, half within "
            f"{statistics.median(gaps):.1f} ms, 95 % within {gaps[int(len(gaps) * 0.95)]:.1f} ms; "
            f"the longest tasks took {longest} ms, {sum(each > 50 for each in tasks)} above 50"
        )


def task_times(trace: bytes) -> list[float]:
    """The processor milliseconds of the tasks of the page's main thread, longest first."""
    events = json.loads(trace)["traceEvents"]
    main = {
        (each["pid"], each["tid"])
        for each in events
        if each.get("name") == "thread_name" and each["args"].get("name") == "CrRendererMain"
    }
    tasks = [each for each in events if each.get("name", "").endswith("RunTask") and "tdur" in each]
    times = (each["tdur"] / 1000 for each in tasks if (each["pid"], each["tid"]) in main)
    return sorted(times, reverse=True)


def main() -> None:
    first, charts = weight()
    print(
        f"weight: {first / 1000:.1f} KB compressed for the first view, {charts / 1000:.1f} KB with the charts"
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        console_of(Path(folder)) as console,
        sync_playwright() as play,
    ):
        user = User(console.cloud, "busy", [])
        user.publish(
            'echo "{\\"step\\": 1, \\"accuracy\\": 0.9}" >> "$METRICS_FILE"', "metric: {name: accuracy}\n"
        )
        user.drop()
        run = user.call("GET", f"/runs/{user.run_with('SUCCEEDED')['run_id']}")[1]
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(console.link)
        page.route(
            "**/empty-page",
            lambda route: route.fulfill(
                body="<!doctype html><title>empty</title><p>.", content_type="text/html"
            ),
        )
        empty = drawn(page, console.address + "/empty-page", "p")
        shell = drawn(page, console.address + "/", ".rail")
        rows = drawn(page, console.address + "/", ".run-link")
        print(
            f"first view: {shell - empty:.0f} ms to the frame and {rows - empty:.0f} ms to the runs, "
            f"above {empty:.0f} ms for an empty page"
        )

        calls: list[str] = []
        page.on(
            "request", lambda request: calls.append(request.url.removeprefix(console.address).split("?")[0])
        )
        for place in ("/", f"/runs/{run['run_id']}"):
            page.goto(console.address + place)
            page.wait_for_timeout(4_000)
            calls.clear()
            page.wait_for_timeout(WATCHED_SECONDS * 1000)
            counted = sorted((name.replace(run["run_id"], "RUN"), calls.count(name)) for name in set(calls))
            shown = "/runs/RUN, ended" if len(place) > 1 else place
            print(f"calls in {WATCHED_SECONDS} s of {shown}: {counted}")

        scrolled(page, console.address, run, 10_000)
        browser.close()


if __name__ == "__main__":
    main()
