"""The demo's output at each point: progress, the notice, the result or the failure."""

from dataclasses import replace

from droptrain_core.domain.errors import Cause
from droptrain_core.domain.runs.run import TERMINAL, Cost, Run, Step

from droptrain_cli.artifacts import Copies
from droptrain_cli.screen import Screen
from droptrain_cli.watch import Glance, ReceivedNotice


def show_glance(screen: Screen, glance: Glance) -> None:
    """What is new of the run; its log's last lines come before its outcome."""
    outcomes = [step for step in glance.steps if step.status in TERMINAL]
    for step in glance.steps:
        if step not in outcomes:
            screen.event(step.status, _note(step, glance.run))
    for line in glance.log_lines:
        screen.log(line)
    for step in outcomes:
        screen.event(step.status, _note(step, glance.run))


def show_notice(screen: Screen, notice: ReceivedNotice) -> None:
    """The notice, as a subscriber gets it."""
    screen.heading("The notice, as everybody who subscribed gets it")
    screen.text(f"Subject: {notice.subject}\n\n{notice.text}")


def show_result(screen: Screen, run: Run, folder: str, copies: Copies) -> None:
    """Metrics, cost, and where everything is."""
    screen.heading("The result")
    named = sorted(run.metrics.items(), key=lambda item: (item[0] != run.metric, item[0]))
    for name, value in named:
        if name == run.metric or "test" in name or "baseline" in name:
            screen.fact(name, f"{value:.4g}")
    screen.fact("Cost", _price(run.cost))
    screen.fact("Model", f"{folder}export/")
    screen.fact("", f"copied to {copies.export}" if copies.export else "not exported")
    screen.fact("Log", f"{folder}log.txt")
    screen.fact("", f"copied to {copies.log}" if copies.log else "not written")


def show_next(screen: Screen, console_url: str | None) -> None:
    """What to try next, with the laptop cloud that stays up if it has a link."""
    screen.heading("Try next")
    if console_url:
        screen.fact("The console", f"{console_url} shows this run, and takes CSVs of yours: docs/console.md")
    else:
        screen.fact("make demo KEEP=1", "leaves the web page up, to look at the run")
        screen.fact("make up", "keeps a laptop cloud running, for your own CSVs and code: docs/laptop.md")


def show_failure(screen: Screen, run: Run, copies: Copies) -> None:
    """Why the run ended without a model, and what to do."""
    cause = run.cause or Cause("", f"The run ended {run.status}.", "Read the log.")
    screen.cause(replace(cause, fix=f"{cause.fix} The log: {copies.log}") if copies.log else cause)


def _note(step: Step, run: Run | None) -> str:
    if step.status == "SUCCEEDED":  # Batch says of a good end what it says of a bad one
        return ""
    return run.run_id if run and step.status == "CLAIMED" else step.note


def _price(cost: Cost | None) -> str:
    if cost is None:
        return "there is no price for this region's instances in the price list"
    return (
        f"nothing here; on AWS about ${cost.estimate_usd:.4f}: {cost.seconds} s of {cost.instance_type} "
        f"at the on-demand price of {cost.priced_at}; Spot costs less"
    )
