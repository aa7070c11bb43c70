"""`droptrain init` and `droptrain validate`: a new project is right, and a wrong one is told why."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from droptrain_core import recipe_yaml
from droptrain_core.launch import entrypoint
from jsonschema import Draft7Validator
from support.template import template
from support.terminal_screen import terminal_screen

from droptrain.errors import DroptrainError
from droptrain.project_folder import read_folder
from droptrain_cli import compile_regexes, cost_ahead
from droptrain_cli.example import EXAMPLES
from droptrain_cli.init_project import DIALECTS
from droptrain_cli.main import main
from droptrain_cli.validate_project import check_before_push, validate

Run = Callable[..., Result]


@pytest.fixture
def droptrain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, words)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_new_project_is_the_example_and_valid(droptrain: Run, dialect: str) -> None:
    made = droptrain("init", "mine", "--dialect", dialect)
    assert made.exit_code == 0, made.output
    assert "droptrain push mine mine" in made.output
    for path in (EXAMPLES / DIALECTS[dialect] / "code").rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            copy = Path("mine", path.relative_to(EXAMPLES / DIALECTS[dialect]))
            assert copy.read_bytes() == path.read_bytes()
    said = droptrain("validate", "mine")
    assert (said.exit_code, said.output[:12]) == (0, "All is well:"), said.output
    text = Path("mine/train.yaml").read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=train.schema.json\n")
    schema = json.loads(Path("mine/train.schema.json").read_text("utf-8"))
    Draft7Validator(schema).validate(recipe_yaml.parse(text.encode()))
    again = droptrain("init", "mine")
    assert (again.exit_code, "isn't empty" in again.output) == (1, True)
    assert "can't be a project's name" in droptrain("init", "My Project").output


@pytest.mark.parametrize(("files", "said"), [
    ({"train.yaml": b"timeout: 4\n"}, "train.yaml:1: timeout: has to be a duration"),
    ({"train.yaml": b"attempts: 1\n\nepochs: 3\n"}, "train.yaml:3: there is no field 'epochs'"),
    ({"train.yaml": b"entrypont: run.sh\n"},
     "train.yaml:1: there is no field 'entrypont' (did you mean entrypoint?); the fields are"),
    ({"train.yaml": "attempts: 1\nmetric_definitions: [{name: a, regex: '([\u0113-\u0101])'}]\n".encode()},
     "train.yaml:2: metric_definitions[0].regex: isn't a regular expression: bad character range"),
    ({"train.yaml": b"a: [\n"}, "train.yaml: line 2, column 1"),
    ({"train.yaml": b"[1]\n"}, "train.yaml: the file has to be a mapping"),
    ({"train.yaml": b"entrypoint: trainer.task\n"}, "code/trainer/task.py: it isn't there"),
    ({"train.yaml": b"prepare: {entrypoint: data/prepare.py}\n"},
     "code/data/prepare.py: it isn't there, and it is the entrypoint of the preparation step"),
    ({"code/run.sh": b"exit 0\r\n"}, "code/run.sh: its lines end as on Windows"),
    ({"code/lib.sh": b"exit 0\r\n"}, "code/lib.sh: its lines end as on Windows"),
    ({"code/run.sh": b"set -e\nif true; then\n"}, "code/run.sh:3: syntax error: unexpected end of file"),
    ({"code/lib/more.sh": b"for x in 1; dome\n"}, "code/lib/more.sh:1: syntax error near"),
    ({"code/run.sh": b"#!/usr/bin/env python3\nprint(1)\n"}, "code/run.sh:1: it isn't a shell script"),
    ({"code/train.py": b"import os\nprint 'x'\n"}, "code/train.py:2: SyntaxError: Missing parentheses"),
    ({"code/pkg/a.py": b"def f():\nreturn 1\n"}, "code/pkg/a.py:2: IndentationError: expected an indented"),
    ({"code/a.py": b"x = '\xff'\n"}, "code/a.py:1: SyntaxError: (unicode error)"),
    ({"code/a.py": b"x = 1\0\n"}, "code/a.py: "),
    ({"code/a.py": b"(" * 100_000}, "code/a.py:1: SyntaxError: too many nested parentheses"),
    ({"code/a.py": b"-" * 200_000 + b"1"}, "code/a.py: "),
    ({"train.yaml": b"entrypoint: a-b.py\n", "code/a-b.py": b"x = (\n"}, "code/a-b.py:1: SyntaxError: "),
    ({"data/train.csv": b"a\n"}, "data/test.csv: it isn't there, and the recipe's input testing names it"),
    ({"data/train.csv": b"", "data/test.csv": b"a\n"}, "data/: data/train.csv is empty (0 bytes)"),
    ({"data/train.csv": b"a,b\n1,2\n1,2,3\n", "data/test.csv": b"a\n"},
     "data/train.csv:3: a row has 3 fields, and the others have 2"),
    ({"data/train.csv": b"PK\x03\x04\xff\n", "data/test.csv": b"a\n"}, "it isn't text"),
    ({"train.yaml": b"csv: {label: species}\n", "data/train.csv": b"a\n", "data/test.csv": b"species\n"},
     "data/train.csv:1: column species: its first line has no species, which the recipe's csv.label names"),
    ({"train.yaml": b"csv: {header: true, columns: [a, b]}\n",
      "data/train.csv": b"a\n1\n", "data/test.csv": b"1,2\n"},
     "data/train.csv:1: its first line has no b, which the recipe's csv.columns names"),
])  # fmt: skip
def test_what_is_wrong_is_told_with_its_place_and_fix(
    droptrain: Run, files: dict[str, bytes], said: str
) -> None:
    for name, body in {"code/run.sh": b"exit 0\n", **files}.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(body)
    shown = droptrain("validate")
    assert shown.exit_code == 1
    assert said in shown.output
    assert "What to do: " in shown.output
    document = json.loads(droptrain("validate", "--json").output)
    assert document["ok"] is False
    assert all(problem["message"] and problem["fix"] for problem in document["problems"])


def test_a_python_script_and_two_csvs_are_a_project(droptrain: Run) -> None:
    Path("code").mkdir()
    Path("data").mkdir()
    assert "code/: it has neither run.sh nor train.py" in droptrain("validate").output
    Path("code/train.py").write_text("print(1)\n")
    for name in ("train.csv", "test.csv"):
        Path("data", name).write_text("a,b\n1,2\n")
    assert "no train.yaml (all defaults), 1 file in code/, 2 in data/." in droptrain("validate").output


def test_what_a_launch_rejects_in_the_code_is_a_problem_here(
    droptrain: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrypoint, "MAX_CODE_FILES", 1)
    for name in ("run.sh", "notes.txt"):
        Path("code").mkdir(exist_ok=True)
        Path("code", name).write_bytes(b"exit 0\n")
    said = droptrain("validate")
    assert (said.exit_code, "code/: code/ has 2 files; a run can have 1" in said.output) == (1, True)


def test_a_cost_limit_is_left_to_the_launch_which_knows_prices(droptrain: Run) -> None:
    Path("code").mkdir()
    Path("code/run.sh").write_bytes(b"exit 0\n")
    Path("train.yaml").write_bytes(b"max_cost_usd: 1\n")
    said = droptrain("validate")
    assert said.exit_code == 0, said.output


def test_every_file_is_judged_beside_an_empty_one(droptrain: Run) -> None:
    for name, body in {
        "code/run.sh": b"exit 0\n", "data/train.csv": b"", "data/test.csv": b"a,b\n1,2\n1,2,3\n",
    }.items():  # fmt: skip
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(body)
    said = droptrain("validate").output
    assert "data/: data/train.csv is empty (0 bytes)" in said
    assert "data/test.csv:3: a row has 3 fields" in said


def test_code_that_is_never_compiled_or_parsed_by_bash_may_hold_anything(
    droptrain: Run, recwarn: pytest.WarningsRecorder
) -> None:
    for name, body in {
        "code/run.sh": "exit 0\n",
        "code/templates/{{ name }}/task.py": "{% if x %}\n",
        "code/of_zsh.sh": "#!/bin/zsh\nfor x (1 2) echo $x\n",
        "code/escapes.py": "x = '\\d' is 1\n",
        "code/latin.py": "# -*- coding: latin-1 -*-\nx = 1\n",
        "code/notes.txt": "def (",
    }.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(body, "utf-8")
    said = droptrain("validate")
    assert said.exit_code == 0, said.output
    assert not recwarn.list


def test_regexes_that_take_long_to_compile_are_told(droptrain: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_regexes, "LIMIT_SECONDS", 2.0)
    droptrain("init", "mine")
    slow = "(?i)(x)" + "[!-\U0010ffff]" * 98
    regexes = ["loss (x)", *(f"{slow}{number}" for number in range(39))]
    definitions = [{"name": f"m{place}", "regex": regex} for place, regex in enumerate(regexes)]
    recipe = json.dumps({"metric_definitions": definitions}, ensure_ascii=False)
    Path("mine/train.yaml").write_text(recipe, "utf-8")
    said = droptrain("validate", "mine")
    assert said.exit_code == 1
    assert "].regex: takes too long to compile; write it with smaller ranges of characters" in said.output
    assert "metric_definitions[0]" not in said.output


def test_a_folder_without_a_project_is_told_so(droptrain: Run) -> None:
    said = droptrain("validate").output
    assert "This folder has neither train.yaml nor code/, so it isn't a project's folder." in said
    assert "Your script belongs in its code/ (as run.sh or train.py), your CSVs in its data/." in said
    Path("train.py").write_text("print(1)\n")
    assert "train.py is a file. Name the project's folder." in droptrain("validate", "train.py").output
    assert "There is no folder nowhere" in droptrain("validate", "nowhere").output


def test_quoted_line_breaks_and_a_byte_order_mark_are_fine(droptrain: Run) -> None:
    Path("code").mkdir()
    Path("code/run.sh").write_text("exit 0\n")
    Path("data").mkdir()
    for name in ("train", "test"):
        Path(f"data/{name}.csv").write_bytes(b'\xef\xbb\xbflabel,b\n1,"x\ny"\n\n')
    Path("train.yaml").write_text("csv: {label: label}\n")
    said = droptrain("validate")
    assert said.exit_code == 0, said.output
    assert "data/train.csv:1: warning: it begins with a byte order mark" in said.output
    document = json.loads(droptrain("validate", "--json").output)
    assert (document["ok"], document["problems"]) == (True, [])
    assert {warning["rule"] for warning in document["warnings"]} == {"byte_order_mark"}


def test_a_push_publishes_nothing_that_could_not_run(droptrain: Run, tmp_path: Path) -> None:
    Path("code").mkdir()
    Path("code/run.sh").write_text("python train.py\n")
    Path("code/train.py").write_text("x = (\n")
    with pytest.raises(DroptrainError, match=r"nothing is published.*\n.*code/train\.py:1: SyntaxError: "):
        check_before_push(read_folder(tmp_path))


def test_an_empty_part_beside_parts_with_rows_is_a_warning_and_a_bad_byte_has_its_row(droptrain: Run) -> None:
    for name, body in {
        "train.yaml": b"inputs: {training: 'part-*.csv'}\n", "code/run.sh": b"exit 0\n",
        "data/part-0.csv": b"a,b\n1,2\n3,\xe9\n", "data/part-1.csv": b"",
    }.items():  # fmt: skip
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(body)
    said = droptrain("validate")
    assert said.exit_code == 0, said.output
    assert "No problem, 2 warnings: train.yaml, 1 file in code/, 2 in data/." in said.output
    assert "All is well" not in said.output
    problems = {each["rule"]: each for each in json.loads(droptrain("validate", "--json").output)["warnings"]}
    assert problems["empty_part"]["level"] == "warning"
    assert (problems["not_utf_8"]["line"], "byte 10" in problems["not_utf_8"]["message"]) == (3, True)


def test_a_file_of_another_format_is_judged_as_by_a_launch(droptrain: Run) -> None:
    for name, body in {
        "train.yaml": b"inputs: {training: train.parquet, testing: test.csv}\n", "code/run.sh": b"exit 0\n",
        "data/train.parquet": b"a,b\n1,2\n", "data/test.csv": b"",
    }.items():  # fmt: skip
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(body)
    said = droptrain("validate").output
    assert "data/train.parquet: it isn't a whole Parquet file" in said
    assert said.count("data/test.csv") == 1, "an empty input is said once"


def test_a_valid_project_is_told_what_a_run_can_cost_at_most(droptrain: Run) -> None:
    droptrain("init", "mine")
    Path("mine/train.yaml").write_text("timeout: 2h\n")
    said = droptrain("validate", "mine").output
    of_what = "of g5.2xlarge on demand in us-east-1"
    assert (
        f"A run can cost at most $2.79: 2 h 0 min of training and 18 min until it is ended, {of_what}" in said
    )
    Path("mine/train.yaml").write_text("timeout: 2h\nprepare: {entrypoint: train.py, timeout: 1h}\n")
    with_step = f"A run can cost at most $3.84: 2 h 0 min of training and 18 min until it is ended, {of_what}"
    assert f"{with_step}, and $1.05 for the preparation step" in droptrain("validate", "mine").output
    Path("mine/train.yaml").write_text("max_cost_usd: 0.01\n")
    said = droptrain("validate", "mine").output
    assert "in us-east-1, a run would be rejected: train.yaml: max_cost_usd: 0.01" in said
    assert "All is well" not in said
    assert "No problem, 1 warning" in said
    Path("mine/train.yaml").write_text("resources: {gpus: 8}\n")
    assert "A run can cost" not in droptrain("validate", "mine").output


def test_the_types_that_count_without_a_stack_are_the_template_s() -> None:
    parameters = template()["Parameters"]
    assert ",".join(cost_ahead.DEFAULT_TYPES) == parameters["InstanceTypes"]["Default"]
    assert ",".join(cost_ahead.DEFAULT_CPU_TYPES) == parameters["CpuInstanceTypes"]["Default"]


def test_on_a_terminal_a_bar_shows_how_much_of_the_data_is_read(droptrain: Run, tmp_path: Path) -> None:
    rows = (b"1," + b"2" * 397 + b"\n") * 5_000
    for name, body in {
        "code/run.sh": b"exit 0\n", "data/train.csv": b"a,b\n" + rows, "data/test.csv": b"a,b\n" + rows,
    }.items():  # fmt: skip
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(body)
    with terminal_screen() as screen:
        validate(tmp_path, as_json=False)
    assert "Reading" in screen.transcript
    assert "4.0/4.0 MB" in screen.transcript
    assert next(line for line in screen.lines if line).startswith("All is well: "), "the bar is gone"


def test_validate_names_a_file_that_is_nearly_the_missing_one(droptrain: Run) -> None:
    for name, body in {
        "code/run.sh": b"exit 0\n", "data/train.CSV": b"a,b\n1,2\n", "data/test.csv": b"a,b\n1,2\n",
    }.items():  # fmt: skip
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(body)
    assert "train.CSV exists: rename it to train.csv" in droptrain("validate").output
