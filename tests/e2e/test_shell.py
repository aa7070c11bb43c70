"""`droptrain shell` beside a training on the laptop cloud."""

import pytest
from support.command_line import CommandLine
from support.laptop_user import User

pytestmark = pytest.mark.timeout(180)

SCRIPT = """
echo mine > here.txt
export OWN=1
while [ ! -e done ]; do sleep 0.1; done
"""


def test_a_shell_has_the_script_s_folder_and_variables_and_what_it_writes_is_seen(
    droptrain: CommandLine, user: User
):
    user.publish(SCRIPT, "hyperparameters: {epochs: 3}\nenvironment: {GREETING: hello}\n")
    user.drop()
    run = user.run_with("RUNNING")
    typed = 'cat here.txt; echo "$GREETING $HP_EPOCHS"; echo "$EXPORT_PATH"; touch done; exit 7\n'
    said = droptrain("shell", user.project, typed=typed)
    assert (said.code, said.err) == (7, "")
    assert said.out.splitlines() == [
        "mine", "hello 3",
        f"s3://{user.cloud.ready.bucket}/runs/{user.project}/{run['run_id']}/export",
    ]  # fmt: skip
    assert user.run_with("SUCCEEDED")["run_id"] == run["run_id"]
    ended = droptrain("shell", user.project, typed=typed)
    assert (ended.code, ended.out) == (1, "")
    assert "is SUCCEEDED: only a run that is RUNNING has a shell." in ended.err
