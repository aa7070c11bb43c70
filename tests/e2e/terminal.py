"""A shell in which somebody follows a page: its blocks of commands, one after another, on a laptop cloud."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.template import ROOT

from droptrain_local.state import Ready

_SECONDS = 120
_BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
# Version 1 of the AWS CLI takes SQS's endpoint from nowhere else. Nobody is far away, so pauses are short.
_ON_A_LAPTOP = """
aws() {
  if [ "$1" = sqs ]; then command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; else command aws "$@"; fi
}
sleep() { command sleep 0.5; }
"""


def blocks_of(page: str) -> list[str]:
    """The blocks of shell on a page, without the indentation of a list."""
    text = (ROOT / page).read_text("utf-8")
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in _BLOCK.findall(text)]


class Shell:
    """A bash that stops at the first command that fails; what blocks define stays defined."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, block: str) -> str:
        """Run a block; what it printed. AssertionError if a command failed."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{block}\necho '--- done'\n")
        self._process.stdin.flush()
        said = []
        for line in self._process.stdout:
            if line == "--- done\n":
                return "".join(said)
            said.append(line)
        raise AssertionError(f"a command failed:\n{block}\n{''.join(said)}")


@contextmanager
def shell(ready: Ready, state: Path) -> Iterator[Shell]:
    """A shell with the settings of a laptop cloud, in the checkout with `.venv` active."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    process = subprocess.Popen(
        ["bash", "-euo", "pipefail"],
        cwd=ROOT,
        env={
            **kept, **ready.shell_settings(), "DROPTRAIN_STATE_DIR": str(state),
            "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        },
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        opened = Shell(process)
        opened(_ON_A_LAPTOP)
        yield opened
    finally:
        process.kill()
        process.communicate(timeout=_SECONDS)
