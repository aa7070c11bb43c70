"""A laptop cloud with its console, and Debian's Chromium that visits it; nothing is downloaded."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from browser import stage
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from support.gate import Gate, gate
from support.laptop_user import User

from droptrain.stack import laptop_stack
from droptrain_cli.console.server import ConsoleServer
from droptrain_local.clients import Clients
from droptrain_local.cloud import LaptopCloud
from droptrain_local.state import Ready

# A busy machine is no failure: an expectation has as long as other tests wait.
expect.set_options(timeout=30_000)

CHROMIUM = shutil.which("chromium")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is for `make test-browser`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@dataclass
class Console:
    """The console of a laptop cloud; its API is behind `gate`."""

    cloud: LaptopCloud
    gate: Gate
    link: str

    @property
    def address(self) -> str:
        return self.link.split("?")[0].rstrip("/")


@contextmanager
def console_of(work_dir: Path) -> Iterator[Console]:
    """A laptop cloud whose console reaches the API through a gate."""
    gates: list[Gate] = []

    @contextmanager
    def serve(ready: Ready, clients: Clients) -> Iterator[str]:
        with gate(ready.api_url) as before_api:
            gates.append(before_api)
            server = ConsoleServer(laptop_stack(replace(ready, api_url=before_api.url), clients))
            try:
                yield server.session_auth.link
            finally:
                server.close()

    with LaptopCloud(port=0, settle_seconds=1, work_dir=work_dir, serve_console=serve) as cloud:
        assert cloud.ready.console_url
        yield Console(cloud, gates[0], cloud.ready.console_url)


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One laptop cloud for all tests in the browser; each has a project of its own."""
    with console_of(tmp_path_factory.mktemp("laptop")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    if not CHROMIUM:
        pytest.fail("There is no chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


class Faults(list[str]):
    """What the page's console and its scripts complained of."""

    def listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        # The browser tells of every answer from 400 on.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.append(message.text)


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser without a past."""
    made = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield made
    for page in made.pages:  # one may just be answered, which a close would wait for
        page.unroute_all(behavior="ignoreErrors")
    made.close()


@pytest.fixture
def page(context: BrowserContext, console: Console) -> Iterator[Page]:
    """A page that has followed the console's link; at the end nothing may have gone wrong in it."""
    made = context.new_page()
    faults = Faults()
    faults.listen(made)
    made.goto(console.link)
    yield made
    assert not faults


@pytest.fixture
def user(console: Console) -> User:
    """A user with a new project."""
    return User(console.cloud, f"p-{uuid.uuid4().hex[:8]}", [])


@pytest.fixture(scope="session")
def run(console: Console) -> dict[str, Any]:
    """A run that succeeded, as the API gives it: what `many_runs` makes others of."""
    user = User(console.cloud, f"p-{uuid.uuid4().hex[:8]}", [])
    stage.learns(user, user.project, epochs=3)
    user.drop()
    run_id = user.run_with("SUCCEEDED")["run_id"]
    return cast(dict[str, Any], user.call("GET", f"/runs/{run_id}")[1])


@pytest.fixture
def see(console: Console, page: Page) -> Any:
    """Open a place of the console, such as /runs/RUN."""
    return lambda place: page.goto(console.address + place)
