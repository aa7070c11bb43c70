"""Ten questions that people ask a page like this; each is answered within three clicks of the first view.

Typing isn't a click, and choosing from a list is one.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from browser import stage
from browser.conftest import Console
from playwright.sync_api import Locator, Page, expect
from support.laptop_user import User

MOST_CLICKS = 3
RECIPE = """hyperparameters: {{epochs: 3, top: {top}, dropout: {dropout}}}
metric: {{name: test_accuracy, goal: maximize}}
timeout: 1h
"""


class Visitor:
    """Somebody at the first view, whose clicks are counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def click(self, what: Locator) -> None:
        expect(what).to_be_visible(timeout=20_000)
        what.click()
        self.clicks += 1

    def choose(self, what: Locator, option: str) -> None:
        what.select_option(label=option)
        self.clicks += 1

    def open_project(self, project: str) -> None:
        rail = self.page.get_by_role("navigation", name="Projects")
        self.click(rail.get_by_role("link", name=project))

    def open_run(self, run_id: str) -> None:
        self.click(self.page.locator(f".run-link[data-run='{run_id}']"))


@dataclass
class Lab:
    """A project with three trained models and a dataset that waits, and another one whose run failed."""

    user: User
    runs: dict[str, str]
    failed: str

    @property
    def project(self) -> str:
        return self.user.project


@pytest.fixture(scope="module")
def lab(console: Console) -> Lab:
    """What the questions are about."""
    user = User(console.cloud, f"p-{uuid.uuid4().hex[:8]}", [])
    runs = {}
    for dataset, top, dropout, code in (
        ("sunday", 0.97, 0.1, ""), ("monday", 0.95, 0.3, ""), ("tuesday", 0.92, 0.4, "echo warmed up\n"),
    ):  # fmt: skip
        user.publish(code + stage.LEARNS, RECIPE.format(top=top, dropout=dropout))
        user.drop(dataset)
        runs[dataset] = stage.ended(user, dataset)
    user.call("PATCH", f"/runs/{runs['monday']}", {"name": "Monday's best"})
    user.put(f"projects/{user.project}/data/wednesday/train.csv", stage.CSV["train"])
    other = User(console.cloud, f"p-{uuid.uuid4().hex[:8]}", [])
    stage.fails(other, other.project)
    other.drop("thursday", **stage.CSV)
    return Lab(user, runs, stage.ended(other, "thursday"))


@pytest.fixture
def visitor(page: Page, see, lab: Lab) -> Iterator[Visitor]:
    """A visitor of the first view; at the end, the question has to be answered within three clicks."""
    see("/")
    expect(page.locator(".run-link").first).to_be_visible()
    made = Visitor(page)
    yield made
    assert 0 < made.clicks <= MOST_CLICKS


def test_which_run_has_the_best_test_accuracy_with_dropout_above_0_2(page, visitor, lab) -> None:
    visitor.open_project(lab.project)
    visitor.click(page.get_by_role("button", name="Metric"))
    expect(page.locator(".run-link").first).to_have_attribute("data-run", lab.runs["sunday"])
    page.keyboard.press("/")
    page.keyboard.type("dropout>0.2")
    expect(page.locator(".run-link").first).to_have_attribute("data-run", lab.runs["monday"])


def test_what_did_i_change_since_monday_s_best(page, visitor, lab) -> None:
    visitor.open_run(lab.runs["tuesday"])
    visitor.click(page.get_by_role("link", name="Code", exact=True))
    choice = page.get_by_label("Compare with")
    option = choice.locator("option", has_text="Monday's best")
    expect(option).to_have_count(1)
    expect(choice.locator("option", has_text=", the best")).to_contain_text("sunday")
    visitor.choose(choice, option.inner_text())
    expect(page.get_by_role("row", name="hyperparameters.dropout")).to_contain_text("0.3")
    expect(page.locator(".code-added").first).to_contain_text("echo warmed up")


def test_why_is_this_dataset_waiting(page, visitor, lab) -> None:
    visitor.open_project(lab.project)
    expect(page.locator(".waiting-line")).to_contain_text("wednesday waits for test.csv", timeout=30_000)


def test_why_is_this_run_waiting(page, visitor, lab) -> None:
    run = lab.user.call("GET", f"/runs/{lab.runs['tuesday']}")[1]
    cause = {
        "code": "no_capacity", "message": "AWS has no g4dn.xlarge to give.",
        "fix": "Name more instance types.", "evidence": [], "retry_helps": None,
    }  # fmt: skip
    waiting = {**run, "status": "RUNNABLE", "cause": cause, "stopped_at": None, "started_at": None}
    page.route(f"**/api/runs/{run['run_id']}", lambda route: route.fulfill(json=waiting))
    visitor.open_run(run["run_id"])
    expect(page.locator(".now")).to_contain_text("Waiting for a machine")
    expect(page.get_by_label("Cause")).to_contain_text("AWS has no g4dn.xlarge to give.")
    expect(page.get_by_label("Cause")).to_contain_text("Name more instance types.")


def test_what_did_this_month_cost_by_project(page, visitor, lab) -> None:
    visitor.click(page.get_by_role("link", name="Costs", exact=True))
    costs = page.get_by_role("region", name="Costs by project")
    expect(costs.get_by_role("row", name=lab.project)).to_contain_text("$", timeout=20_000)


def test_which_dataset_trained_the_best_model(page, visitor, lab) -> None:
    visitor.open_project(lab.project)
    visitor.click(page.get_by_role("link", name="Models"))
    best = page.get_by_label("Best", exact=True)
    expect(best.get_by_role("link").first).to_contain_text("sunday")
    visitor.click(best.get_by_role("link").first)
    expect(page.get_by_label("Facts").locator(".versions code").first).to_be_visible()


def test_which_runs_used_this_dataset(page, visitor, lab) -> None:
    visitor.open_project(lab.project)
    visitor.click(page.get_by_role("link", name="Datasets"))
    visitor.click(page.get_by_role("navigation", name="Datasets").get_by_role("button", name="monday"))
    versions = page.get_by_role("region", name="The versions")
    expect(versions.get_by_role("link")).to_have_attribute("href", f"/runs/{lab.runs['monday']}")


def test_how_do_i_train_it_again_with_other_settings(page, visitor, lab) -> None:
    visitor.open_run(lab.runs["monday"])
    visitor.click(page.get_by_role("button", name="Rerun"))
    page.get_by_role("dialog").get_by_label("dropout").fill("0.5")
    visitor.click(
        page.get_by_role("dialog").get_by_role("button", name=re.compile("Train again, for at most"))
    )
    page.wait_for_url(lambda url: "/runs/" in url and lab.runs["monday"] not in url, timeout=20_000)
    made = page.url.rpartition("/")[2]
    assert lab.user.call("GET", f"/runs/{made}")[1]["hyperparameters"]["dropout"] == 0.5
    lab.user.call("POST", f"/runs/{made}/cancel")


def test_where_is_the_best_model_s_file(page, visitor, lab) -> None:
    visitor.open_project(lab.project)
    visitor.click(page.get_by_role("link", name="Models"))
    with page.expect_download() as download:
        visitor.click(page.get_by_label("Best", exact=True).get_by_role("link", name="model.keras"))
    assert download.value.path().read_text().startswith("weights of 3 epochs")


def test_what_went_wrong_and_how_is_it_fixed(page, visitor, lab) -> None:
    visitor.open_run(lab.failed)
    cause = page.get_by_label("Cause")
    expect(cause).to_contain_text("'Gentoo' is not in list")
    expect(cause).to_contain_text("What to do")


def test_which_run_cost_most(page, visitor, lab) -> None:
    visitor.open_project(lab.project)
    visitor.click(page.get_by_role("button", name="Cost", exact=True))
    costs = {each["run_id"]: each["cost"]["estimate_usd"] for each in lab.user.runs() if each["cost"]}
    first = page.locator(".run-link").first
    expect(page.get_by_role("columnheader", name="Cost")).to_have_attribute("aria-sort", "descending")
    assert costs[first.get_attribute("data-run")] == max(costs.values())
