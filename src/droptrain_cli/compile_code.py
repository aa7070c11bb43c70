"""Compiles Python files and parses shell scripts, none of which is run: `python compile_code.py` for Python.

Compiling untrusted text may crash an interpreter or take long, so it happens in a process of its own. Its
standard input is a JSON list of paths. It answers each with a line: null, or [line number, what is wrong].
"""

import json
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

LIMIT_SECONDS = 30.0
_BASH_SAYS = re.compile(r"^.*?: line (\d+): (.*)$", re.MULTILINE)
_OTHER_SHELL = re.compile(rb"#!.*\b(?!bash\b|sh\b|dash\b)\w*sh\b")
_PYTHON = re.compile(rb"#!.*\bpython")

Wrong = tuple[int | None, str]  # line, what is wrong


def python_problems(paths: Sequence[Path]) -> Iterator[tuple[int, Wrong]]:
    """(its place, what is wrong) of each file that Python can't compile."""
    try:
        answered = subprocess.run(
            [sys.executable, "-IS", __file__],
            input=json.dumps([str(path.absolute()) for path in paths]).encode(),
            capture_output=True,
            timeout=LIMIT_SECONDS,
            check=False,
        ).stdout
    except subprocess.TimeoutExpired as late:
        answered = late.stdout or b""
    answers = [json.loads(line) for line in answered.splitlines()]
    yield from ((place, (wrong[0], wrong[1])) for place, wrong in enumerate(answers) if wrong)
    if len(answers) < len(paths):
        yield len(answers), (None, "Python crashes or takes too long when it compiles this file")


def shell_problem(path: Path) -> Wrong | None:
    """What bash can't read in a shell script; None where it can, and on a machine without bash."""
    content = path.read_bytes()
    if _PYTHON.match(content):
        return 1, "it isn't a shell script: its first line asks for Python"
    bash = shutil.which("bash")
    if bash is None or _OTHER_SHELL.match(content):
        return None
    done = subprocess.run(
        [bash, "-n", str(path.absolute())],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=LIMIT_SECONDS,
    )
    if not done.returncode:
        return None
    found = _BASH_SAYS.search(done.stderr)
    return (int(found[1]), found[2]) if found else (None, done.stderr.strip()[:200])


def main() -> None:
    """Answer standard input."""
    warnings.simplefilter("ignore")  # of escapes and comparisons: they are no errors
    for path in json.load(sys.stdin):
        wrong: Wrong | None = None
        try:
            compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)
        except SyntaxError as error:
            wrong = error.lineno, f"{type(error).__name__}: {error.msg}"
        except (ValueError, RecursionError, MemoryError) as error:
            wrong = None, f"{type(error).__name__}: {error}"
        sys.stdout.write(f"{json.dumps(wrong)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
