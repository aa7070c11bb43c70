"""The packages that the code names, by whichever file, are installed once, and pipenv uses them too."""

import io
import os
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path

import pytest
from support.training_machine import CODE, Ended, Machine

WORDS = "import tiny_words\nprint(tiny_words.WORD)\n"
WHEEL = "tiny_words-1-py3-none-any.whl"
PIPFILE = f"""
[[source]]
url = "https://index.example/simple"
verify_ssl = true
name = "index"

[packages]
tiny-words = {{path = "./{WHEEL}"}}

[requires]
python_version = "3.7"
"""
PYPROJECT = f"""
[project]
name = "mine"
version = "1"
dependencies = ["tiny-words"]

[tool.uv.sources]
tiny-words = {{path = "{WHEEL}"}}
"""


def wheel(word: str = "tiny", name: str = "tiny_words", version: str = "1") -> bytes:
    """A package of one module, with a program of the same name; the same bytes each time."""
    content, about = io.BytesIO(), f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"WORD = {word!r}\ndef main(): print('program', WORD)\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
        f"{about}/RECORD": "",
    }
    with zipfile.ZipFile(content, "w") as archive:
        for file, text in files.items():
            archive.writestr(zipfile.ZipInfo(file), text)
    return content.getvalue()


@pytest.fixture
def offline(machine: Machine) -> Machine:
    machine.variables |= {"PIP_NO_INDEX": "1"}
    return machine


def trained(machine: Machine, code: dict[str, str | bytes], entrypoint: str = "run.sh", **plan) -> Ended:
    """Run the code to its good end, in another folder each time, as another run of the project."""
    machine.run_id = f"penguins-first-{uuid.uuid4().hex[:12]}"
    files = [machine.put(CODE + name, body) for name, body in code.items()]
    machine.publish("", code=files, entrypoint=entrypoint, **plan)
    ended = machine.run()
    assert ended.code == 0, ended.output
    return ended


def locked(folder: Path, *words: str) -> None:
    """Make a lock file in the folder, without a network."""
    environment = {**os.environ, "VIRTUAL_ENV": sys.prefix}
    subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, env=environment, check=True, capture_output=True
    )


def test_a_python_file_and_a_shell_script_get_the_packages_of_requirements_txt(offline) -> None:
    code = {
        "requirements.txt": f"numpy>=1\n./{WHEEL}\n",
        WHEEL: wheel(),
        "train.py": "import numpy\n" + WORDS,
    }
    first = trained(offline, code, "train.py")
    assert "Installing requirements.txt" in first.output
    assert "tiny" in first.output.splitlines()
    of_shell = {**code, "run.sh": "python train.py && tiny_words\n"}
    assert {"tiny", "program tiny"} <= set(trained(offline, of_shell).output.splitlines())


def test_packages_are_taken_from_an_earlier_run_in_another_folder(offline) -> None:
    code = {"requirements.txt": "-r lists/all.txt\n", "lists/all.txt": f"./{WHEEL}", WHEEL: wheel(),
            "run.sh": "python train.py && tiny_words\n", "train.py": WORDS}  # fmt: skip
    assert "Installing requirements.txt" in trained(offline, code).output
    again = trained(offline, code).output
    assert "Took the packages of requirements.txt from an earlier run" in again
    assert {"tiny", "program tiny"} <= set(again.splitlines())


@pytest.mark.parametrize("option", ["-r ", "-c ", "--requirement=", "--constraint "])
def test_a_changed_file_that_requirements_txt_names_is_installed_anew(
    offline, tmp_path: Path, option: str
) -> None:
    for version in ("1", "2"):
        (tmp_path / f"tiny_words-{version}-py3-none-any.whl").write_bytes(
            wheel(f"word {version}", version=version)
        )
    offline.variables["PIP_FIND_LINKS"] = str(tmp_path)
    for version in ("1", "2"):
        code = {"requirements.txt": f"tiny-words\n{option}base.txt\n", "base.txt": f"tiny-words=={version}\n",
                "train.py": WORDS}  # fmt: skip
        said = trained(offline, code, "train.py").output
        assert "Installing requirements.txt" in said
        assert f"word {version}" in said.splitlines()


def test_a_changed_package_of_the_code_is_installed_anew(offline) -> None:
    for word in ("old", "new"):
        code = {"requirements.txt": f"./{WHEEL}", WHEEL: wheel(word), "train.py": WORDS}
        assert word in trained(offline, code, "train.py").output.splitlines()


def test_another_version_than_the_image_s_is_the_code_s_alone(offline) -> None:
    """uv takes the image's version away only from the code's environment."""
    import click

    before = Path(click.__file__).read_bytes()
    name = "click-999-py3-none-any.whl"
    code = {"requirements.txt": f"./{name}\n", name: wheel("other", "click", "999"),
            "train.py": "import click\nprint(click.WORD)\n"}  # fmt: skip
    assert "other" in trained(offline, code, "train.py").output.splitlines()
    assert Path(click.__file__).read_bytes() == before


def test_pip_in_a_shell_script_installs_into_the_same_environment(offline) -> None:
    code = {"requirements.txt": "numpy\n", WHEEL: wheel(),
            "run.sh": f"pip install -q ./{WHEEL} && python train.py\n", "train.py": WORDS}  # fmt: skip
    assert "tiny" in trained(offline, code).output.splitlines()


def test_pipenv_runs_in_the_environment_of_the_pipfile(offline) -> None:
    code = {"Pipfile": PIPFILE, WHEEL: wheel(), "train.py": "import numpy\n" + WORDS,
            "run.sh": "set -e\npipenv run python train.py\npython train.py\n"}  # fmt: skip
    first = trained(offline, code).output
    assert "Installing Pipfile" in first
    assert first.splitlines().count("tiny") == 2
    again = trained(offline, code).output
    assert "Took the packages of Pipfile from an earlier run" in again
    assert again.splitlines().count("tiny") == 2


def test_a_pipfile_lock_is_enough(offline, tmp_path: Path) -> None:
    (tmp_path / "Pipfile").write_text(PIPFILE)
    (tmp_path / WHEEL).write_bytes(wheel())
    locked(tmp_path, "pipenv", "lock")
    lock = (tmp_path / "Pipfile.lock").read_bytes()
    code = {"Pipfile.lock": lock, WHEEL: wheel(), "train.py": WORDS}
    assert "tiny" in trained(offline, code, "train.py").output.splitlines()


def test_a_lock_of_another_pipfile_is_made_anew(offline, tmp_path: Path) -> None:
    (tmp_path / "Pipfile").write_text(PIPFILE.replace(f'tiny-words = {{path = "./{WHEEL}"}}', ""))
    locked(tmp_path, "pipenv", "lock")
    lock = (tmp_path / "Pipfile.lock").read_bytes()
    code = {"Pipfile": PIPFILE, "Pipfile.lock": lock, WHEEL: wheel(), "train.py": WORDS}
    assert "tiny" in trained(offline, code, "train.py").output.splitlines()


def test_pipenv_without_a_pipfile_runs_with_the_image_s_packages(offline) -> None:
    code = {"run.sh": "pipenv run python train.py\n", "train.py": "import numpy\nprint('found')\n"}
    assert "found" in trained(offline, code).output.splitlines()


def test_a_lock_of_uv_is_installed(offline, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / WHEEL).write_bytes(wheel())
    locked(tmp_path, "uv", "lock", "--quiet", "--offline")
    code = {"pyproject.toml": PYPROJECT, "uv.lock": (tmp_path / "uv.lock").read_bytes(), WHEEL: wheel(),
            "train.py": WORDS}  # fmt: skip
    first = trained(offline, code, "train.py").output
    assert "Installing uv.lock" in first
    assert "tiny" in first.splitlines()
    assert "Took the packages of uv.lock" in trained(offline, code, "train.py").output


@pytest.mark.parametrize(("files", "said"), [
    ({"requirements.txt": "no-such-package==9\n"},
     ["requirements.txt can't be installed: ", "no-such-package"]),
    ({"requirements.txt": "-r gone.txt\n"}, ["requirements.txt names a file that isn't there: ", "gone.txt"]),
    ({"Pipfile": "[packages\n"}, ["Pipfile can't be installed: "]),
    ({"pyproject.toml": PYPROJECT, "uv.lock": "version ="}, ["uv.lock can't be installed: "]),
])  # fmt: skip
def test_packages_that_can_not_be_installed_say_so(offline, files: dict[str, str], said: list[str]) -> None:
    code = [offline.put(CODE + name, body) for name, body in {"train.py": "", **files}.items()]
    offline.publish("", code=code, entrypoint="train.py")
    assert offline.run().code == 65
    cause = offline.outcome()["cause"]
    assert cause["code"] == ("bad_data" if "isn't there" in cause["message"] else "packages_not_installed")
    assert [each for each in said if each not in cause["message"]] == []
