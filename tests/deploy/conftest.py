"""One deployed stack for all tests of this folder."""

from collections.abc import Iterator

import pytest
from deploy.deployed import DeployedStack
from support.command_line import CommandLine

from droptrain_local.state import write_state


@pytest.fixture(scope="module")
def stack() -> Iterator[DeployedStack]:
    """The stack, deployed with the README's parameters, and without its waits."""
    with DeployedStack() as deployed:
        deployed.build()
        deployed.deploy(NoticeEmail="you@example.org", BuildsImage="yes", SettleSeconds="1", QuietSeconds="1")
        yield deployed


@pytest.fixture(scope="module")
def droptrain(stack: DeployedStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """The command. With `--stack` it finds the stack as on AWS, without it as a laptop cloud.

    The stack's output ApiUrl is a name of AWS, so what calls the API goes without.
    """
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DROPTRAIN_STATE_DIR", str(folder))
        write_state(stack.ready)
        yield CommandLine(folder, folder, **stack.environment)
