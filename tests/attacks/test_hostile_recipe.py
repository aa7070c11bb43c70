"""A recipe made to hurt who reads it: each is refused within a second, in little memory, with a reason."""

import re
import subprocess
import sys

import pytest
from attacks.processor_time import least_seconds
from droptrain_core import recipe_yaml
from droptrain_core.domain.datasets.dataset import match_inputs
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes import recipe as recipes
from droptrain_core.domain.recipes.regex import count_groups
from hypothesis import given
from hypothesis import strategies as st
from support.records import object_version

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{below}: &{below} [{', '.join([f'*{above}'] * 9)}]\n"
    for above, below in zip("abcdefghi", "bcdefghij", strict=True)
)
MERGES = "x0: &x0 {a: 1}\n" + "".join(
    f"x{number + 1}: &x{number + 1} {{<<: [{', '.join([f'*x{number}'] * 9)}]}}\n" for number in range(12)
)
HEX = "0x" + "f" * 60_000
HOSTILE = {
    "aliases of aliases where a word belongs": (BOMB + "spot: *j\n", "aliases such as *a aren't allowed"),
    "aliases of aliases in a list": (BOMB + "notify: {on: *j}\n", "aliases such as *a aren't allowed"),
    "merged merges": (MERGES, "aliases such as *x0 aren't allowed"),
    "a value that holds itself": ("hyperparameters: &a {b: *a}", "aliases such as *a aren't allowed"),
    "deep lists, at which libyaml crashes": ("a: " + "[" * 30_000 + "]" * 30_000, "nested too deeply"),
    "deep mappings": ("a: " + "{a: " * 8_000 + "}" * 8_000, "nested too deeply"),
    "deep blocks": ("\n".join(" " * depth + "a:" for depth in range(300)), "nested too deeply"),
    "a number that Python won't print": (f"hyperparameters: {{a: {HEX}}}", "a number is too long"),
    "one where a whole number belongs": (f"attempts: {HEX}", "a number is too long"),
    "one of many digits": ("attempts: " + "9" * 60_000, "a number is too long"),
    "a number beyond all": ("hyperparameters: {a: 1e400}", "a number is too large"),
    "a text that no variable can hold": ('environment: {a: "x\\0y"}', "environment.a: has to be a text"),
    "a hyperparameter that none can hold": ('hyperparameters: {a: "x\\0y"}', "hyperparameters.a: has to be"),
    "thousands of fields": ("\n".join(f"k{number}: 1" for number in range(7_000)), "and 6990 more"),
    "a huge document": ("a: 1\n" * 20_000, "more than 64 KiB"),
    "a tag as long as the document": ("a: !" + "x" * 60_000 + " 1", "could not determine a constructor"),
    "Python's own objects": ("a: !!python/object/apply:os.system [id]", "could not determine a constructor"),
    "a way out of the code folder": ("entrypoint: a/../../run.sh", "inside the project's code folder"),
}  # fmt: skip


REGEX_PARTS = (
    "a", "1", r"\d", "[a-z]", "[^0-9]", "[]a]", r"[\]]", "(", ")", "(?:", "(?P<n>", "(?=", "(?<!", "(?i)",
    "(?i:", "(?m-i:", "(?im:", "(?s)", "(?-i:", "|", "*", "+", "{1,3}", "*?", r"\1", "\u0101",
    "[\u0101-\u0113]", "[a-\u0101]", r"\u0101", r"[\u0041-z]", r"\x41", r"\101", "^", ".", r"\b", r"[a\-z]",
    r"\(", r"\[", "[(?i)]", "#", "\n", "(?x)", "(?#c)", "]", "\\", "[", r"\N{LATIN SMALL LETTER A}",
    "(?(1)a|b)", "(?>", "(?)", "(?i-)", "(?i-s)", "\u0130", "\u017f", "\u212a",
)  # fmt: skip


@pytest.mark.parametrize(("text", "said"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_recipe_is_rejected_at_once(text: str, said: str) -> None:
    code = "import sys; from droptrain_core import recipe_yaml\n" \
        "from droptrain_core.domain.recipes import recipe\n" \
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))\n" \
        "from droptrain_core.domain.errors import RejectedError\n" \
        "try: recipe.parse(recipe_yaml.parse(sys.stdin.buffer.read()))\n" \
        "except RejectedError as error: print(error.cause.message)"  # fmt: skip
    # In a process of its own: what comes through may take all memory, or crash it.
    done = subprocess.run(
        [sys.executable, "-c", code], input=text, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert said in done.stdout
    assert len(done.stdout) < 4096


@pytest.mark.parametrize("text", [BOMB + "spot: *j\n", "\n".join(f"k{number}: 1" for number in range(7_000))])
def test_no_recipe_takes_a_second_of_processor_time(text: str) -> None:
    def read() -> None:
        with pytest.raises(RejectedError):
            recipes.parse(recipe_yaml.parse(text.encode()))

    assert least_seconds(read) < 1


@pytest.mark.parametrize("regex", [
    "(a+)+$", "((a*)*)*b", "(a|a)*(a|a)*(a|a)*b", "(" * 90 + "a" + ")" * 90,
    "(?:(?:(?:a{1,99}){1,99}){1,99})(b)", "(" + "|".join("ab" * 60) + ")",
])  # fmt: skip
def test_a_launch_compiles_a_metric_s_regex_and_never_runs_it(regex: str) -> None:
    document = {"metric_definitions": [{"name": "loss", "regex": regex}]}
    assert least_seconds(lambda: (re.purge(), recipes.parse(document))) < 1
    read = recipes.parse(document)
    assert read.metric_definitions[0].regex == regex


@pytest.mark.parametrize("regex", [
    "(?i)(a)" + "[!-\U0010ffff]" * 98, "(?i)(a)" + r"[\u0001-\U0010ffff]" * 23,
    "(a)" + "[\u0100\u4e00\uac00]" * 98,
    "(?i)(a)" + "[ks]" * 120, "(?i)(a)" + "(?:k|s|i)" * 50, "[" * 500, "(?:" * 40 + "(a)" + "){1,65535}" * 34,
    "(" * 240 + ")" * 240, "(?i:" * 90 + "(a)" + ")" * 90,
])  # fmt: skip
def test_forty_regexes_are_checked_within_a_second_of_processor_time(regex: str) -> None:
    definitions = [{"name": f"m{number}", "regex": f"{regex[:498]}{number}"} for number in range(40)]
    assert least_seconds(lambda: (re.purge(), recipes.check({"metric_definitions": definitions}))) < 1


@given(st.lists(st.sampled_from(REGEX_PARTS), max_size=9).map("".join))
def test_the_cheap_check_of_a_regex_says_what_compiling_it_says(regex: str) -> None:
    try:
        groups: int | None = re.compile(regex).groups
    except (re.error, RecursionError):
        groups = None
    try:
        found: int | None = count_groups(regex)
    except ValueError:
        found = None
    assert found == groups


def test_a_glob_of_stars_costs_no_more_than_its_length() -> None:
    glob, name = "*a" * 99 + "b", "a" * 250
    there = [object_version(f"f/{name}")]
    assert least_seconds(lambda: match_inputs({"training": glob}, "files", there, "f/")) < 1
    found = match_inputs({"training": glob}, "files", there, "f/")
    assert found.missing == (glob,)


@pytest.mark.parametrize("name", ["a;b", "a b", "a$(id)", "a`id`", "-rf", "a\nb", "a=b", "", "é"])
def test_a_hyperparameter_s_name_says_nothing_to_a_shell(name: str) -> None:
    with pytest.raises(RejectedError, match="can't be a hyperparameter's name"):
        recipes.parse({"hyperparameters": {name: 1}})
