"""What the demo shows: plain lines, and on a terminal one line below them that says where things stand."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from droptrain_core.domain.errors import Cause
from droptrain_core.domain.notices import cause_text
from rich.console import Console
from rich.text import Text

from droptrain.formatting import clean
from droptrain_cli.output import STYLES

_TITLE_WIDTH = 17


class Screen:
    """Lines with the elapsed seconds in front of them; without a terminal, nothing but lines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._doing = ""

    @property
    def elapsed(self) -> float:
        """Seconds since the screen was made."""
        return time.monotonic() - self._started

    @contextmanager
    def live(self, text: str) -> Iterator[None]:
        """Keep a moving line at the bottom until the block ends."""
        self._doing = text
        # Few frames: the training has better uses for the processor.
        with self._console.status(self, refresh_per_second=4):
            yield

    def now(self, text: str) -> None:
        """Change the moving line."""
        self._doing = text

    def __rich__(self) -> Text:
        """The moving line, drawn anew for every frame."""
        return Text(f"{self._doing}  {self.elapsed:.0f} s")

    def event(self, what: str, detail: str = "") -> None:
        """Something happened: a word, and what it is about."""
        line = Text().append(f"{self.elapsed:5.1f} s  ", style="dim")
        line.append(f"{what:<10} " if detail else what, style=STYLES.get(what, "bold"))
        line.append(clean(detail))
        self._print(line)

    def log(self, line: str) -> None:
        """A line of the training's own log."""
        self._print(Text().append(f"{'':9}| ", style="dim").append(clean(line)))

    def heading(self, text: str) -> None:
        """A heading above facts or a text."""
        self._print(Text())
        self._print(Text(text, style="bold"))

    def text(self, text: str) -> None:
        """A text for people, set in a little."""
        for line in text.rstrip("\n").split("\n"):
            self._print(Text(f"  {clean(line)}".rstrip()))

    def fact(self, title: str, text: str) -> None:
        """A fact below a heading."""
        self._print(Text().append(f"  {title:<{_TITLE_WIDTH}} ", style="dim").append(clean(text)))

    def problem(self, what: str, fix: str) -> None:
        """What went wrong, and what to do."""
        self._print(Text())
        self._print(Text().append("What happened: ", style="bold red").append(clean(what)))
        self._print(Text().append("What to do:    ", style="bold").append(clean(fix)))

    def cause(self, cause: Cause) -> None:
        """Why a run ended as it did, what shows it, and what to do."""
        self._print(Text())
        for title, text in cause_text.of(cause):
            style = "bold red" if title == "What happened" else "bold"
            named = f"{title}:" if title else ""
            self._print(Text().append(f"{named:<14} ", style=style).append(clean(text)))

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True, highlight=False)
