"""The environment of training containers on this machine."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from droptrain_local.clients import CLIENT_ENVIRONMENT

COMMAND = (sys.executable, "-m", "droptrain_container")
# What a training script may need of the user's own environment; credentials and AWS settings are not in it.
_PASSED = (
    "CUDA_VISIBLE_DEVICES", "HOME", "HTTPS_PROXY", "HTTP_PROXY", "LANG", "LD_LIBRARY_PATH", "PATH",
    "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "TMPDIR", "http_proxy", "https_proxy",
)  # fmt: skip


def container_environment(root: Path, aws_url: str) -> Mapping[str, str]:
    """The variables of every container; `root` is the checkout, `aws_url` the endpoint of AWS's services."""
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    tools = str(Path(sys.executable).parent)
    return {
        **passed,
        **CLIENT_ENVIRONMENT,
        "AWS_ENDPOINT_URL": aws_url,
        "DROPTRAIN_GPU_CHECK": "off",
        "PATH": os.pathsep.join([tools, passed.get("PATH", os.defpath)]),
        "PYTHONPATH": str(root / "image"),
    }
