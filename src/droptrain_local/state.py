"""Where a running laptop cloud is, in a file that other commands find."""

import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs

from droptrain_local.clients import ACCESS_KEY, SECRET_KEY

STATE_VARIABLE = "DROPTRAIN_STATE_DIR"
_FILE = "laptop.json"


@dataclass(frozen=True)
class Ready:
    """Addresses and names of a laptop cloud; its JSON is the line that `droptrain local up` prints."""

    endpoint_url: str
    batch_endpoint_url: str
    api_url: str
    console_url: str | None
    bucket: str
    table: str
    topic_arn: str
    job_queue_arn: str
    region: str
    pid: int
    notices_queue_url: str

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    def shell_settings(self) -> dict[str, str]:
        """Environment variables that lead AWS clients here, and names for what they then work on."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ENDPOINT_URL_BATCH": self.batch_endpoint_url,
            "API_URL": self.api_url,
            "BUCKET": self.bucket,
            "TABLE": self.table,
            "JOB_QUEUE_ARN": self.job_queue_arn,
            "TOPIC_ARN": self.topic_arn,
            "NOTICES_QUEUE_URL": self.notices_queue_url,
        }


def state_folder() -> Path:
    """The folder for state: DROPTRAIN_STATE_DIR, else where this system keeps a user's state."""
    return Path(os.environ.get(STATE_VARIABLE) or platformdirs.user_state_dir("droptrain", appauthor=False))


def write_state(ready: Ready) -> None:
    """Let other commands find this laptop cloud. The file is whole at any moment, and its user's alone."""
    folder = state_folder()
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{_FILE}.{os.getpid()}"
    part.touch(0o600)
    part.write_text(ready.to_json() + "\n", "utf-8")
    part.replace(folder / _FILE)


def read_state() -> Ready | None:
    """The laptop cloud that `droptrain local up` keeps running; None if there is none."""
    try:
        ready = Ready(**json.loads((state_folder() / _FILE).read_text("utf-8")))
    except (FileNotFoundError, TypeError, ValueError):
        return None
    return ready if _runs(ready.pid) and _answers(ready.endpoint_url) else None


def remove_state(pid: int) -> None:
    """Take the file away, if it is this process's."""
    path = state_folder() / _FILE
    with suppress(FileNotFoundError, ValueError):
        if json.loads(path.read_text("utf-8"))["pid"] == pid:
            path.unlink()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's: the id was given away since
        return False
    return True


def _answers(url: str) -> bool:
    """Whether somebody listens: the id may belong to another process by now."""
    address = urlsplit(url)
    try:
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=1):
            return True
    except OSError:
        return False
