"""What `sam build` ships, built on this machine's Python whatever it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.built import FUNCTIONS, runtime_python
from support.template import ROOT


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with what `sam build` made of the template."""
    folder = tmp_path_factory.mktemp("sam") / "build"
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-west-1"}
    sam = str(Path(sys.executable).with_name("sam"))
    subprocess.run(
        [sam, "build", "--build-dir", str(folder)], cwd=ROOT, env=environment, check=True, timeout=100
    )
    return folder


NEEDED = {"RunsApiFunction": {"pydantic", "pydantic_core"}, "TrialEndedFunction": {"optuna", "numpy"}}
# The machine in the header of an ELF file.
AARCH64 = (183).to_bytes(2, "little")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_ships_its_own_modules(built: Path, function: str) -> None:
    own = {path.relative_to(FUNCTIONS[function]) for path in FUNCTIONS[function].rglob("*.py")}
    assert Path("app.py") in own
    for path in own:
        assert (built / function / path).read_bytes() == (FUNCTIONS[function] / path).read_bytes()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_without_requirements_ships_nothing_else(built: Path, function: str) -> None:
    shipped = {path.name for path in (built / function).iterdir()} - {"__pycache__"}
    own = {path.name for path in FUNCTIONS[function].iterdir()} - {"__pycache__"}
    if "requirements.txt" in own:
        assert NEEDED[function] <= shipped
    else:
        assert shipped == own
    assert not {"requirements.in", "requirements.txt", "Makefile", "bin", "tests"} & shipped


def test_the_layer_ships_the_core_and_its_data(built: Path) -> None:
    core = ROOT / "layers/droptrain/python/droptrain_core"
    wanted = {path.relative_to(core) for path in core.rglob("*") if path.suffix in {".py", ".csv"}}
    shipped = built / "DroptrainLayer/python/droptrain_core"
    assert {path for path in wanted if not (shipped / path).is_file()} == set()


def test_the_layer_ships_powertools_and_yaml_for_the_runtime(built: Path) -> None:
    layer = built / "DroptrainLayer/python"
    assert (layer / "aws_lambda_powertools/__init__.py").is_file()
    assert [path.name for path in (layer / "yaml").glob("*.so")] == ["_yaml.cpython-313-aarch64-linux-gnu.so"]


def test_the_layer_ships_botocore_with_the_models_of_what_is_called_and_nothing_of_boto3(built: Path) -> None:
    layer = built / "DroptrainLayer/python"
    services = {path.name for path in (layer / "botocore/data").iterdir() if path.is_dir()}
    assert services == {
        "batch", "dynamodb", "ec2", "ecr", "events", "logs", "pricing", "s3", "scheduler", "sns", "sqs",
    }  # fmt: skip
    names = {path.name for path in built.rglob("*") if path.is_dir()}
    assert not names & {"boto3", "s3transfer"}


def test_nothing_native_is_for_another_platform(built: Path) -> None:
    libraries = [path for path in built.rglob("*.so*") if path.is_file()]
    assert libraries
    for path in libraries:
        assert path.read_bytes()[18:20] == AARCH64, path
        if ".cpython-" in path.name:
            assert path.name.endswith(".cpython-313-aarch64-linux-gnu.so")


def test_bytecode_ships_if_the_runtimes_python_is_here(built: Path) -> None:
    def is_compiled(source: Path) -> bool:
        return (source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc").is_file()

    sources = [
        built / "DroptrainLayer/python/droptrain_core/launch/uploads.py",
        built / "DroptrainLayer/python/yaml/__init__.py",
    ]
    sources += [built / function / "app.py" for function in FUNCTIONS]
    assert {is_compiled(source) for source in sources} == {runtime_python() is not None}
    for bytecode in built.rglob("*.pyc"):
        # PEP 552: bit 0 says that it goes by hash, bit 1 that the source is looked at.
        assert bytecode.read_bytes()[4:8] == b"\x01\x00\x00\x00"


def test_the_template_that_is_deployed_has_no_yaml_alias(built: Path) -> None:
    lines = (built / "template.yaml").read_text("utf-8").splitlines()
    assert not [line for line in lines if line.split(": ")[-1].startswith(("&", "*"))]
