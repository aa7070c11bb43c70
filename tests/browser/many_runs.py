"""A list of many runs: a run's record under other names, times and values, given to the page in pages.

The laptop cloud isn't asked for them, so the page's own work is what a test sees.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Route

Run = dict[str, Any]
_MINUTES_APART = 37
_DATASETS = 25


def many(run: Run, count: int, **more: Any) -> list[Run]:
    """`count` runs, newest first; every seventh has a learning rate of its own."""
    created = datetime.fromisoformat(run["created_at"])
    return [_copy(run, n, created - timedelta(minutes=_MINUTES_APART * n)) | more for n in range(count)]


def _copy(run: Run, n: int, at: datetime) -> Run:
    text = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    values = {"learning_rate": 0.003 if n % 7 == 3 else 0.001, "dropout": round(0.1 * (n % 4), 1)}
    return run | {
        "run_id": f"{run['run_id'][:-12]}{n:07x}00000", "dataset": f"week-{n % _DATASETS}",
        "created_at": text, "updated_at": text, "started_at": text, "stopped_at": text,
        "metrics": {name: value - (n * 7919 % 1000) / 5000 for name, value in run["metrics"].items()},
        "hyperparameters": values,
    }  # fmt: skip


def serve(page: Page, runs: list[Run], rank: Callable[[list[Run]], list[Run]] | None = None) -> None:
    """Answer the page's calls for lists with `runs`; a ranking with what `rank` makes of them."""

    def answer(route: Route) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(route.request.url).query).items()}
        found = rank(runs) if rank and asked.get("sort") == "metric" else runs
        found = [run for run in found if asked.get("status") in (None, run["status"])]
        start, limit = int(asked.get("cursor", 0)), int(asked.get("limit", 20))
        end = start + limit
        cursor = str(end) if end < len(found) else None
        route.fulfill(json={"runs": found[start:end], "cursor": cursor})

    page.route("**/api/runs?*", answer)


def serve_each(page: Page, runs: list[Run], series: Callable[[int], list[dict[str, Any]]]) -> None:
    """Answer the page's calls for single runs; `series` gives the curves of the run of a number."""
    numbers = {run["run_id"]: number for number, run in enumerate(runs)}

    def answer(route: Route) -> None:
        run_id, _, part = urlsplit(route.request.url).path.removeprefix("/api/runs/").partition("/")
        number = numbers[run_id]
        route.fulfill(json={"series": series(number)} if part == "metrics" else runs[number])

    page.route("**/api/runs/*", answer)
    page.route("**/api/runs/*/metrics", answer)
    page.route("**/local/plan?*", lambda route: route.fulfill(json={}))


def scroll_to_the_end(page: Page, count: int) -> None:
    """Scroll through a list, asking for older runs, until the last one is seen.

    Rows that come into sight get their real height, so that the end moves.
    """
    table, last = (
        page.get_by_role("table", name="Runs"),
        page.locator(f".run-row[aria-rowindex='{count + 1}']"),
    )
    for _ in range(count):  # each step can load a hundred runs
        if last.is_visible():
            return
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        page.evaluate("document.querySelector('.list-end button:enabled')?.click()")
        page.wait_for_timeout(50)
    known, end = table.get_attribute("aria-rowcount"), page.locator(".list-end").inner_text()
    raise AssertionError(
        f"the end of {count} runs isn't seen: {known} rows are known, and {end!r} stands below"
    )


def curve(name: str, values: list[float], steps: list[float] | None = None) -> dict[str, Any]:
    """A series of the API."""
    points = [
        {"step": step, "value": value}
        for step, value in zip(steps or range(1, len(values) + 1), values, strict=True)
    ]
    return {"name": name, "count": len(points), "points": points}
