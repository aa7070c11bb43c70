"""What comes from data stays text, what fails is told, and no other page drives the console."""

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import expect

MARKUP = "<img src=x onerror=alert(1)><script>document.title='owned'</script>"
QUIET_SECONDS = 10


def test_a_hostile_project_changes_nothing_but_text(page, see, user) -> None:
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    script = r"""
    M="<img src=x onerror=alert(1)><script>document.title='owned'</script>"
    echo "$M"; printf 'bar 1%%\rbar 99%%\n\033[31mred\033[0m \xe2\x80\xaetxet\n'
    echo "{\"step\": 1, \"$M\": 0.5, \"loss\": 1}" >> "$METRICS_FILE"
    echo "{\"step\": 2, \"$M\": 0.7, \"loss\": 1e308}" >> "$METRICS_FILE"
    seq 1 100000 | sed "s/$/ <b>bold<\/b> $(printf 'x%.0s' $(seq 1 80))/"
    echo weights > lines
    aws s3 cp --quiet lines "$EXPORT_PATH/<b onmouseover=alert(1)>שלום 🐧.txt"
    echo "ValueError: $M" >&2; exit 1
    """
    user.publish(script, 'inputs: {training: "*.csv"}\n')
    user.put(
        f"projects/{user.project}/data/first/<img src=x onerror=alert(1)> بيانات 🐧.csv", f"{MARKUP},b\n1,2\n"
    )
    run = user.run_with("FAILED", "REJECTED")
    assert run["status"] == "FAILED"
    see(f"/runs/{run['run_id']}")
    expect(page.get_by_label("Cause")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator(".log-count")).to_contain_text("100,0", timeout=90_000)
    expect(page.get_by_label("Facts")).to_contain_text("<b onmouseover=alert(1)>")
    expect(page.get_by_label("Facts")).to_contain_text("بيانات 🐧.csv")
    for place in ("/", f"/projects/{user.project}", f"/compare?runs={run['run_id']},{run['run_id'].upper()}"):
        see(place)
        page.wait_for_timeout(700)
        assert page.locator("main img, main b[onmouseover], main script").count() == 0
    assert "droptrain" in page.title()
    assert not dialogs


def test_ten_megabytes_of_log_scroll_and_are_searched(page, see, user) -> None:
    user.publish('seq 1 100000 | sed "s/$/ $(printf "x%.0s" $(seq 1 95))/"; echo end of it')
    user.drop()
    run = user.run_with("SUCCEEDED")
    see(f"/runs/{run['run_id']}")
    expect(page.locator(".log-count")).to_contain_text("100,0", timeout=90_000)
    assert page.locator(".line").count() < 150, "only what is in sight is in the page"
    page.get_by_label("Search the log").fill("end of it")
    expect(page.locator(".hits")).to_have_text("1", timeout=30_000)
    page.keyboard.press("Enter")
    expect(page.locator(".line.hit")).to_contain_text("end of it")


def test_the_api_may_be_away_for_a_while(page, see, user, console) -> None:
    user.publish("echo trained")
    user.drop()
    user.run_with("SUCCEEDED")
    see(f"/projects/{user.project}")
    expect(page.locator(".run-link")).to_have_count(1)
    console.gate.is_open = False
    try:
        expect(page.get_by_role("alert")).to_contain_text(
            re.compile("The page shows .*as of"), timeout=15_000
        )
        page.wait_for_timeout(QUIET_SECONDS * 1000)
        expect(page.locator(".run-link")).to_have_count(1)
    finally:
        console.gate.is_open = True
    expect(page.get_by_role("alert")).to_have_count(0, timeout=20_000)
    user.drop("second")
    expect(page.locator(".run-link")).to_have_count(2, timeout=40_000)


# Keeps what a screen reader announces: texts of live regions, each time that they change.
ANNOUNCED = """() => {
  window.announced = [];
  new MutationObserver((changes) => {
    for (const { type, target, oldValue } of changes) {
      if (type === "characterData" && target.data === oldValue) continue;
      const element = target.nodeType === 1 ? target : target.parentElement;
      const live = element?.closest("[role=alert], [role=status], [aria-live]");
      if (live) window.announced.push(live.textContent);
    }
  }).observe(document.body, {subtree: true, childList: true, characterDataOldValue: true});
}"""


def test_expired_credentials_are_told_once_and_the_page_resumes(page, see, user) -> None:
    user.publish("echo trained")
    user.drop()
    user.run_with("SUCCEEDED")
    see(f"/projects/{user.project}")
    expect(page.locator(".run-link")).to_have_count(1)
    page.evaluate(ANNOUNCED)
    denied = {"json": {"type": "x:refused", "detail": "The API refuses these credentials."}, "status": 403}
    page.route("**/api/**", lambda route: route.fulfill(**denied))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("aws sso login", timeout=20_000)
    expect(page.locator(".live")).not_to_have_text("Live")
    page.wait_for_timeout(QUIET_SECONDS * 1000)
    assert len(set(page.evaluate("window.announced"))) <= 3, "the sources fail one after another"
    expect(page.locator(".run-link")).to_have_count(1)
    page.unroute("**/api/**")
    expect(alert).to_have_count(0, timeout=30_000)
    user.drop("second")
    expect(page.locator(".run-link")).to_have_count(2, timeout=40_000)


def test_one_failing_part_is_named_and_the_banner_stays_as_it_is(page, see) -> None:
    healthy = {"projects": [], "runs": [], "cursor": None, "paused": None}
    page.route("**/api/**", lambda route: route.fulfill(json=healthy))  # however busy the laptop cloud is
    away = {"json": {"type": "x:unreachable", "detail": "The budget is away."}, "status": 502}
    asked = []
    page.route("**/api/budget", lambda route: (asked.append(route.request.url), route.fulfill(**away)))
    see("/")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The page shows the budget as of")
    page.evaluate(ANNOUNCED)
    before = len(asked)
    while len(asked) < before + 3:
        page.wait_for_timeout(200)
    announced = page.evaluate("window.announced")
    assert not announced, "\n".join(announced)
    expect(page.locator(".live")).to_have_text("Partly live")
    page.unroute("**/api/budget")
    expect(alert).to_have_count(0, timeout=20_000)


def test_a_paused_stack_says_why(page, see) -> None:
    page.route("**/api/status", lambda route: route.fulfill(json={"paused": "We move to another region"}))
    see("/")
    expect(page.locator(".banner-paused")).to_contain_text("We move to another region")


def test_without_the_link_the_page_says_what_to_open(context, console) -> None:
    page = context.new_page()
    page.goto(console.address)
    # Its frame may show before the server has said who asks.
    expect(page.get_by_role("heading", name="Open the link that droptrain console printed")).to_be_visible()
    expect(page.get_by_role("heading")).to_have_count(1)


class _Foreign(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>foreign</title><p>hello")

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def foreign_site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Foreign)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


CALLS = """async (address) => {
  const tried = [
    ["/api/runs", {}], ["/api/runs", {mode: "no-cors"}],
    ["/api/runs", {method: "POST", mode: "no-cors", body: '{"project": "taken", "dataset": "first"}'}],
    ["/local/projects", {method: "POST", mode: "no-cors", body: '{"project": "taken"}'}],
    ["/local/projects", {
      method: "POST", headers: {"Content-Type": "application/json"}, body: '{"project": "taken"}',
    }],
  ];
  const seen = [];
  for (const [path, options] of tried) {
    try {
      const answer = await fetch(address + path, {credentials: "include", ...options});
      seen.push(answer.type === "opaque" ? "opaque" : await answer.text());
    } catch (error) { seen.push("refused"); }
  }
  return seen;
}"""


def test_a_foreign_page_can_not_drive_the_console(page, context, console, user) -> None:
    with foreign_site() as address:
        other = context.new_page()  # the same browser, so it has the cookie
        other.goto(address)
        assert set(other.evaluate(CALLS, console.address)) <= {"opaque", "refused"}
        frame = other.evaluate(
            """(address) => new Promise((done) => {
              const frame = document.createElement("iframe");
              frame.onload = () => {
                try { done(frame.contentDocument?.body?.innerText || "nothing"); } catch { done("nothing"); }
              };
              frame.src = address; document.body.append(frame);
            })""",
            console.address,
        )
        assert frame == "nothing"
    names = [each["project"] for each in user.call("GET", "/projects?limit=100")[1]["projects"]]
    assert "taken" not in names
