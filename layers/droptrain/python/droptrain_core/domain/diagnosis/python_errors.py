"""Python's tracebacks in the last lines of a log: the error and its place in the user's code."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from droptrain_core.domain.frozen import frozen

_HEADER = re.compile(r"^(\s*)(?:Original |\+ Exception Group |\| )*Traceback \(most recent call last\):\s*$")
_FRAME = re.compile(r'^(\s*)File "([^"]{1,400})", line (\d{1,9})(?:, in (\S.{0,200}))?')
# TensorFlow 2.2 to 2.6 name the frames of a "in user code:" message this way.
_OLD_FRAME = re.compile(r"^\s+(/\S{1,400}\.py):(\d{1,9}) (\S{1,200})(?:\s+\*{1,2})?\s*$")
_ERROR = re.compile(r"^((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)(?: \(see above for traceback\))?(?::\s?(.*))?$")
_CHAINED = re.compile(
    r"^\s*(?:During handling of the above exception, another exception occurred:"
    r"|The above exception was the direct cause of the following exception:)\s*$"
)
_RANK = re.compile(r"^\[rank\d{1,5}\]:\s?|^\[\d{1,5},\d{1,5}\]<std(?:err|out)>:\s?")
# Headers of tracebacks whose error doesn't end the script.
_HARMLESS = re.compile(
    r"^\s*(?:Exception ignored in|--- Logging error ---|Error in atexit|Error in sys\.excepthook"
    r"|Exception in thread )"
)
# TensorFlow's own log, which may appear between an error's lines and after them.
_LOG_LINE = re.compile(r"^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,\d]*:? [IWEF] |[IWEF]0000 |WARNING:)")
_NO_NEWS = re.compile(
    r"^\s|^$|^\[\[|^(?:Node:|Hint:|Detected at|Original stack|Stack trace for|Function call stack"
    r"|Caused by op|Call arguments|Arguments received|Exception ignored|\d+ successful op|\d+ derived err"
    r"|\(\d\))"
)
# TensorFlow's name of the operation, before a message.
_FUNCTION_NODE = re.compile(r"^\s*\{\{function_node [^\s}]{1,400}\}\}\s*")
# A message of TensorFlow without content: the next line of this level has it.
_EMPTY_MESSAGE = re.compile(r"^(?:Graph execution error:|\d+ root error\(s\) found\.)?$")
_NEWS_LATER = re.compile(r"^\s*(?:\d+ root error\(s\) found|Detected at|Node:|File \"|\[\[)|^\s{4}")
_GOES_ON = re.compile(
    r"^\s*(?:Epoch|epoch|Step|step)\W{0,2}\d|(?<!\d)\d{1,12}/\d{1,12} \[[=.>]|\bloss\W{1,3}\d"
)
_WRAPPER = re.compile(r"^[\w.]*(?:CalledProcessError|ChildFailedError|ProcessRaisedException)\b")
# torchrun lists every process that it ended; the process that failed first comes last.
# https://pytorch.org/docs/stable/elastic/errors.html
_ROOT_CAUSE = re.compile(r"^Root Cause \(first observed failure\):")
_MAX_LATER_LINES = 15
# Only this much of an error's message is read: a program may print any number of lines after it.
_MAX_TEXT_LINES = 60
_MAX_EVIDENCE = 5
_NO_CODE = re.compile(r'File "|Traceback |[~^]+$|\[Previous line repeated')
_LIBRARIES = (
    "/site-packages/",
    "/dist-packages/",
    "/lib/python",
    "/opt/droptrain/",
    "__autograph_generated_",
)


@frozen
class Frame:
    """One place in a traceback."""

    path: str
    line: int

    @property
    def is_users(self) -> bool:
        """Whether the place is in the user's own code, not in a package or in Python itself."""
        if self.path.startswith("<") or self.path.endswith(".pyx"):
            return False
        return not any(part in self.path for part in _LIBRARIES)

    def __str__(self) -> str:
        return f"{self.path.rpartition('/ml/code/')[2]}, line {self.line}"


@frozen
class Raised:
    """An error with its traceback; `lines` are its type and message, one or many lines."""

    frames: tuple[Frame, ...]
    lines: tuple[str, ...]
    frame_lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """Type and message as Python prints them; a type in a package has its full name."""
        root = next((number for number, line in enumerate(self.lines) if _ROOT_CAUSE.match(line)), 1)
        return "\n".join((self.lines[0], *self.lines[root : root + _MAX_TEXT_LINES]))

    @property
    def code(self) -> str:
        """The line of code that the traceback shows last."""
        shown = (line.strip() for line in reversed(self.frame_lines))
        return next((line for line in shown if line and not _NO_CODE.match(line)), "")

    @property
    def headline(self) -> str:
        """Type and message in one line; for user code that TensorFlow traced, the error in the message."""
        errors = [line.strip() for line in self.lines[1:] if _is_traced_error(line)]
        first = self.lines[0].strip()
        line = errors[-1] if errors and first.endswith("in user code:") else first
        match = _ERROR.match(line)
        if not match:
            return line
        name, message = match[1].rpartition(".")[2], _FUNCTION_NODE.sub("", match[2] or "").strip()
        if _EMPTY_MESSAGE.match(message):
            more = (line.strip() for line in self.lines[1:] if line.strip() and not _NEWS_LATER.match(line))
            message = next(more, message)
        return f"{name}: {message}" if message else name

    @property
    def is_wrapper(self) -> bool:
        """Whether it only reports that a process of the script failed; that one's error comes before it."""
        return bool(_WRAPPER.match(self.lines[0]))

    @property
    def where(self) -> Frame | None:
        """The deepest place in the user's own code."""
        traced = [] if "in user code:" not in self.lines[0] else list(_frames(self.lines))
        own = [frame for frame in (*self.frames, *traced) if frame.is_users]
        return own[-1] if own else None

    @property
    def called(self) -> tuple[Frame, ...]:
        """The places in packages and in Python below the deepest place in the user's own code."""
        own = [number for number, frame in enumerate(self.frames, 1) if frame.is_users]
        return self.frames[own[-1] if own else 0 :]

    def evidence(self, pattern: str = "") -> tuple[str, ...]:
        """The user's place, and the most useful lines of the error."""
        where = self.where
        place = [
            line
            for line in (*self.frame_lines, *self.lines)
            if where and f'"{where.path}", line {where.line}' in line
        ]
        telling = [line for line in self.lines[1:] if pattern and re.search(pattern, line)]
        shown = [self.lines[0], *telling, *(line for line in self.lines[1:] if line.strip())]
        found = [line.strip() for line in (*place[-1:], *dict.fromkeys(shown))]
        return tuple(found[:_MAX_EVIDENCE])


def last(lines: Sequence[str]) -> tuple[Raised, ...]:
    """The error that ended the script and, newest first, the errors that caused it.

    Empty if there is none, or if the script continued after it.
    """
    lines = [_RANK.sub("", line) for line in lines]
    starts = [number for number, line in enumerate(lines) if _starts(lines, number, line)]
    blocks = [
        (start, end, found)
        for start, end in pairwise([*starts, len(lines)])
        if (found := _read(lines[start:end])) and not _is_harmless(lines, start)
    ]
    if not blocks:
        return ()
    newest = blocks[-1][2]
    if _went_on(newest.lines[1:]):
        return ()
    chain = [newest]
    for start, end, found in reversed(blocks[:-1]):
        if not any(_CHAINED.match(line) for line in lines[start:end][-4:]):
            if chain[-1].is_wrapper:
                chain.append(found)
            break
        chain.append(found)
    return tuple(chain)


def went_on_at(lines: Sequence[str]) -> int:
    """The number of lines up to the last one that shows the script still training."""
    return max((number for number, line in enumerate(lines, 1) if _GOES_ON.search(line)), default=0)


def _starts(lines: Sequence[str], number: int, line: str) -> bool:
    if _HEADER.match(line):
        return True
    # A file that Python can't compile, or a traceback whose beginning is cut off, has no header.
    frame = _FRAME.match(line)
    return bool(frame and (number == 0 or (not frame[4] and not lines[number - 1].startswith("  "))))


def _is_harmless(lines: Sequence[str], start: int) -> bool:
    return start > 0 and bool(_HARMLESS.match(lines[start - 1]))


def _read(lines: Sequence[str]) -> Raised | None:
    """The error of one traceback, from its header to the next one."""
    header = _HEADER.match(lines[0])
    frame = _FRAME.match(lines[0])
    indent = len(header[1]) if header else max(len(frame[1]) - 2, 0) if frame else 0
    for number, line in enumerate(lines[1:], 1):
        if not line.strip() or len(line) - len(line.lstrip()) > indent:
            continue
        if _LOG_LINE.match(line):
            continue
        if not _ERROR.match(line.strip()):
            return None
        end = next((n for n, each in enumerate(lines) if n > number and _CHAINED.match(each)), len(lines))
        message = tuple(each for each in lines[number:end] if not _LOG_LINE.match(each))
        while len(message) > 1 and not message[-1].strip():
            message = message[:-1]
        return Raised(tuple(_frames(lines[:number])), message, tuple(lines[:number]))
    return None


def _frames(lines: Sequence[str]) -> Iterator[Frame]:
    for line in lines:
        if match := _FRAME.match(line):
            yield Frame(match[2], int(match[3]))
        elif match := _OLD_FRAME.match(line):
            yield Frame(match[1], int(match[2]))


def _is_traced_error(line: str) -> bool:
    match = _ERROR.match(line.strip())
    return bool(
        match and match[2] and line.startswith("    ") and re.search(r"(?:Error|Exception)$", match[1])
    )


def _went_on(later: Sequence[str]) -> bool:
    """Whether the lines after an error show that the script continued."""
    if any(_GOES_ON.search(line) for line in later):
        return True
    return sum(not _NO_NEWS.match(line) for line in later) > _MAX_LATER_LINES
