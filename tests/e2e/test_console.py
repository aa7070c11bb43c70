"""The console as people use it: its link, a drop onto its page, the run that comes of it, its files."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.command_line import CommandLine
from support.console_browser import Browser
from support.laptop_user import User
from support.waiting import wait_for

from droptrain_local.cloud import LaptopCloud

pytestmark = pytest.mark.timeout(180)

SCRIPT = """
echo "training on $TRAINING_DATA"
[ -z "$HP_WAIT" ] || { trap 'exit 143' TERM; sleep 600 & wait; }
echo '{"step": 1, "test_accuracy": 0.75}' >> "$METRICS_FILE"
echo model > model.txt
aws s3 cp --only-show-errors model.txt "$EXPORT_PATH/model.txt"
"""
ROWS = b"a,b\n1,2\n"


@pytest.fixture(scope="module")
def url(droptrain: CommandLine) -> Iterator[str]:
    """The link of a console beside the laptop cloud; at the end Ctrl-C ends it cleanly."""
    started = droptrain.start("console", "--json")
    started.wait_for('"url"')
    ready = json.loads(started.out)
    assert ready.keys() == {"url", "port", "stack", "region", "pid"}
    yield ready["url"]
    started.press_ctrl_c()
    said = started.wait()
    assert (said.code, said.err) == (0, "")
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", ready["port"])):
        pass


@pytest.fixture
def browser(url: str) -> Browser:
    visiting = Browser(urlsplit(url).port or 0)
    visiting.follow(url)
    return visiting


def drop(browser: Browser, project: str, dataset: str, **files: bytes) -> str:
    """Drop files as the page does; the run's id."""
    names = [f"{name}.csv" for name in files]
    for name, content in zip(names, files.values(), strict=True):
        checked = browser.ask("POST", f"/local/preflight?project={project}&file={name}", content)
        assert checked.document == {"findings": []}
        sent = browser.ask("PUT", f"/local/uploads?project={project}&dataset={dataset}&file={name}", content)
        assert sent.status == 200, sent.body
    done = browser.ask("POST", "/local/drops", {"project": project, "dataset": dataset, "files": names})
    assert done.document["run_id"], done.body
    return str(done.document["run_id"])


def run_with(browser: Browser, run_id: str, *statuses: str) -> Any:
    def look() -> Any:
        run = browser.ask("GET", f"/api/runs/{run_id}").document
        return run if run["status"] in statuses else None

    return wait_for(f"{run_id} with {' or '.join(statuses)}", look)


def is_unchanged(browser: Browser, run_id: str) -> bool:
    etag = browser.ask("GET", f"/api/runs/{run_id}").headers["etag"]
    again = browser.ask("GET", f"/api/runs/{run_id}", If_None_Match=etag)
    return (again.status, again.body) == (304, b"")


def test_two_files_dropped_onto_the_page_are_trained(
    browser: Browser, user: User, cloud: LaptopCloud, droptrain: CommandLine
) -> None:
    user.publish(SCRIPT, "metric: {name: test_accuracy}\n")
    run_id = drop(browser, user.project, "first", train=ROWS, test=ROWS)
    run = run_with(browser, run_id, "SUCCEEDED", "FAILED")
    assert (run["status"], run["metrics"]["test_accuracy"]) == ("SUCCEEDED", 0.75)
    wait_for("a run that doesn't change any more", lambda: is_unchanged(browser, run_id))
    listed = browser.ask("GET", f"/api/runs?project={user.project}").document["runs"]
    assert [item["run_id"] for item in listed] == [run_id], "two files, one run"
    assert droptrain("show", run_id, "--json").document["run_id"] == run_id
    # Its files: the page's link leads to S3 on another port of this machine.
    [file] = [
        item
        for item in browser.ask("GET", f"/api/runs/{run_id}/artifacts").document["artifacts"]
        if item["path"].endswith("model.txt")
    ]
    link = urlsplit(file["url"])
    linked = Browser(link.port or 0).ask(
        "GET", f"{link.path}?{link.query}", Sec_Fetch_Site="same-site", Sec_Fetch_Mode="navigate"
    )
    assert (linked.status, linked.body) == (200, b"model\n")


def test_the_same_files_again_lead_to_the_same_run(browser: Browser, user: User) -> None:
    user.publish(SCRIPT)
    first = drop(browser, user.project, "first", train=ROWS, test=ROWS)
    assert drop(browser, user.project, "first", train=ROWS, test=ROWS) == first
    assert drop(browser, user.project, "first", train=ROWS + ROWS) != first


def test_a_run_is_cancelled_and_run_again_from_the_page(browser: Browser, user: User) -> None:
    user.publish(SCRIPT, "hyperparameters: {wait: 1}\n")
    run_id = drop(browser, user.project, "first", train=ROWS, test=ROWS)
    run_with(browser, run_id, "RUNNING")
    assert browser.ask("POST", f"/api/runs/{run_id}/cancel").status == 202
    run_with(browser, run_id, "CANCELLED")
    twice = browser.ask("POST", f"/api/runs/{run_id}/cancel")
    assert (twice.status, twice.headers["content-type"]) == (409, "application/problem+json")
    body = {"project": user.project, "dataset": "first", "overrides": {"hyperparameters": {"wait": ""}}}
    again = browser.ask("POST", "/api/runs", body, Content_Type="application/json", Idempotency_Key="once")
    assert again.status == 202
    run_with(browser, again.document["run_id"], "SUCCEEDED")


def test_a_new_project_is_there_for_the_next_drop(browser: Browser, user: User) -> None:
    assert browser.ask("POST", "/local/projects", {"project": user.project}).status == 201
    inputs = browser.ask("GET", f"/local/projects/{user.project}").document["inputs"]
    assert inputs == {"training": "train.csv", "testing": "test.csv"}
    named = browser.ask("GET", "/api/projects").document["projects"]
    assert user.project in [item["project"] for item in named]


def test_people_are_told_the_link(droptrain: CommandLine) -> None:
    started = droptrain.start("console", "--no-open")
    started.wait_for("Ctrl-C ends it")
    [link] = [line.strip() for line in started.out.splitlines() if "http" in line]
    port = urlsplit(link).port
    assert Browser(port or 0).follow(link).status == 303
    taken = droptrain("console", "--no-open", "--port", str(port))
    assert (taken.code, taken.out) == (1, "")
    assert f"Port {port} is taken" in taken.err
    started.press_ctrl_c()
    said = started.wait()
    assert (said.code, said.err) == (0, "")


def test_the_browser_is_opened_with_a_link_that_holds_once(
    droptrain: CommandLine, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, opened = tmp_path / "browser.py", tmp_path / "opened.txt"
    script.write_text(
        "import os, sys, time\n"
        "parent = os.getppid()\n"
        f"open({str(opened)!r}, 'w').write(sys.argv[1])\n"
        "while os.getppid() == parent: time.sleep(0.05)\n"
    )
    monkeypatch.setenv("BROWSER", f"{sys.executable} {script} %s")
    started = CommandLine(work, Path(os.environ["DROPTRAIN_STATE_DIR"])).start("console")
    started.wait_for("It opens in your browser")
    link = wait_for("the browser", lambda: opened.read_text().strip() if opened.exists() else None)
    assert link not in started.out
    browser = Browser(urlsplit(link).port or 0)
    assert "set-cookie" in browser.follow(link).headers
    assert "set-cookie" not in browser.follow(link).headers
    assert browser.ask("GET", "/local/info").status == 200
    started.press_ctrl_c()
    assert started.wait().code == 0, "whether or not the browser is still open"


def test_a_demo_that_is_kept_shows_its_run_until_ctrl_c(tmp_path: Path) -> None:
    example = tmp_path / "example"
    for name, text in {
        "train.yaml": "metric: {name: test_accuracy}\n", "code/run.sh": SCRIPT,
        "data/train.csv": ROWS.decode(), "data/test.csv": ROWS.decode(),
    }.items():  # fmt: skip
        (example / name).parent.mkdir(parents=True, exist_ok=True)
        (example / name).write_text(text)
    code = (
        "from pathlib import Path; from droptrain_cli import demo; "
        "from droptrain_cli.example import Example; "
        f"demo.PENGUINS = Example(Path({str(example)!r}), 'penguins', 'first'); "
        "from droptrain_cli.main import main; main()"
    )
    state = tmp_path / "state"
    with subprocess.Popen(
        [sys.executable, "-c", code, "local", "demo", "--keep", "--output", str(tmp_path / "out")],
        env={**os.environ, "DROPTRAIN_STATE_DIR": str(state)}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout
        lines: list[str] = []
        reader = threading.Thread(target=lines.extend, args=(process.stdout,), daemon=True)
        reader.start()
        try:
            wait_for("the result", lambda: "docs/console.md" in "".join(lines))
            [shown] = [line.split()[-1] for line in lines if "  console  " in line]
            browser = Browser(urlsplit(shown).port or 0)
            browser.follow(shown)
            [run] = browser.ask("GET", "/api/runs").document["runs"]
            assert (run["project"], run["status"]) == ("penguins", "SUCCEEDED")
            said = CommandLine(tmp_path, state)("runs", "--json").document["runs"]
            assert [each["run_id"] for each in said] == [run["run_id"]], "other commands find it too"
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(40) == 0, "".join(lines)
        finally:
            process.kill()
    reader.join(5)
    assert "Traceback" not in "".join(lines)
    assert not (state / "laptop.json").exists()
