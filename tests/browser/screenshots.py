"""Pictures of every view of the console, from real runs on a laptop cloud: `make screenshots`.

Three widths, light and dark: no run yet, a few runs, 500 of them, a run that trains, that succeeded, that was
reclaimed, that failed, long names and names in Arabic, Hebrew and emoji, a comparison, a sweep, models,
costs, a drop with a mistake.
The 500 are one real run's record, repeated. `--docs` writes only the seven of the docs, into docs/images.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from browser import stage
from browser.conftest import CHROMIUM, QUIET, Console, console_of
from browser.crowd import crowd
from playwright.sync_api import Browser, Page, sync_playwright
from support.laptop_user import User
from support.waiting import wait_for

WIDTHS = {1440: 900, 1024: 768, 390: 844}
SCHEMES = ("light", "dark")
DOCS = Path(__file__).parents[2] / "docs" / "images"
LONG = "a-project-whose-name-is-as-long-as-can-b"
# Views by name: where, what has to be seen first, and what is done then.
View = tuple[str, str, Callable[[Page], None] | None]


def runs_of(user: User) -> dict[str, str]:
    """Train what the pictures show; run ids by what they show."""
    shown = {"sweep": _swept(user)}
    for number, top in enumerate((0.86, 0.91, 0.9, 0.94)):
        stage.learns(user, "penguins", top=top)
        user.drop(f"2026-11-2{number}", **stage.CSV)
        shown["good"] = stage.ended(user, f"2026-11-2{number}")
    stage.fails(user, "price-forecast")
    user.drop("q3", **stage.CSV)
    shown["bad"] = stage.ended(user, "q3")
    user.project = LONG
    user.publish(
        stage.LEARNS + 'aws s3 cp --quiet model.keras "$EXPORT_PATH/نموذج مدرب 🐧.keras"\n', stage.NAMES
    )
    user.put(
        f"projects/{LONG}/data/a.dataset_with-a_very.long-name_as-well1/بيانات التدريب 🐧 עברית.csv",
        stage.CSV["train"],
    )
    shown["names"] = stage.ended(user, "a.dataset_with-a_very.long-name_as-well1")
    stage.learns(user, "churn", epochs=9, seconds=1)
    user.drop("week-46", **stage.CSV)
    going = user.run_with("RUNNING")
    time.sleep(6)
    user.cloud.engine.reclaim(going["batch_job_id"])
    shown["reclaimed"] = stage.ended(user, "week-46")
    user.project = "churn"
    user.put("projects/churn/data/week-48/train.csv", stage.CSV["train"])
    stage.learns(user, "penguins", epochs=2000, seconds=1, top=0.97)
    user.drop("2026-11-24", **stage.CSV)
    shown["live"] = user.run_with("RUNNING")["run_id"]
    time.sleep(25)
    return shown


def _swept(user: User) -> str:
    """The id of a sweep that has ended."""
    stage.learns(user, "tuned", epochs=6)
    user.drop("week-47", **stage.CSV)
    stage.ended(user, "week-47")
    space = {"top": "0.7..0.97", "epochs": "2..12:int"}
    asked = {"project": "tuned", "dataset": "week-47", "space": space, "trials": 12}
    sweep_id: str = user.call("POST", "/sweeps", asked)[1]["sweep_id"]
    wait_for("end of the sweep", lambda: user.call("GET", f"/sweeps/{sweep_id}")[1]["ended_at"])
    return sweep_id


def views(shown: dict[str, str]) -> dict[str, View]:
    """What is pictured."""
    older = shown["good"]
    return {
        "runs": ("/", ".run-link", None),
        "project": ("/projects/penguins", ".project-trend canvas", None),
        "waiting": ("/projects/churn", ".waiting-line", None),
        "live": (f"/runs/{shown['live']}", ".chart canvas", None),
        "succeeded": (f"/runs/{older}", ".chart canvas", None),
        "failed": (f"/runs/{shown['bad']}", ".evidence", None),
        "reclaimed": (f"/runs/{shown['reclaimed']}", ".chart canvas", None),
        "names": (f"/runs/{shown['names']}", ".chart canvas", None),
        "compare": (f"/compare?runs={shown['live']},{older}", ".differences", None),
        "code": (f"/runs/{older}/code", ".code", None),
        "difference": (f"/runs/{shown['live']}/code?with={older}", ".panel", None),
        "models": ("/projects/penguins/models", ".files", None),
        "costs": ("/costs", ".chart canvas", None),
        "sweeps": ("/projects/tuned/sweeps", ".cells", None),
        "sweep": (f"/sweeps/{shown['sweep']}", ".plot .mark", None),
        "datasets": ("/projects/churn/datasets", ".dataset-card", None),
        "drop": ("/projects/penguins", ".drop-words code", _drop_a_mistake),
        "missing": ("/runs/no-such-run", "[role=alert]", None),
    }


def take(browser: Browser, console: Console, wanted: dict[str, View], folder: Path) -> Iterator[Path]:
    """Picture the views in every width and scheme."""
    for width, height in WIDTHS.items():
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme,
                reduced_motion="reduce", locale="en-GB",
            )  # fmt: skip
            page = context.new_page()
            page.goto(console.link)
            for name, view in wanted.items():
                yield picture(page, console, view, folder / f"{name}-{width}-{scheme}.png")
            context.close()


def picture(page: Page, console: Console, view: View, file: Path) -> Path:
    """One picture of what is in sight."""
    place, sign, then = view
    page.goto(console.address + place)
    page.locator(sign).first.wait_for()
    page.wait_for_timeout(900)
    if then:
        then(page)
    page.screenshot(path=file)
    return file


def _drop_a_mistake(page: Page) -> None:
    page.locator(".run-link").first.wait_for()
    files = {
        "train.csv": "island,mass_g,species\nBiscoe,3750,Adelie\nDream,3800\n",
        "test.csv": stage.CSV["test"],
    }
    page.set_input_files(
        "input[type=file]",
        [{"name": name, "mimeType": "text/csv", "buffer": text.encode()} for name, text in files.items()],
    )
    page.get_by_role("button", name="Send these now").wait_for()


def main() -> None:
    folder = Path(next((each for each in sys.argv[1:] if not each.startswith("-")), "build/screenshots"))
    with tempfile.TemporaryDirectory() as work, console_of(Path(work)) as console, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        if "--docs" in sys.argv:
            for_docs(browser, console, views(runs_of(User(console.cloud, "penguins", []))))
        else:
            everything(browser, console, folder)
        browser.close()


def everything(browser: Browser, console: Console, folder: Path) -> None:
    """Every view in every width and scheme."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = list(take(browser, console, {"empty": ("/", ".steps", None)}, folder))
    user = User(console.cloud, "penguins", [])
    shown = runs_of(user)
    taken += take(browser, console, views(shown), folder)
    user.project = "penguins"
    crowd(console.cloud, user.call("GET", f"/runs/{shown['good']}")[1], 500)
    taken += take(browser, console, {"busy": ("/projects/penguins", ".run-link", None)}, folder)
    sys.stdout.write(f"{len(taken)} pictures in {folder}\n")


def for_docs(browser: Browser, console: Console, wanted: dict[str, View]) -> None:
    """The seven that the docs show."""
    DOCS.mkdir(parents=True, exist_ok=True)
    for name, scheme in (
        ("runs", "light"), ("project", "dark"), ("live", "light"),
        ("failed", "light"), ("compare", "dark"), ("drop", "light"), ("sweep", "light"),
    ):  # fmt: skip
        context = browser.new_context(
            viewport={"width": 1200, "height": 750},
            color_scheme=scheme,
            reduced_motion="reduce",
            locale="en-GB",
        )
        page = context.new_page()
        page.goto(console.link)
        picture(page, console, wanted[name], DOCS / f"console-{name}.png")
        context.close()


if __name__ == "__main__":
    main()
