"""What Vertex AI and Cloud ML Engine show to a program: AIP_ variables, CLUSTER_SPEC, TF_CONFIG, --job-dir.

Names and forms: "Environment variables for custom training" in the Vertex AI guide. What is a gs:// URI there
is a folder or file of this machine here, which TensorFlow and everything else can open.
"""

import json
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from droptrain_container import command
from droptrain_container.layout import Layout
from droptrain_container.plan import Plan

_URIS = {
    "training": "AIP_TRAINING_DATA_URI",
    "validation": "AIP_VALIDATION_DATA_URI",
    "testing": "AIP_TEST_DATA_URI",
}
_LOCALHOST = "127.0.0.1"
_GOOGLE_STORAGE = b"gs://"
_JOB_DIR = (b"job-dir", b"job_dir")


def variables(plan: Plan, layout: Layout, *, job_name: str) -> dict[str, str]:
    """The variables of the dialect; TF_CONFIG for a module only.

    Cloud ML Engine and AI Platform set TF_CONFIG, and they run modules. Other code, such as TensorFlow's
    multi-worker tutorials, takes a TF_CONFIG for a sign of several workers.
    """
    uris = {
        name: data_uri(layout.channel(channel), [Path(item.key).name for item in plan.inputs[channel]])
        for channel, name in _URIS.items()
        if channel in plan.inputs
    }
    address = f"{_LOCALHOST}:{_free_port()}"
    tf_config = {"TF_CONFIG": json.dumps(_node("chief", address))} if command.is_module(plan) else {}
    return {
        "AIP_MODEL_DIR": f"{layout.model}/",
        "AIP_CHECKPOINT_DIR": str(layout.checkpoints),
        "AIP_TENSORBOARD_LOG_DIR": f"{layout.tensorboard}/",
        "AIP_DATA_FORMAT": "csv",
        "CLOUD_ML_JOB_ID": job_name,
        "CLUSTER_SPEC": json.dumps(_node("workerpool0", address, trial="")),
        **tf_config,
        **uris,
    }


def _node(task: str, address: str, **more: str) -> dict[str, Any]:
    """A cluster of one node, as the node itself sees it."""
    return {
        "cluster": {task: [address]},
        "environment": "cloud",
        "task": {"type": task, "index": 0, **more},
    }


def _free_port() -> int:
    """A free port: two jobs of one machine may share its network."""
    with socket.create_server((_LOCALHOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def data_uri(folder: Path, names: list[str]) -> str:
    """A channel's only file, or the pattern of its several files."""
    return str(folder / names[0]) if len(names) == 1 else f"{folder}/*"


def arguments(plan: Plan, layout: Layout, code: Iterable[Path]) -> list[str]:
    """`--job-dir` for code that names it; other code might refuse an argument that it doesn't know."""
    is_given = any(word.partition("=")[0] == "--job-dir" for word in plan.args)
    return ["--job-dir", str(layout.job_dir)] if not is_given and _names_any(code, _JOB_DIR) else []


def files_of_google_storage(folder: Path, code: Iterable[Path]) -> list[str]:
    """The code files that name gs:// addresses, which can't be reached from here."""
    return sorted(str(path.relative_to(folder)) for path in code if _names_any([path], (_GOOGLE_STORAGE,)))


def _names_any(code: Iterable[Path], words: tuple[bytes, ...]) -> bool:
    return any(
        word in content
        for path in code
        if path.suffix in {".py", ".sh"}
        for content in [path.read_bytes()]
        for word in words
    )
