"""What ships, built for this machine so that it can run here."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

from support.template import ROOT, template

FUNCTIONS = {
    name: ROOT / resource["Properties"]["CodeUri"]
    for name, resource in template()["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}
LAYER = "DroptrainLayer"


def runtime_python() -> str | None:
    """The Python 3.13 that a build finds here."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [os.environ.get("PYTHON_RUNTIME"), "python3.13", *pyenv.glob("versions/3.13.*/bin/python")]
    for candidate in candidates:
        if candidate and shutil.which(candidate):
            answer = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False)
            if answer.stdout.startswith("Python 3.13."):
                return str(candidate)
    return None


def build(folder: Path) -> None:
    """Build the layer and every function below `folder`, by their logical ids, for this machine."""
    layer = ROOT / template()["Resources"][LAYER]["Properties"]["ContentUri"]
    shared = layer.parent / "requirements.txt"
    environment = {**os.environ, "ARCHITECTURE": platform.machine()}
    sources = {f"{LAYER}/python": (layer, "/opt/python")}
    sources |= {name: (source, "/var/task") for name, source in FUNCTIONS.items()}
    for name, (source, mount) in sources.items():
        requirements = shared if name.startswith(LAYER) else "requirements.txt"
        command = [ROOT / "functions/build.sh", requirements, folder / name, mount]
        subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True, timeout=100)


def environment_of(folder: Path, function: str) -> dict[str, str]:
    """The environment in which Lambda starts a built function; every value that the template sets is "1"."""
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    path = os.pathsep.join([str(folder / function), str(folder / LAYER / "python")])
    return dict.fromkeys(variables, "1") | {
        "PYTHONPATH": path,
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(folder),
        "NOTICES_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:notices",
        "PAUSED": "",
        "PROJECT_BUDGETS_USD": "",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_SESSION_TOKEN": "c",
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "LAMBDA_TASK_ROOT": "/var/task",
    }
