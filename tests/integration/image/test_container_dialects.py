"""Code written for SageMaker or Vertex AI runs as it is: each variable of docs/variables.md, files, ends."""

import json
import os
import re

import pytest
from support.training_machine import CODE, DATA, PROJECT, REPOSITORY

PAGE = (REPOSITORY / "docs" / "variables.md").read_text("utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| (.+?) \|$", PAGE, re.MULTILINE)
OF_MODULES = {"TF_CONFIG"}
OURS = re.compile(
    "(SM|SAGEMAKER|CURRENT_HOST|HP|AIP|CLOUD_ML|CLUSTER|TF_CONFIG|TRAINING|TEST|MODEL|EXPORT|CHECKPOINT|METRICS|RUN_|SCRIPT|PYTHONUNB|.*_RECLAIM)"
)
DUMP = """
import json, os, sys
from pathlib import Path
root = Path(os.environ["CHECKPOINT_DIR"]).parent
files = {str(path.relative_to(root)): path.read_text() for path in root.glob("input/**/*") if path.is_file()}
about = {"environment": dict(os.environ), "words": sys.argv[1:], "files": files, "root": str(root)}
Path(os.environ["SM_MODEL_DIR"], "about.json").write_text(json.dumps(about))
"""


def trained(machine, code: dict[str, str], entrypoint: str, **plan) -> dict:
    """Publish and run the code; what it saw, as DUMP tells."""
    files = [machine.put(CODE + name, text) for name, text in code.items()]
    machine.publish("", code=files, entrypoint=entrypoint, **plan)
    ended = machine.run()
    assert ended.code == 0, ended.output
    return json.loads(machine.text("export/about.json"))


@pytest.fixture(scope="module")
def seen(module_machine) -> dict:
    machine = module_machine
    parts = [machine.put(f"{DATA}validation/{number}.csv", f"{number}\n") for number in (1, 2)]
    inputs = [
        {"channel": "training", **machine.put(DATA + "train.csv", "a,b\n1,2\n")},
        {"channel": "testing", **machine.put(DATA + "test.csv", "a,b\n3,4\n")},
        *({"channel": "validation", **part} for part in parts),
    ]
    about = trained(
        machine, {"train.py": DUMP}, "train.py", inputs=inputs,
        hyperparameters={"learning-rate": 0.01, "epochs": 3, "warm": True, "k": "x y"},
    )  # fmt: skip
    run = f"s3://{machine.bucket}/{machine.prefix}".rstrip("/")
    return about | {"run": run, "code": f"s3://{machine.bucket}/{CODE}".rstrip("/"), "run_id": machine.run_id}


def expected(seen: dict) -> dict[str, object]:
    """What each variable has to be; JSON ones as values."""
    root, run, code = seen["root"], seen["run"], seen["code"]
    bucket = run.removesuffix(f"/runs/{PROJECT}/{seen['run_id']}")
    channel = {
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
    }
    group = {"hosts": ["algo-1"], "instance_group_name": "homogeneousCluster", "instance_type": "local"}
    hosts = {
        "current_group_name": "homogeneousCluster", "current_host": "algo-1",
        "current_instance_type": "local", "hosts": ["algo-1"], "instance_groups": [group],
        "network_interface_name": "eth0",
    }  # fmt: skip
    words = ["--epochs", "3", "-k", "x y", "--learning-rate", "0.01", "--warm", "True"]
    hyperparameters = {"learning-rate": 0.01, "epochs": 3, "warm": True, "k": "x y"}
    names = ["testing", "training", "validation"]
    values: dict[str, object] = {
        "RUN_SCRIPT": f"{code}/train.py", "SCRIPT_DIR": code, "MODEL_DIR": f"{run}/model",
        "TRAINING_DATA": f"{bucket}/{DATA}train.csv", "TEST_DATA": f"{bucket}/{DATA}test.csv",
        "EXPORT_PATH": f"{run}/export", "CHECKPOINT_DIR": f"{root}/checkpoints",
        "METRICS_FILE": f"{root}/metrics.jsonl", "HP_LEARNING_RATE": "0.01", "PYTHONUNBUFFERED": "1",
        "DROPTRAIN_RECLAIM": f"{root}/reclaim",
        "SM_MODEL_DIR": f"{root}/model", "SM_CHANNELS": names,
        "SM_CHANNEL_VALIDATION": f"{root}/input/data/validation", "SM_HPS": hyperparameters,
        "SM_HP_LEARNING-RATE": "0.01", "SM_FRAMEWORK_PARAMS": {}, "SM_NUM_NEURONS": "0",
        "SM_FRAMEWORK_MODULE": "sagemaker_tensorflow_container.training:main", "SM_IS_HETERO": "false",
        "SM_CURRENT_INSTANCE_TYPE": "local", "SM_CURRENT_INSTANCE_GROUP": "homogeneousCluster",
        "SM_CURRENT_INSTANCE_GROUP_HOSTS": ["algo-1"], "SM_INSTANCE_GROUPS": ["homogeneousCluster"],
        "SM_INSTANCE_GROUPS_DICT": {"homogeneousCluster": group}, "SM_DISTRIBUTION_INSTANCE_GROUPS": [],
        "SAGEMAKER_JOB_NAME": seen["run_id"], "SAGEMAKER_REGION": "eu-west-1", "CURRENT_HOST": "algo-1",
        "SM_USER_ARGS": words, "SM_CURRENT_HOST": "algo-1",
        "SM_HOSTS": ["algo-1"], "SM_NUM_GPUS": "0", "SM_NUM_CPUS": str(len(os.sched_getaffinity(0))),
        "SM_LOG_LEVEL": "20", "SM_NETWORK_INTERFACE_NAME": "eth0", "SM_INPUT_DIR": f"{root}/input",
        "SM_INPUT_CONFIG_DIR": f"{root}/input/config", "SM_INPUT_DATA_CONFIG": dict.fromkeys(names, channel),
        "SM_RESOURCE_CONFIG": hosts, "SM_OUTPUT_DIR": f"{root}/output",
        "SM_OUTPUT_DATA_DIR": f"{root}/output/data",
        "SM_OUTPUT_INTERMEDIATE_DIR": f"{root}/output/intermediate", "SM_MODULE_DIR": code,
        "SM_MODULE_NAME": "train", "SM_USER_ENTRY_POINT": "train.py", "TRAINING_JOB_NAME": seen["run_id"],
        "AIP_MODEL_DIR": f"{root}/model/", "AIP_CHECKPOINT_DIR": f"{root}/checkpoints",
        "AIP_TENSORBOARD_LOG_DIR": f"{root}/output/tensorboard/", "AIP_DATA_FORMAT": "csv",
        "AIP_TRAINING_DATA_URI": f"{root}/input/data/training/train.csv",
        "AIP_VALIDATION_DATA_URI": f"{root}/input/data/validation/*",
        "AIP_TEST_DATA_URI": f"{root}/input/data/testing/test.csv", "CLOUD_ML_JOB_ID": seen["run_id"],
        "CLUSTER_SPEC": {
            "cluster": {"workerpool0": [address_of(seen["environment"]["CLUSTER_SPEC"])]},
            "environment": "cloud", "task": {"type": "workerpool0", "index": 0, "trial": ""},
        },
    }  # fmt: skip
    values["SM_TRAINING_ENV"] = {
        "additional_framework_parameters": {}, "hyperparameters": hyperparameters, "job_name": seen["run_id"],
        "channel_input_dirs": {name: f"{root}/input/data/{name}" for name in names},
        "input_data_config": values["SM_INPUT_DATA_CONFIG"], "resource_config": hosts,
        "distribution_hosts": [], "is_hetero": False, "is_master": True, "master_hostname": "algo-1",
        **{
            name: values[f"SM_{name.upper()}"]
            for name in (
                "current_host", "current_instance_group", "current_instance_group_hosts",
                "current_instance_type", "distribution_instance_groups", "framework_module", "hosts",
                "input_config_dir", "input_dir", "instance_groups", "instance_groups_dict", "model_dir",
                "module_dir", "module_name", "network_interface_name", "output_data_dir", "output_dir",
                "output_intermediate_dir", "user_entry_point",
            )
        },
        **{
            name: int(str(values[f"SM_{name.upper()}"]))
            for name in ("log_level", "num_cpus", "num_gpus", "num_neurons")
        },
    }  # fmt: skip
    return values


def address_of(document: str) -> str:
    """The address of a cluster's only node, which has to be one of this machine."""
    [[address]] = json.loads(document)["cluster"].values()
    assert re.fullmatch(r"127\.0\.0\.1:\d{4,5}", address)
    return address


@pytest.mark.parametrize("name", [name for name, _ in ROWS if name not in OF_MODULES])
def test_every_variable_of_the_table_is_what_it_has_to_be(seen, name: str) -> None:
    values = expected(seen)
    one_of_many = {"SM_CHANNEL_NAME": "SM_CHANNEL_VALIDATION", "SM_HP_NAME": "SM_HP_LEARNING-RATE",
                   "HP_NAME": "HP_LEARNING_RATE"}  # fmt: skip
    name = one_of_many.get(name, name)
    found = seen["environment"][name]
    assert (json.loads(found) if isinstance(values[name], dict | list) else found) == values[name]


def test_hyperparameters_are_written_as_the_toolkit_writes_them(seen) -> None:
    assert seen["environment"]["SM_HP_WARM"] == "true"
    assert seen["words"][-1] == "True"


def test_a_python_file_in_a_subfolder_finds_the_modules_of_the_code(machine) -> None:
    code = {"words.py": "", "scripts/train.py": f"import words\n{DUMP}"}
    assert trained(machine, code, "scripts/train.py")["words"] == []


def test_the_table_has_every_variable_that_the_container_sets(seen) -> None:
    named = {name for name, _ in ROWS}
    added = {
        re.sub(r"^(SM_CHANNEL|SM_HP|HP)_.+", r"\1_NAME", name)
        for name in seen["environment"]
        if OURS.match(name)
    }  # fmt: skip
    assert added == named - OF_MODULES


def test_python_gets_files_arguments_and_sagemaker_s_configuration(seen) -> None:
    assert seen["words"] == expected(seen)["SM_USER_ARGS"]
    files = seen["files"]
    assert files["input/data/training/train.csv"] == "a,b\n1,2\n"
    assert files["input/data/validation/2.csv"] == "2\n"
    configured = {path: json.loads(text) for path, text in files.items() if path.startswith("input/config/")}
    assert configured["input/config/hyperparameters.json"] == {
        "learning-rate": "0.01", "epochs": "3", "warm": "true", "k": "x y",
    }  # fmt: skip
    assert configured["input/config/inputdataconfig.json"] == expected(seen)["SM_INPUT_DATA_CONFIG"]
    assert configured["input/config/resourceconfig.json"] == expected(seen)["SM_RESOURCE_CONFIG"]


def test_a_module_of_a_package_gets_its_job_dir(machine) -> None:
    code = {"trainer/__init__.py": "", "trainer/task.py": DUMP + "\n# --job-dir\n"}
    about = trained(machine, code, "trainer.task", hyperparameters={"epochs": 2})
    assert about["words"] == ["--epochs", "2", "--job-dir", f"{about['root']}/checkpoints/job"]
    assert about["environment"]["RUN_SCRIPT"].endswith("/code/trainer/task.py")
    other = trained(machine, {"trainer/task.py": DUMP}, "trainer.task")
    assert other["words"] == [], "code that doesn't know --job-dir might refuse it"


def test_only_a_module_gets_tf_config_with_a_cluster_of_one_node(machine) -> None:
    seen = trained(machine, {"trainer/task.py": DUMP}, "trainer.task")["environment"]
    assert json.loads(seen["TF_CONFIG"]) == {
        "cluster": {"chief": [address_of(seen["TF_CONFIG"])]},
        "environment": "cloud",
        "task": {"type": "chief", "index": 0},
    }
    of_shell = trained(machine, {"run.sh": "python dump.py  # $SM_CHANNELS\n", "dump.py": DUMP}, "run.sh")
    assert "TF_CONFIG" not in of_shell["environment"]


def test_a_variable_that_the_recipe_sets_to_null_is_removed(machine) -> None:
    machine.variables |= {"INHERITED": "x", "KEPT": "y"}
    seen = trained(
        machine,
        {"trainer/task.py": DUMP},
        "trainer.task",
        environment={"TF_CONFIG": None, "INHERITED": None, "SM_NUM_GPUS": None, "OWN": "1"},
    )["environment"]
    assert not {"TF_CONFIG", "INHERITED", "SM_NUM_GPUS"} & seen.keys()
    assert (seen["KEPT"], seen["OWN"]) == ("y", "1")


def test_what_is_in_the_job_dir_is_exported_and_restored(machine) -> None:
    script = """
import argparse, pathlib
parser = argparse.ArgumentParser(); parser.add_argument("--job-dir", type=pathlib.Path)
folder = parser.parse_args().job_dir; folder.mkdir(parents=True, exist_ok=True)
steps = folder / "steps.txt"; earlier = steps.read_text() if steps.exists() else ""
steps.write_text(earlier + "x"); (folder / "model.txt").write_text("model")
"""
    machine.publish("", code=[machine.put(CODE + "trainer/task.py", script)], entrypoint="trainer.task")
    assert machine.run(attempt=1).code == 0
    assert machine.run(attempt=2).code == 0
    assert machine.text("export/model.txt") == "model"
    assert machine.text("export/steps.txt") == "xx"


@pytest.mark.parametrize("declares", [
    'parser.add_argument("--model_dir", type=str)',
    "parser.add_argument('--model_dir')",
    'flags.DEFINE_string(\n    name="model_dir", default=None, help="")',
])  # fmt: skip
def test_a_python_file_that_takes_model_dir_gets_it_as_a_hyperparameter(machine, declares: str) -> None:
    code = {"train.py": DUMP, "flags_of_mine.py": f'"""\n{declares}\n"""\n'}
    about = trained(machine, code, "train.py", hyperparameters={"epochs": 2, "rate": 0.1})
    folder = f"{about['root']}/checkpoints/job"
    assert about["words"] == ["--epochs", "2", "--model_dir", folder, "--rate", "0.1"]
    assert about["environment"]["SM_HP_MODEL_DIR"] == folder
    assert json.loads(about["environment"]["SM_HPS"])["model_dir"] == folder


def test_model_dir_is_not_passed_to_code_that_only_has_a_variable_of_this_name(machine) -> None:
    about = trained(machine, {"train.py": f"model_dir = 'SM_MODEL_DIR'\n{DUMP}"}, "train.py")
    assert about["words"] == []


def test_a_recipe_s_own_model_dir_is_passed_as_it_is(machine) -> None:
    code = {"train.py": DUMP + '# "--model_dir"\n'}
    assert trained(machine, code, "train.py", hyperparameters={"model_dir": "/tmp/m"})["words"] == [
        "--model_dir", "/tmp/m",
    ]  # fmt: skip
    assert trained(machine, code, "train.py", args=["--model_dir=/tmp/m"])["words"] == ["--model_dir=/tmp/m"]


def test_what_is_saved_to_model_dir_is_exported_and_there_is_a_folder_for_it(machine) -> None:
    script = """
import argparse, pathlib
parser = argparse.ArgumentParser(); parser.add_argument("--model_dir", type=pathlib.Path)
(parser.parse_args().model_dir / "model.txt").write_text("model")
"""
    machine.publish("", code=[machine.put(CODE + "train.py", script)], entrypoint="train.py")
    assert machine.run().code == 0
    assert machine.text("export/model.txt") == "model"


@pytest.mark.parametrize(("entrypoint", "before"), [
    ("train.py", ["--epochs", "2"]),
    ("trainer.task", ["--epochs", "2", "--job-dir", "{root}/checkpoints/job"]),
])  # fmt: skip
def test_args_are_passed_as_they_are_after_everything_else(
    machine, entrypoint: str, before: list[str]
) -> None:
    args = ["--verbose", "--sizes", "64", "32", "a b", "", "--", "$HOME"]
    file = {"train.py": "train.py", "trainer.task": "trainer/task.py"}[entrypoint]
    code = {file: DUMP + "\n# --job-dir\n"}
    about = trained(machine, code, entrypoint, hyperparameters={"epochs": 2}, args=args)
    assert about["words"] == [word.format(root=about["root"]) for word in before] + args
    assert json.loads(about["environment"]["SM_USER_ARGS"]) == about["words"]


def test_a_shell_script_gets_args_too(machine) -> None:
    machine.publish('printf "[%s]\\n" "$@"\n', args=["--flag", "a b"])
    assert "[--flag]\n[a b]\n" in machine.run().output


def test_a_job_dir_among_the_args_is_the_only_one(machine) -> None:
    code = {"trainer/task.py": DUMP + "\n# --job-dir\n"}
    assert trained(machine, code, "trainer.task", args=["--job-dir", "x"])["words"] == ["--job-dir", "x"]


def test_a_shell_script_s_files_are_fetched_only_if_code_names_them(machine) -> None:
    machine.publish('ls "$SM_INPUT_DIR/data/training"\n')
    assert "train.csv" in machine.run().output
    machine.publish('ls "$(dirname "$CHECKPOINT_DIR")/input"\n')
    ended = machine.run(job_id="job-1", attempt=2)
    assert "data" not in ended.output.split()


def test_the_output_folder_is_kept_even_of_a_failure_and_the_failure_file_is_the_cause(machine) -> None:
    script = """
import os, pathlib, sys
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], "report.txt").write_text("report")
pathlib.Path(os.environ["SM_OUTPUT_DIR"], "failure").write_text("The label column is empty.")
sys.exit(4)
"""
    machine.publish("", code=[machine.put(CODE + "train.py", script)], entrypoint="train.py")
    assert machine.run().code == 4
    assert machine.text("output/data/report.txt") == "report"
    assert "The label column is empty." in machine.outcome()["cause"]["message"]


@pytest.mark.parametrize(("name", "script", "said"), [
    ("train.py", "import os\nx = (\n", "SyntaxError: '(' was never closed (train.py, line 2)"),
    ("train.py", "def f():\n    raise KeyError('a')\n\nf()\n", "KeyError: 'a' (train.py, line 2)"),
    ("train.py", "import nowhere\n", "No module named 'nowhere' (train.py, line 1)"),
    ("run.sh", "if true; then\n", "run.sh, line 2: syntax error: unexpected end of file"),
    ("run.sh", "#!/usr/bin/env python3\nprint(1)\n", "run.sh isn't a shell script"),
    ("run.sh", "\0\1ELF", "run.sh isn't a shell script: it has binary content"),
    ("run.sh", "echo\r\n", "run.sh has Windows line endings"),
    ("run.sh", "python train.py\n", "can't open file"),
    ("train.py", "open('gs://bucket/x')\n", "train.py: gs:// addresses can't be reached from here"),
])  # fmt: skip
def test_code_that_can_not_run_says_why_in_one_line(machine, name: str, script: str, said: str) -> None:
    machine.publish("", code=[machine.put(CODE + name, script)], entrypoint=name)
    assert machine.run().code != 0
    message = machine.outcome()["cause"]["message"] + " ".join(machine.outcome()["cause"]["log_tail"])
    assert said in message


MIRRORED = """
import keras, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
workers = tf.distribute.MultiWorkerMirroredStrategy()
mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
for strategy in (mirrored, tf.distribute.MirroredStrategy(), workers):
    with strategy.scope():
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("sgd", "mse")
    model.fit(tf.ones((8, 2)), tf.ones((8, 1)), verbose=0)
    print(f"{strategy.num_replicas_in_sync} replicas")
"""


TUTORIAL = """
import os, tensorflow as tf
resolver = tf.distribute.MultiWorkerMirroredStrategy().cluster_resolver
task_type, task_id, cluster = resolver.task_type, resolver.task_id, resolver.cluster_spec()
is_chief = task_type is None or task_type == "chief"
folder = os.environ["SM_MODEL_DIR"] if is_chief and not task_type else "/tmp/of-a-worker"
open(os.path.join(folder, "model.txt"), "w").write(repr(cluster.as_dict()))
"""


@pytest.mark.tensorflow
def test_a_multi_worker_program_writes_its_model_as_the_only_worker(machine) -> None:
    machine.publish("", code=[machine.put(CODE + "train.py", TUTORIAL)], entrypoint="train.py")
    ended = machine.run()
    assert ended.code == 0, ended.output
    assert machine.text("export/model.txt") == "{}"


@pytest.mark.tensorflow
@pytest.mark.parametrize("entrypoint", ["train.py", "trainer.task"])
def test_tensorflow_takes_the_devices_of_one_machine(machine, entrypoint: str) -> None:
    file = {"train.py": "train.py", "trainer.task": "trainer/task.py"}[entrypoint]
    machine.publish("", code=[machine.put(CODE + file, MIRRORED)], entrypoint=entrypoint)
    ended = machine.run()
    assert ended.code == 0, ended.output
    assert "2 replicas" in ended.output
    assert "1 replicas" in ended.output
