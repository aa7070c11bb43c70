"""What Vertex AI and Cloud ML Engine show to a program: AIP_ variables, CLUSTER_SPEC, TF_CONFIG, --job-dir.

Names and forms: "Environment variables for custom training" in the Vertex AI guide. What is a gs:// URI there
is a folder or file of this machine here, which TensorFlow and everything else can open.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from droptrain_container.layout import Layout
from droptrain_container.plan import Plan

_URIS = {
    "training": "AIP_TRAINING_DATA_URI",
    "validation": "AIP_VALIDATION_DATA_URI",
    "testing": "AIP_TEST_DATA_URI",
}
# One node has no cluster: with one, tf.distribute.MirroredStrategy would look for workers.
_TF_CONFIG = {"cluster": {}, "environment": "cloud", "task": {"type": "chief", "index": 0}}
_CLUSTER_SPEC = {
    "cluster": {"workerpool0": ["127.0.0.1:2222"]},
    "environment": "cloud",
    "task": {"type": "workerpool0", "index": 0, "trial": ""},
}
_GOOGLE_STORAGE = b"gs://"
_JOB_DIR = (b"job-dir", b"job_dir")


def variables(plan: Plan, layout: Layout, *, job_name: str) -> dict[str, str]:
    """The variables of the dialect."""
    uris = {
        name: data_uri(layout.channel(channel), [Path(item.key).name for item in plan.inputs[channel]])
        for channel, name in _URIS.items()
        if channel in plan.inputs
    }
    return {
        "AIP_MODEL_DIR": f"{layout.model}/",
        "AIP_CHECKPOINT_DIR": str(layout.checkpoints),
        "AIP_TENSORBOARD_LOG_DIR": f"{layout.tensorboard}/",
        "AIP_DATA_FORMAT": "csv",
        "CLOUD_ML_JOB_ID": job_name,
        "CLUSTER_SPEC": json.dumps(_CLUSTER_SPEC),
        "TF_CONFIG": json.dumps(_TF_CONFIG),
        **uris,
    }


def data_uri(folder: Path, names: list[str]) -> str:
    """A channel's only file, or the pattern of its several files."""
    return str(folder / names[0]) if len(names) == 1 else f"{folder}/*"


def arguments(layout: Layout, code: Iterable[Path]) -> list[str]:
    """`--job-dir` for code that names it; other code might refuse an argument that it doesn't know."""
    return ["--job-dir", str(layout.job_dir)] if _names_any(code, _JOB_DIR) else []


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
