"""MLflow's own tracking server, which runs in .venv-mlflow, without a line of droptrain."""

import os
import signal
import subprocess
import urllib.request
from pathlib import Path

from support.training_machine import REPOSITORY, free_port
from support.waiting import wait_for

PROGRAM = REPOSITORY / ".venv-mlflow" / "bin" / "mlflow"
USER, PASSWORD = "admin", "a long password"


class TrackingServer:
    """Serves on 127.0.0.1 until it is closed, and keeps everything in `folder`. Only USER can log in."""

    def __init__(self, folder: Path) -> None:
        assert PROGRAM.exists(), "MLflow isn't installed: make .venv-mlflow/stamp"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "server.log"
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_FLASK_SERVER_SECRET_KEY": "secret",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }
        with self._log.open("w") as log:
            # Its workers are of its process group, and end with it.
            self._process = subprocess.Popen(
                [
                    PROGRAM, "server", "--app-name", "basic-auth", "--host", "127.0.0.1", "--port", str(port),
                    "--workers", "1", "--backend-store-uri", "sqlite:///mlflow.db",
                ],
                cwd=folder, env=variables, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            wait_for("tracking server", self._answers, 120)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(30)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._log.read_text("utf-8")
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
