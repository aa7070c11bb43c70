"""Secrets by ARN: the script gets their values, and nothing that the container writes has them."""

import json
import re
import uuid
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from support.scripted_server import Reply, ScriptedServer
from support.training_machine import CODE, Machine

CANARY = "canary-5f0c/77+41b5=e9"
PRINT_ALL = r"""
env | sort
python -c 'import os; print(dict(os.environ)); print(os.environ["TOKEN"] * 9000)'
echo "https://user:$TOKEN@example.org" >&2
export -p; declare -p TOKEN; printf '%q\n' "$TOKEN"; (set -x; : "user:$TOKEN"); sh -c 'set'
printf 'user:%s' "$TOKEN" | base64; printf '\r%s' "$TOKEN"
printf %s "${TOKEN:0:9}"; sleep 1; echo "${TOKEN:9}"
python -c 'import os, urllib.parse as u; t = os.environ["TOKEN"]; print(u.quote(t), u.urlencode({"t": t}))'
python -c 'import os; t = os.environ["TOKEN"]; print(t[:9] + "\033[1m" + t[9:12] + "\033[0m" + t[12:])'
cd "$CHECKPOINT_DIR"; mkdir "${TOKEN%/*}"; ln -s /etc "$TOKEN"
"""


@pytest.fixture
def secrets(machine: Machine) -> Any:
    return boto3.client(
        "secretsmanager", endpoint_url=machine.endpoint, region_name="eu-west-1", aws_access_key_id="test",
        aws_secret_access_key="test",
    )  # fmt: skip


@pytest.fixture
def refusing() -> Iterator[ScriptedServer]:
    """A Secrets Manager that refuses."""
    server = ScriptedServer()
    yield server
    server.close()


def make(secrets: Any, **content: Any) -> str:
    return secrets.create_secret(Name=f"droptrain/{uuid.uuid4().hex[:12]}", **content)["ARN"]


def everything_in_the_bucket(machine: Machine) -> bytes:
    versions = machine.s3.list_object_versions(Bucket=machine.bucket)["Versions"]
    keys = {(item["Key"], item["VersionId"]) for item in versions}
    return b"".join(
        machine.s3.get_object(Bucket=machine.bucket, Key=key, VersionId=version)["Body"].read()
        for key, version in keys
    )


def test_the_script_has_the_value_and_nothing_else_shows_it(machine: Machine, secrets: Any) -> None:
    arn = make(secrets, SecretString=CANARY)
    check = "test \"$TOKEN\" = 'canary-5f0c/77'+'41b5=e9'\n"  # so that the code hasn't got it whole
    fail = 'python -c \'import os, sys; sys.exit("refused " + os.environ["TOKEN"])\'\n'
    keep = 'echo weights > "$CHECKPOINT_DIR/model"\n'
    machine.publish(check + PRINT_ALL + keep + fail, environment={"TOKEN": {"secret": arn}, "PLAIN": "seen"})
    ended = machine.run()
    assert ended.code == 1, ended.output
    assert "PLAIN=seen" in ended.output
    assert "TOKEN=***" in ended.output
    assert "refused ***" in json.dumps(machine.outcome()["cause"]["log_tail"])
    assert "Read the secrets for TOKEN" in machine.text("log.txt")
    assert arn in machine.text("run.json")
    for output in (ended.output, ended.errors, everything_in_the_bucket(machine).decode(errors="replace")):
        assert CANARY not in output
        # As it is, as URLs and shells write it, in base64, and as a terminal shows it.
        for trace in ("77+41b5", "77%2B41b5", "77\\+41b5", "LTVmMGMvNzcrNDFiNT1l"):
            assert trace not in re.sub(r"\x1b\[\d*m", "", output)


def test_what_a_script_leaves_as_its_reason_is_masked(machine: Machine, secrets: Any) -> None:
    arn = make(secrets, SecretString=CANARY)
    machine.publish(
        'mkdir -p "$SM_OUTPUT_DIR"; echo "no access with $TOKEN" > "$(dirname "$SM_MODEL_DIR")/failure"\n'
        'printf "{\\"%s\\": 1}\\n" "$TOKEN" > "$METRICS_FILE"\nexit 3\n',
        environment={"TOKEN": {"secret": arn}},
    )
    assert machine.run().code == 3
    outcome = machine.outcome()
    assert "no access with ***" in outcome["cause"]["message"]
    assert outcome["metrics"] == {"***": 1}


def test_one_value_of_a_json_secret_and_one_of_its_stages(machine: Machine, secrets: Any) -> None:
    arn = make(secrets, SecretString=json.dumps({"user": "ada", "port": 5432, "password": "first-password"}))
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps({"user": "grace", "port": 1}))
    machine.publish(
        'echo "$USER_NAME $PORT ${#OLD}"\n',
        environment={
            "USER_NAME": {"secret": f"{arn}:user::"},
            "PORT": {"secret": f"{arn}:port"},
            "OLD": {"secret": f"{arn}:password:AWSPREVIOUS:"},
        },
    )
    assert "*** 1 14\n" in machine.run().output


@pytest.mark.parametrize("is_secret", [False, True])
def test_packages_are_installed_without_the_secrets(machine: Machine, secrets: Any, is_secret: bool) -> None:
    """uv finds the package where UV_FIND_LINKS says, if it sees that."""
    with zipfile.ZipFile(machine.folder / "tiny-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n")
        wheel.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("tiny-1.dist-info/RECORD", "")
    folder = str(machine.folder)
    value = {"secret": make(secrets, SecretString=folder)} if is_secret else folder
    code = [machine.put(CODE + "train.py", ""), machine.put(CODE + "requirements.txt", "tiny\n")]
    machine.variables["PIP_NO_INDEX"] = "1"
    machine.publish("", code=code, entrypoint="train.py", environment={"UV_FIND_LINKS": value})
    assert machine.run().code == (65 if is_secret else 0)


@pytest.mark.parametrize(("reference", "said"), [
    ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:droptrain/absent-AbCdEf", "isn't there"),
    ("arn:aws:secretsmanager:us-east-1:123456789012:secret:droptrain/x-AbCdEf", "is in us-east-1, and"),
    ("{arn}:no_such_key", "has no key 'no_such_key'"),
    ("{text}:key", "isn't a JSON object, so it has no key 'key'"),
    ("{binary}", "is binary"),
    ("{deleted}", "marked"),
    ("{arn}::AWSPENDING:", "isn't there"),
])  # fmt: skip
def test_a_secret_that_can_not_be_had_ends_the_attempt_before_data_comes(
    machine: Machine, secrets: Any, reference: str, said: str
) -> None:
    made = {
        "arn": make(secrets, SecretString='{"a": "b"}'),
        "text": make(secrets, SecretString="plain"),
        "binary": make(secrets, SecretBinary=b"\1\2"),
        "deleted": make(secrets, SecretString="gone"),
    }
    secrets.delete_secret(SecretId=made["deleted"], RecoveryWindowInDays=7)
    machine.publish("echo started\n", environment={"TOKEN": {"secret": reference.format(**made)}})
    ended = machine.run()
    assert ended.code == 78
    assert "Fetched" not in ended.output
    cause = machine.outcome()["cause"]
    assert cause["code"] == "secret_unusable"
    assert cause["message"].startswith("environment.TOKEN: the secret arn:aws:secretsmanager:")
    assert said in cause["message"]


@pytest.mark.parametrize(("code", "status", "cause", "exit_code"), [
    ("AccessDeniedException", 400, "secret_denied", 78),
    ("DecryptionFailure", 400, "secret_denied", 78),
    ("ThrottlingException", 400, "secret_unreachable", 69),
    ("InternalServiceError", 500, "secret_unreachable", 69),
])  # fmt: skip
def test_a_refusal_and_an_outage_are_told_apart(
    machine: Machine, refusing: ScriptedServer, code: str, status: int, cause: str, exit_code: int
) -> None:
    answer = Reply(status, {"__type": code, "Message": "TrainingRole is not authorized"})
    refusing.answer = lambda _: answer
    machine.variables |= {"AWS_ENDPOINT_URL_SECRETS_MANAGER": refusing.url, "AWS_MAX_ATTEMPTS": "2"}
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:droptrain/x-AbCdEf"
    machine.publish("echo started\n", environment={"TOKEN": {"secret": arn}})
    assert machine.run().code == exit_code
    reported = machine.outcome()["cause"]
    assert reported["code"] == cause
    assert "TrainingRole is not authorized" in reported["message"]
    assert len(refusing.asked) == (1 if status == 400 and exit_code == 78 else 2)
