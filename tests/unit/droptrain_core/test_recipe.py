from pathlib import Path

import pytest
from droptrain_core import recipe_yaml
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes import recipe as recipes
from droptrain_core.domain.recipes.jobs import gets_code
from droptrain_core.domain.recipes.recipe import FIELDS, Gate, Recipe, Secret, parse
from droptrain_core.domain.recipes.values import Requirement
from hypothesis import given
from hypothesis import strategies as st

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def test_an_absent_or_empty_recipe_means_all_defaults() -> None:
    recipe = parse(None)
    assert recipe == parse({}) == Recipe()
    assert recipe.inputs == {"training": "train.csv", "testing": "test.csv"}
    assert (recipe.attempts, recipe.timeout_seconds, recipe.spot) == (3, 14400, "auto")
    assert (recipe.resources.gpus, recipe.resources.vcpus, recipe.resources.memory_gib) == (1, 4, 14)
    assert (recipe.checkpoints.interval_seconds, recipe.checkpoints.keep) == (30, 3)


def test_every_field_is_read() -> None:
    recipe = parse(
        recipe_yaml.parse(b"""
        entrypoint: train/run.sh
        hyperparameters: {epochs: 10, rate: 0.1, name: x, fast: true}
        environment: {A: b, N: 3}
        inputs: {training: "train/part-*.csv"}
        trigger: marker
        resources: {gpus: 2, vcpus: 8, memory_gib: 28, nodes: 1}
        spot: never
        attempts: 5
        timeout: 4h
        max_cost_usd: 5
        metric: {name: test_accuracy, goal: minimize}
        metric_definitions: [{name: loss, regex: "loss: ([0-9.]+)"}, {name: step, regex: '^step (\\d+)'}]
        csv: {header: auto, label: species, columns: [a, b], delimiter: ";"}
        notify: {on: [failed]}
        checkpoints: {interval: 1m, keep: 5}
        """)
    )
    assert recipe.entrypoint == "train/run.sh"
    assert recipe.environment["N"] == "3"
    assert recipe.resources.memory_gib == 28
    assert recipe.timeout_seconds == 4 * 3600
    assert recipe.metric == recipes.Metric("test_accuracy", "minimize")
    assert recipe.metric_definitions == (
        recipes.MetricDefinition("loss", "loss: ([0-9.]+)"),
        recipes.MetricDefinition("step", r"^step (\d+)"),
    )
    assert recipe.notify == ("failed",)
    assert recipe.checkpoints == recipes.Checkpoints(60, 5)


@pytest.mark.parametrize(("document", "said"), [
    ({"epochs": 10}, "train.yaml: there is no field 'epochs'; the fields are entrypoint, args"),
    ({"attempts": 11}, "train.yaml: attempts: has to be a whole number from 1 to 10, not 11"),
    ({"metric_definitions": {"loss": "(x)"}}, "metric_definitions: has to be a list of at most 40"),
    ({"metric_definitions": [{"name": "loss", "regex": "(x)"}] * 41}, "a list of at most 40"),
    ({"metric_definitions": [{"Name": "loss", "Regex": "(x)"}]},
     "metric_definitions[0]: has no field 'Name'; its fields are name, regex"),
    ({"metric_definitions": [{"name": "a", "regex": "(x)"}, {"name": "b", "regex": "loss: ("}]},
     "train.yaml: metric_definitions[1].regex: isn't a regular expression: missing ), unterminated"),
    ({"metric_definitions": [{"name": "a", "regex": "(a{99999999999})"}]}, "isn't a regular expression: "),
    ({"metric_definitions": [{"name": "a", "regex": "loss: [0-9.]+"}]},
     "metric_definitions[0].regex: needs a group around the number, such as 'loss: ([0-9.]+)'"),
    ({"metric_definitions": [{"name": "a", "regex": "(" + "x" * 500 + ")"}]}, "at most 500 characters"),
    ({"metric_definitions": [{"name": "a"}]}, "metric_definitions[0]: needs a name and a regex"),
    ({"metric_definitions": [{"name": "a\n", "regex": "(x)"}]}, "definitions[0].name: has to be a name"),
    ({"metric_definitions": [{"name": "a", "regex": "(x)"}] * 2}, "[1].name: 'a' is defined twice"),
    ({"attempts": True}, "attempts: has to be a whole number"),
    ({"timeout": 4}, "timeout: has to be a duration such as 30s, 90m, 4h or 2d, not 4"),
    ({"timeout": "30s"}, "timeout: has to be from 1m"),
    ({"resources": {"gpu": 1}}, "resources: has no field 'gpu'; its fields are gpus, vcpus"),
    ({"resources": {"nodes": 2}}, "resources.nodes: a run trains on one instance; leave it out, and request"),
    ({"prepare": "prepare.py"}, "prepare: has to be a mapping"),
    ({"prepare": {"timeout": "1h"}}, "prepare: needs an entrypoint, such as {entrypoint: prepare.py}"),
    ({"prepare": {"entrypoint": "prepare"}}, "prepare.entrypoint: has to be a shell script"),
    ({"prepare": {"entrypoint": "p.py", "epochs": 3}}, "prepare: has no field 'epochs'; its fields are"),
    ({"prepare": {"entrypoint": "p.py", "resources": {"gpus": 1}}},
     "prepare.resources.gpus: the preparation step runs on CPU instances; leave it out"),
    ({"prepare": {"entrypoint": "p.py", "timeout": "30s"}}, "prepare.timeout: has to be from 1m"),
    ({"prepare": {"entrypoint": "p.py", "code": []}}, "prepare.code: has to be a list of 1 to 100 files"),
    ({"prepare": {"entrypoint": "p.py", "code": ["/p.py"]}}, "prepare.code[0]: has to be a file or glob"),
    ({"prepare": {"entrypoint": "p.py", "code": ["features/*"]}},
     "prepare.code: has to name the entrypoint too, 'p.py'"),
    ({"prepare": {"entrypoint": "p.py"}, "inputs": {"prepared": "x.csv"}},
     "inputs.prepared: this channel is the preparation step's; rename yours"),
    ({"entrypoint": "../run.sh"}, "entrypoint: has to be a path inside the project's code folder"),
    ({"entrypoint": "train"}, "entrypoint: has to be a shell script"),
    ({"hyperparameters": {"epochs": [1]}}, "hyperparameters.epochs: has to be a number"),
    ({"hyperparameters": {"epsilon": 1e-300}}, "hyperparameters.epsilon: has to be a number"),
    ({"hyperparameters": {"seed": 10**38}}, "hyperparameters.seed: has to be a number"),
    ({"environment": {"AWS_BATCH_JOB_ID": "x"}}, "environment.AWS_BATCH_JOB_ID: names that start with"),
    ({"environment": {"KEY": {"secret": "arn:x"}}}, "environment.KEY.secret: has to be the ARN of a secret"),
    ({"environment": {"KEY": {"secret": f"{ARN}prod/db-AbCdEf"}}}, "KEY.secret: has to name a secret"),
    ({"environment": {"KEY": {"secret": f"{ARN}droptrain-db-AbCdEf"}}}, "begins with droptrain/"),
    ({"args": "--verbose"}, "args: has to be a list of at most 1000 arguments such as"),
    ({"args": ["a", True]}, "args[1]: has to be a text or a number of at most 4000 characters; put true and"),
    ({"args": ["x" * 3000] * 30}, "args: take 90"),
    ({"environment": {"KEY": ["a"]}}, "or null to remove the variable"),
    ({"environment": {"KEY": {}}}, "environment.KEY: has to be a text, a number, or a secret such as"),
    ({"environment": {"KEY": {"ssm": "x"}}}, "environment.KEY: has no field 'ssm'; its fields are secret"),
    ({"environment": {"DROPTRAIN_RUN": {"secret": f"{ARN}droptrain/x"}}}, "DROPTRAIN_RUN: names that"),
    ({"inputs": {}}, "inputs: has to be a mapping of 1 to 20 channels"),
    ({"inputs": {"training": "**/*.csv"}}, "inputs.training: ** isn't supported"),
    ({"inputs": {"training": "../x.csv"}}, "inputs.training: has to be a file or glob"),
    ({"spot": "yes"}, "spot: has to be auto, only or never, not 'yes'"),
    ({"notify": {"on": ["all"]}}, "notify.on: has to be a list of failed, succeeded"),
    ({"metric": {"goal": "minimize"}}, "metric: needs a name"),
    ([1], "train.yaml: the file has to be a mapping"),
    ("run.sh", "train.yaml: the file has to be a mapping"),
])  # fmt: skip
def test_a_wrong_recipe_names_file_field_and_fix(document: object, said: str) -> None:
    with pytest.raises(RejectedError) as caught:
        parse(document)
    assert said in caught.value.cause.message
    assert caught.value.cause.code == "bad_recipe"
    assert "train.yaml" in caught.value.cause.fix


def test_a_gate_is_read_with_its_comparisons() -> None:
    gate = parse({
        "metric": {"name": "acc"},
        "promote": {
            "when": "better", "require": {"acc": ">= 0.9", "loss": "<3e-1", "f1": "> -1"}, "tolerance": 0.002,
        },
    }).promote  # fmt: skip
    assert gate == Gate(
        "better",
        (Requirement("acc", ">=", 0.9), Requirement("loss", "<", 0.3), Requirement("f1", ">", -1.0)),
        0.002,
    )
    assert parse({}).promote is None
    assert parse({"promote": {}}).promote == Gate()


@pytest.mark.parametrize(("promote", "said"), [
    ({"when": "sometimes"}, "promote.when: has to be better, always or manual, not 'sometimes'"),
    ({"when": "better"}, "promote.when: better compares runs by the headline metric, and the recipe"),
    ({"tolerance": -0.1}, "promote.tolerance: has to be a number that isn't negative, such as 0.002"),
    ({"tolerance": True}, "promote.tolerance: has to be a number that isn't negative"),
    ({"require": {"acc": "about 0.9"}}, "promote.require.acc: has to be a comparison with a number"),
    ({"require": {"acc": 0.9}}, "not 0.9"),
    ({"require": {"acc": "== 0.9"}}, "not '== 0.9'"),
    ({"require": {"acc": ">= 1e999"}}, "not '>= 1e999'"),
    ({"require": ["acc"]}, "promote.require: has to be a mapping of 1 to 20 metrics"),
    ({"require": {}}, "promote.require: has to be a mapping of 1 to 20 metrics"),
    ({"unless": 1}, "promote: has no field 'unless'; its fields are when, require, tolerance"),
    ("better", "promote: has to be a mapping of when, require, tolerance, not a text"),
])  # fmt: skip
def test_a_gate_that_is_wrong_is_explained(promote: object, said: str) -> None:
    with pytest.raises(RejectedError) as caught:
        parse({"promote": promote})
    assert said in caught.value.cause.message


@pytest.mark.parametrize(("recipe", "said"), [
    ({"warm_start": "newest"}, "warm_start: has to be current, or a run's id such as penguins-first-"),
    ({"warm_start": True}, "warm_start: has to be current"),
    (
        {"warm_start": "current", "inputs": {"warm_start": "a.csv"}},
        "inputs.warm_start: this channel has the model of warm_start; rename yours",
    ),
])  # fmt: skip
def test_a_warm_start_that_is_wrong_is_explained(recipe: object, said: str) -> None:
    with pytest.raises(RejectedError) as caught:
        parse(recipe)
    assert said in caught.value.cause.message


def test_arguments_are_texts_as_a_command_line_has_them() -> None:
    assert parse({"args": ["--sizes", 64, 0.5, "a b", ""]}).args == ("--sizes", "64", "0.5", "a b", "")


@pytest.mark.parametrize(
    "behind", ["", ":key", ":key::", ":key:AWSPREVIOUS:", "::AWSCURRENT", ":a.b-c::1234"]
)
def test_a_secret_is_pinned_by_its_arn_and_may_name_a_key_and_a_version(behind: str) -> None:
    arn = f"{ARN}droptrain/team/wandb-AbCdEf{behind}"
    assert parse({"environment": {"GONE": None}}).environment == {"GONE": None}
    assert parse({"environment": {"KEY": {"secret": arn}, "N": 1}}).environment == {
        "KEY": Secret(arn),
        "N": "1",
    }


def test_a_secret_put_where_its_arn_belongs_is_not_repeated() -> None:
    for value in ("hunter2hunter2", f"{ARN}prod/hunter2hunter2", f"{ARN}droptrain/x:a:b:c:hunter2hunter2"):
        with pytest.raises(RejectedError) as caught:
            parse({"environment": {"KEY": {"secret": value}}})
        assert "hunter2" not in str(caught.value.cause)


def test_a_preparation_step_has_its_own_time_and_resources_and_gets_all_code_by_default() -> None:
    prepare = parse({"prepare": {"entrypoint": "prepare.py", "timeout": "2h"}}).prepare
    assert prepare is not None
    assert (prepare.timeout_seconds, prepare.resources.gpus, prepare.inputs_in_training) == (7200, 0, False)
    assert gets_code(prepare, "train.py")
    some = parse({"prepare": {"entrypoint": "prepare.py", "code": ["prepare.py", "features/*"]}}).prepare
    assert some is not None
    assert [gets_code(some, file) for file in ("features/a.py", "train.py")] == [True, False]


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(RejectedError) as caught:
        parse({"attempts": 0, "spot": 1, "extra": 1})
    assert all(word in caught.value.cause.message for word in ("attempts", "spot", "extra"))


@given(anything | st.dictionaries(st.sampled_from(sorted(FIELDS)), anything))
def test_no_document_is_worse_than_a_rejection(document: object) -> None:
    try:
        assert isinstance(parse(document), Recipe)
    except RejectedError as error:
        assert error.cause.message.startswith("train.yaml: ")


def test_an_input_may_begin_with_the_folder_itself() -> None:
    assert recipes.parse({"inputs": {"data": "./all.csv"}}).inputs == {"data": "all.csv"}


def test_the_inputs_of_a_recipe_that_is_wrong_elsewhere_still_count() -> None:
    recipe = recipes.inputs_of({"inputs": {"data": "all.csv"}, "attempts": 99})
    assert recipe is not None
    assert recipe.inputs == {"data": "all.csv"}
    assert recipes.inputs_of({"inputs": 1}) is None
    assert recipes.inputs_of(["x"]) is None


def test_overrides_change_single_fields() -> None:
    document = {"hyperparameters": {"epochs": 1, "rate": 2}, "spot": "never"}
    changed = parse(recipes.override(document, {"hyperparameters": {"epochs": 5}, "resources": {"gpus": 0}}))
    assert changed.hyperparameters == {"epochs": 5, "rate": 2}
    assert (changed.resources.gpus, changed.spot) == (0, "never")


def test_the_example_s_recipe_is_right() -> None:
    example = Path(__file__).parents[3] / "examples" / "penguins" / "train.yaml"
    assert parse(recipe_yaml.parse(example.read_bytes())).metric


def test_words_and_numbers_mean_what_people_expect() -> None:
    document = recipe_yaml.parse(
        b"on: [failed]\nrate: 1e-3\ncountry: no\nzip: 007\nclock: 12:30\nday: 2026-11-23\n"
        b"empty:\nhex: 0x10\nyes: true\n"
    )
    assert document == {
        "on": ["failed"], "rate": 0.001, "country": "no", "zip": 7, "clock": "12:30", "day": "2026-11-23",
        "empty": None, "hex": 16, "yes": True,
    }  # fmt: skip
    assert recipe_yaml.parse(b"") is None


@pytest.mark.parametrize(("body", "said"), [
    (b"a: [1, 2", "train.yaml: line 2, column 1: did not find expected"),
    (b"a: 1\nb: {\n", "train.yaml: line 3"),
    (b"a:\n\tepochs: 3", "train.yaml: line 2, column 1: YAML is indented with spaces, but here is a tab"),
    (b"attempts: 1\nattempts: 2", "line 2, column 1: 'attempts' is there twice"),
    (b"a: \xff\xfe", "train.yaml: the file isn't UTF-8 (byte 3)"),
    (b"a: !!python/object/apply:os.system [id]", "could not determine a constructor"),
    (b"a" * 70_000, "the file has more than 64 KiB"),
    (b"[" * 5000, "train.yaml: "),
    (b"? [a]\n: 1", "train.yaml: "),
])  # fmt: skip
def test_text_that_is_not_yaml_says_where(body: bytes, said: str) -> None:
    with pytest.raises(RejectedError) as caught:
        recipe_yaml.parse(body)
    assert said in caught.value.cause.message
