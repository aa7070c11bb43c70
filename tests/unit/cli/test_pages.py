"""Every page of the project: its links lead somewhere, and what it says of commands and packages holds."""

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from droptrain_cli.main import main

ROOT = Path(__file__).parents[3]
FILES = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT, capture_output=True, text=True, check=True,
).stdout.splitlines()  # fmt: skip
PAGES = [ROOT / name for name in FILES if name.endswith(".md")]
# The project's own files by their ending, and its folders; other paths are in the bucket or the container.
CODE_PATH = re.compile(r"`([\w./-]+\.(?:py|sh|js|css|md|toml|in|yml))(?:::[^`]*)?`")
FOLDER_PATH = re.compile(
    r"`((?:functions|layers|src|image|console|examples|tests|droptrain_core|domain|launch)/[\w./-]*)`"
)
SHELL = re.compile(r"^```(?:sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
REQUIREMENTS = [
    "requirements/laptop.in", "requirements/dev.in", "requirements/audit.in",
    "layers/droptrain/requirements.in",
    "functions/runs_api/requirements.in", "functions/trial_ended/requirements.in", "image/requirements.in",
    "image/requirements-gpu.in", "image/requirements-cpu.in",
    "requirements/uv.in", "requirements/release.in", "requirements/emulator.in", "requirements/site.in",
    "requirements/mlflow.in",
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_of_a_page_leads_to_a_file_and_its_heading(page: Path):
    for target in LINK.findall(page.read_text("utf-8")):
        if "://" in target:
            continue
        path, _, heading = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name} links to {target}"
        if heading:
            assert heading in _headings(there), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_and_folder_of_the_code_that_a_page_names_exists(page: Path):
    text = page.read_text("utf-8")
    known = {*FILES, *(str(folder) for name in FILES for folder in Path(name).parents)}
    for path in {*CODE_PATH.findall(text), *FOLDER_PATH.findall(text)}:
        assert any(f"/{name}".endswith(f"/{path.rstrip('/')}") for name in known), f"{page.name} names {path}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_droptrain_command_that_a_page_names_exists_with_its_options(page: Path):
    for words, rest in re.findall(r"`droptrain ((?:[a-z]+ ?)+)([^`\n]*)", page.read_text("utf-8")):
        shown = CliRunner().invoke(main, [*words.split(), "--help"])
        assert shown.exit_code == 0, f"{page.name}: droptrain {words}"
        assert shown.output.startswith(f"Usage: main {words.strip()}"), f"{page.name}: droptrain {words}"
        for option in re.findall(r"(?<!\S)--[a-z-]+", rest):
            assert option in shown.output, f"{page.name}: droptrain {words}{option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_droptrain_command_line_that_a_page_shows_parses(page: Path):
    for block in SHELL.findall(page.read_text("utf-8")):
        for line in re.findall(r"(?:^|&& |\| )(droptrain [^|&#\n]*)", block, re.MULTILINE):
            _parse(main, shlex.split(line))


def _parse(command: click.Command, words: list[str], parent: click.Context | None = None) -> None:
    """Check a command line down to its last option; click.UsageError if it is wrong."""
    name, *rest = words
    context = command.make_context(name, rest, parent=parent)
    if isinstance(command, click.Group):
        _, inner, rest = command.resolve_command(context, [*context.protected_args, *context.args])
        assert inner
        _parse(inner, [str(inner.name), *rest], context)


def test_the_page_on_dependencies_names_each_package_and_no_other():
    page = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text("utf-8")
    in_files = set()
    for name in REQUIREMENTS:
        for line in (ROOT / name).read_text("utf-8").splitlines():
            if line and not line.startswith(("#", "-")):
                in_files.add(re.split(r"[\[;=<\s]", line)[0])
    rows = re.findall(r"^\| ([\w, -]+) \| ", page, re.MULTILINE)
    named = {package.strip() for row in rows for package in row.split(",")} - {"package", "---"}
    assert named == in_files


def test_the_index_lists_each_decision_once_with_its_title():
    folder = ROOT / "docs" / "decisions"
    titles = {
        path.name: path.read_text("utf-8").partition("\n")[0].removeprefix("# ")
        for path in folder.glob("0*.md")
    }
    index = (folder / "README.md").read_text("utf-8")
    listed = [
        (name, f"{number}. {title}")
        for number, title, name in re.findall(r"^- (\d+)\. \[(.+)\]\((.+)\)$", index, re.MULTILINE)
    ]
    assert sorted(listed) == sorted(titles.items())


def test_every_make_target_that_the_readme_and_contributing_name_exists():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_page_ends_with_the_next_step():
    folders = ("docs", "docs/operations", "examples/*")
    pages = [page for folder in folders for page in ROOT.glob(f"{folder}/*.md")]
    assert len(pages) > 50
    ends = {page: page.read_text("utf-8").strip().rpartition("\n\n")[2] for page in pages}
    assert [str(page.relative_to(ROOT)) for page, end in ends.items() if not end.startswith("Next: [")] == []


def _headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}
