"""The code that every project of the soak trains with, and the ledger into which each training writes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# The export is put without the aws command, which takes a second of a processor: hundreds of trainings run.
SCRIPT = """
note() { echo "$1 $AWS_BATCH_JOB_ID $AWS_BATCH_JOB_ATTEMPT $(basename "${EXPORT_PATH%/export}") $PPID $$" >> "$LEDGER"; }
note start
echo "training on $TRAINING_DATA"
[ -z "$HP_X" ] || echo "{\\"step\\": 1, \\"loss\\": $HP_X}" >> "$METRICS_FILE"
sleep "0.$((RANDOM % 9))"
exec 3<>"/dev/tcp/127.0.0.1/${AWS_ENDPOINT_URL##*:}"
printf 'PUT /%s/%s HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nContent-Length: 8\\r\\nConnection: close\\r\\n\\r\\ntrained\\n' \\
  "${EXPORT_PATH#s3://}" "$AWS_BATCH_JOB_ID-$AWS_BATCH_JOB_ATTEMPT" >&3
read -r answer <&3
case "$answer" in *" 200 "*) ;; *) echo "no export: $answer"; exit 1 ;; esac
note end
"""  # noqa: E501


@dataclass(frozen=True)
class Line:
    """One line of the ledger: a training's script has started ("start"), or has put its export ("end")."""

    what: str
    job_id: str
    attempt: int
    run_id: str
    container_pid: int
    script_pid: int


@dataclass(frozen=True)
class Ledger:
    """A file into which trainings write a line as they start and as they end."""

    path: Path

    def recipe(self) -> str:
        """A recipe that tells the script where the ledger is."""
        return f"environment: {{LEDGER: {json.dumps(str(self.path))}}}\n"

    def lines(self) -> Iterator[Line]:
        """What was written so far; a line that is being written counts the next time."""
        if not self.path.exists():
            return
        for text in self.path.read_text().splitlines(keepends=True):
            if text.endswith("\n"):
                what, job_id, attempt, run_id, container_pid, script_pid = text.split()
                assert what in ("start", "end")
                yield Line(what, job_id, int(attempt), run_id, int(container_pid), int(script_pid))

    def open_trainings(self) -> list[Line]:
        """Trainings that have started and not ended."""
        lines = list(self.lines())
        ended = {(line.job_id, line.attempt) for line in lines if line.what == "end"}
        return [line for line in lines if (line.job_id, line.attempt) not in ended]
