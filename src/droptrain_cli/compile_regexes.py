"""Compiles regexes in a process of its own, as some take a long time: `python compile_regexes.py`.

Its standard input is a JSON list of regexes; it answers each with a line, why it isn't one or nothing.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence

LIMIT_SECONDS = 10.0


def problems(regexes: Sequence[str]) -> Iterator[tuple[int, str]]:
    """(its place, what is wrong) of each regex that can't be compiled within the limit for all of them."""
    command = [sys.executable, "-IS", __file__]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(regexes).encode(),
            capture_output=True,
            timeout=LIMIT_SECONDS,
            check=True,
        )
        answers, is_late = done.stdout, False
    except subprocess.TimeoutExpired as late:
        answers, is_late = late.stdout or b"", True
    lines = [json.loads(line) for line in answers.splitlines()]
    for place, problem in enumerate(lines):
        if problem:
            yield place, f"isn't a regular expression: {problem}"
    if is_late:
        yield len(lines), "takes too long to compile; write it with smaller ranges of characters"


def main() -> None:
    """Answer standard input."""
    for regex in json.load(sys.stdin):
        try:
            re.compile(regex)
            problem = ""
        except (re.error, OverflowError, RecursionError) as error:
            problem = str(error)
        sys.stdout.write(f"{json.dumps(problem)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
