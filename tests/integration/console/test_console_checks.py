"""A file's check that takes a while, and the settings that a run was trained with."""

import json
import threading
from typing import Any

from support.console_browser import Browser, Got
from support.scripted_server import Asked, Reply, ScriptedServer
from support.waiting import wait_for


def recipe(s3: Any, text: str) -> None:
    s3.put_object(Bucket="data", Key="projects/trees/train.yaml", Body=text.encode())


def test_a_long_check_says_how_far_it_is_and_can_be_given_up(browser: Browser, project: None) -> None:
    content = b"a,b\n" + b"1,2\n" * 2_000_000
    answers: list[Got] = []

    def check() -> None:
        answers.append(browser.ask("POST", "/local/preflight?project=trees&file=train.csv&check=c1", content))

    checking = threading.Thread(target=check)
    checking.start()

    def share() -> float | None:
        found: float | None = browser.ask("GET", "/local/preflight?check=c1").document["share"]
        return found

    assert 0 < wait_for("a check that goes on", share) < 1
    given_up = browser.ask("DELETE", "/local/preflight?check=c1")
    checking.join(20)
    assert given_up.document == {"given_up": True}
    assert (answers[0].status, answers[0].problem) == (409, "given-up")
    assert share() is None


def test_settings_show_the_run_s_recipe_and_the_published_one(
    browser: Browser, api: ScriptedServer, s3: Any, project: None
) -> None:
    recipe(s3, "hyperparameters: {epochs: 12}\n")
    head = s3.head_object(Bucket="data", Key="projects/trees/train.yaml")
    pinned = {"key": "projects/trees/train.yaml", "version_id": head["VersionId"], "size": 1, "etag": "e"}
    plan = {
        "project": "trees", "hyperparameters": {"epochs": 3},
        "overrides": {"hyperparameters": {"epochs": 3}}, "recipe": pinned,
    }  # fmt: skip
    recipe(s3, "hyperparameters: {epochs: 20, dropout: 0.1}\n")

    def answer(asked: Asked) -> Reply:
        if "run.json" in asked.target:
            return Reply(200, plan)
        file = {"path": "run.json", "size": len(json.dumps(plan)), "url": f"{api.url}/run.json"}
        return Reply(200, {"artifacts": [file], "cursor": None})

    api.answer = answer
    settings = browser.ask("GET", "/local/settings?run=trees-d1-0123456789ab").document
    assert settings == {
        "hyperparameters": {"epochs": 3}, "overrides": {"hyperparameters": {"epochs": 3}},
        "recipe": {"epochs": 12}, "published": {"epochs": 20, "dropout": 0.1},
    }  # fmt: skip


def test_a_run_without_a_plan_has_no_settings(browser: Browser, api: ScriptedServer, s3: Any) -> None:
    api.answer = lambda _: Reply(200, {"artifacts": [], "cursor": None})
    settings = browser.ask("GET", "/local/settings?run=trees-d1-0123456789ab").document
    assert settings == {"hyperparameters": {}, "overrides": {}, "recipe": None, "published": None}
